package trading

import "github.com/shopspring/decimal"

// smallestShare is the least percentage that is read as a part of the position
// where it might be the risk: nobody closes a fiftieth.
var smallestShare = decimal.New(5, 0)

// shareBehind takes the percentage right behind a target as the part that is
// for it: "T1 6006 75%".
func (r *reader) shareBehind(i int) bool {
	t, d := r.toks[i], r.cur
	n := len(d.Targets)
	if r.role != roleTarget || n == 0 || signed(t) || r.pending != (part{}) || r.tok(i-1).kind != tokNumber || !r.tok(i-1).value.Equal(d.Targets[n-1].Value) || d.Targets[n-1].Portion != nil {
		return false
	}
	if next := r.tok(i + 1); next.kind == tokNumber || next.text == "at" || next.text == "@" {
		return false // it is for what follows
	}
	if t.value.LessThanOrEqual(smallestShare) {
		d.ask(FieldTarget, "Is the "+spell(t)+" behind the target what you risk, or the part that closes there?")
		return true
	}
	d.Targets[n-1].Portion = partOf(t).fraction
	return true
}

// shareBefore hears the second half of "50% 6006, 50% 6012".
func (r *reader) shareBefore(i int) bool {
	d, next := r.cur, r.tok(i+1)
	n := len(d.Targets)
	return r.role == roleTarget && n > 0 && d.Targets[n-1].Portion != nil && next.kind == tokNumber && next.unit == unitNone && near(next.value, d.Targets[n-1].Value)
}

// shareAside takes "(75%)" behind a target, when the percentages of all
// targets make up the whole: one may also be how far the target is.
func (r *reader) shareAside(i int) {
	t, d := r.tok(i+1), r.cur
	if r.role == roleTarget && t.kind == tokNumber && t.unit == unitPct && r.tok(i+2).text == ")" && len(d.Targets) > 0 && r.tok(i-1).value.Equal(d.Targets[len(d.Targets)-1].Value) {
		d.asides = append(d.asides, *partOf(t).fraction)
	}
}

func (d *draft) settleAsides() {
	if len(d.asides) == 0 || len(d.asides) != len(d.Targets) || !decimal.Sum(d.asides[0], d.asides[1:]...).Equal(one) {
		return
	}
	for n := range d.Targets {
		d.Targets[n].Portion = &d.asides[n]
	}
}

// shareFor reads "for half", "for the rest" behind the price at i, and says
// how many tokens that is.
func (r *reader) shareFor(i int) int {
	if r.tok(i+1).text != "for" {
		return 0
	}
	n := i + 2
	if w := r.tok(n).text; w == "the" || w == "a" {
		n++
	}
	switch t := r.tok(n); {
	case t.kind == tokNumber && t.unit == unitPct:
		r.pending = partOf(t)
	case (t.text == "rest" || t.text == "remainder") && r.tok(n+1).text != "of": // "for the rest of the day"
		r.pending = part{rest: true}
	case t.kind == tokWord && (t.text == "half" || t.text == "quarter" || t.text == "all"):
		r.pending = part{fraction: portions[t.text]}
	case t.text == "third":
		third := cut(one, decimal.New(3, 0))
		r.pending = part{fraction: &third}
	default:
		return 0
	}
	return n - i
}

// pricedShare reads "6006 for half": a price that would be a profit, and the
// part it is for. It says how many more tokens it used up.
func (r *reader) pricedShare(i int) (int, bool) {
	t, entry := r.toks[i], r.cur.likelyEntry()
	if t.unit != unitNone || entry == nil || !near(t.value, *entry) || r.role != roleTarget && (r.role != roleNone || r.cur.Side == "" || t.value.Sub(*entry).Mul(r.cur.Side.toward()).Sign() <= 0) {
		return 0, false
	}
	used := r.shareFor(i)
	if used == 0 {
		return 0, false
	}
	r.targetAt(t)
	r.setRole(roleTarget)
	r.plural, r.since, r.last = true, roleLasts-3, roleTarget
	return used, true
}
