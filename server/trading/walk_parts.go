package trading

import "github.com/shopspring/decimal"

// A size with a price behind a known entry, "2 at 6006", is a part of the
// position where that price is a profit, and may be a further entry where it
// is not or where the words add. What is no part is asked about: the sums of
// one entry are not those of two.

// besides reads such a size at i, and says how many more tokens it used up.
func (r *reader) besides(i int) (int, bool) {
	d, t := r.cur, r.toks[i]
	entry := d.likelyEntry()
	if entry == nil || r.role != roleNone || !isPart(t) || !r.startsPart(i) {
		return 0, false
	}
	at, more := r.priceOfPart(i)
	price := r.tok(at)
	if price.kind != tokNumber || price.unit != unitNone || price.kilo || r.belongsToLabel(at) || !near(price.value, *entry) || near(t.value, *entry) && t.unit == unitNone {
		return 0, false
	}
	gain := price.value.Sub(*entry).Mul(d.Side.toward())
	if !more && d.Side != "" && gain.Sign() > 0 && !d.exceeds(t) {
		r.pending = partOf(t)
		r.setRole(roleTarget)
		r.plural = true
		return at - 1 - i, true
	}
	if t.unit == unitPct {
		return 0, false
	}
	d.further = &price
	return at - i, true
}

// belongsToLabel says whether the label behind the number at i is its own:
// "5994 stop", and not "5997 stop 5994".
func (r *reader) belongsToLabel(i int) bool {
	return isPriceLabel(r.tok(i+1)) && !r.labelTakesNumber(i+1)
}

// partOf is a percentage or a count as a part of the position.
func partOf(t token) part {
	v := t.value
	if t.unit == unitPct {
		v = v.Shift(-2)
		return part{fraction: &v}
	}
	return part{units: &v}
}

// isPart says whether a number may be a size or a share of one.
func isPart(t token) bool {
	switch t.unit {
	case unitNone, unitContract, unitLot, unitShare, unitPct:
		return t.lead == 0 && !t.kilo && t.currency == "" && t.value.Sign() > 0
	}
	return false
}

// startsPart says whether the number at i begins an item of its own: others
// pass by in a sentence ("it was up 3 at 6003").
func (r *reader) startsPart(i int) bool {
	prev := r.tok(i - 1)
	return prev.kind == tokBreak || prev.kind == tokPunct && prev.text != "@" && prev.text != "/" || prev.kind == tokWord && partStarts[prev.text]
}

// priceOfPart finds the price of the size at i; more is true when the words
// add to the position.
func (r *reader) priceOfPart(i int) (at int, more bool) {
	more = r.cur.scalesIn
	for n := i - 1; n >= i-3 && n >= 0 && r.toks[n].kind == tokWord; n-- {
		more = more || addWords[r.toks[n].text]
	}
	n := i + 1
	for r.tok(n).kind == tokWord && (addWords[r.tok(n).text] || r.tok(n).text == "of") || r.tok(n).kind == tokSymbol && r.tok(n).text == r.cur.Symbol {
		more = more || r.tok(n).kind == tokWord && r.tok(n).text != "of"
		n++
	}
	if r.tok(n).text == "at" || r.tok(n).text == "@" {
		return n + 1, more || r.joinsEntry(i)
	}
	if n == i+1 && (r.toks[i].unit == unitPct || r.toks[i].value.IsInteger() && r.tok(i-1).kind != tokBreak) {
		return n, more || r.joinsEntry(i) // "50% 6006", "1 5998"
	}
	return -1, more
}

// joinsEntry hears "long 2 MES at 6000 and 2 at 6006", where nothing but the
// entry was said yet.
func (r *reader) joinsEntry(i int) bool {
	prev, d := r.tok(i-1), r.cur
	return (prev.text == "and" || prev.text == "&" || prev.text == "+") && d.Stop == nil && len(d.Targets)+len(d.distances) == 0
}

// Words around a part; read only.
var (
	partStarts = set("and then plus add adding added another take taking trim out more with first other also in i'll ill")
	addWords   = set("add adding added more another extra additional plus")
)

// exceeds says whether a count is more than the position holds, and a
// percentage no share of it.
func (d *draft) exceeds(t token) bool {
	if t.unit == unitPct {
		return t.value.GreaterThan(decimal.New(100, 0)) || t.value.LessThanOrEqual(smallestShare)
	}
	return d.Quantity != nil && t.value.GreaterThan(*d.Quantity)
}

// likelyEntry is the entry as far as it was read: a loose price is one until
// another is named, but a count before it is not.
func (d *draft) likelyEntry() *decimal.Decimal {
	switch {
	case d.Entry != nil:
		return &d.Entry.Value
	case len(d.loose) > 1 && d.countFirst():
		return &d.loose[1]
	case len(d.loose) > 0:
		return &d.loose[0]
	}
	return nil
}

// countFirst says whether the first loose number is the size of what follows.
func (d *draft) countFirst() bool {
	return d.Quantity == nil && d.loose[0].IsInteger() && d.loose[0].Mul(decimal.New(10, 0)).LessThan(d.loose[1])
}

// askFurther asks about a further entry.
func (d *draft) askFurther() {
	if d.further != nil && d.Entry != nil {
		d.ask(FieldEntry, "Is "+d.further.value.String()+" a further entry besides "+d.Entry.Value.String()+"? I check one entry at a time: give the average price and the whole size.")
	}
}
