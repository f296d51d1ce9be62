package trading

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// worth is what the trader says that a price move pays for one unit, where the
// table does not know it: of a point, or of a tick or pip and how large that
// is.
type worth struct {
	step  *decimal.Decimal // what one tick or pip pays
	size  *decimal.Decimal // how large the tick is, in price
	isPip bool
}

// pointWorth reads "$50 a point", "$10 per pip", "$5 / tick".
func (r *reader) pointWorth(i int) bool {
	t := r.toks[i]
	if t.lead != '$' || r.tok(i+1).text != "a" && r.tok(i+1).text != "per" && r.tok(i+1).text != "/" && r.tok(i+1).text != "each" && r.tok(i+1).text != "every" {
		return false
	}
	return r.takeWorth(unitWords[r.tok(i+2).text], t.value)
}

func (r *reader) takeWorth(of unit, v decimal.Decimal) bool {
	switch of {
	case unitPoint:
		r.cur.PointValue = &v
	case unitTick, unitPip:
		r.cur.worth.step, r.cur.worth.isPip = &v, of == unitPip
	default:
		return false
	}
	return true
}

// stepIs reads "a point is $50", "tick = $5", "tick size 0.1", and "tick 0.1
// is $5"; it says how many more tokens it used up.
func (r *reader) stepIs(i int) int {
	of, n := unitWords[r.toks[i].text], i+1
	if of != unitPoint && of != unitTick && of != unitPip {
		return 0
	}
	if of != unitPoint && r.tok(n).text == "size" {
		n++
	}
	for n < i+4 && (r.tok(n).text == "is" || r.tok(n).text == "of" || r.tok(n).text == "=" || r.tok(n).text == ":" || r.tok(n).text == "worth" || r.tok(n).text == "pays") {
		n++
	}
	t := r.tok(n)
	if t.kind != tokNumber || n == i+1 && of == unitPoint {
		return 0
	}
	if t.lead == '$' {
		if r.takeWorth(of, t.value) {
			return n - i
		}
		return 0
	}
	if of == unitPoint || t.unit != unitNone || t.value.GreaterThan(one) {
		return 0
	}
	v := t.value
	r.cur.worth.size = &v
	for n++; r.tok(n).text == "is" || r.tok(n).text == "=" || r.tok(n).text == "worth" || r.tok(n).text == "pays"; n++ {
	}
	if next := r.tok(n); next.kind == tokNumber && next.lead == '$' {
		r.takeWorth(of, next.value)
		return n - i
	}
	return n - 1 - i
}

// pointValue reads "point value 50", "multiplier is 50", "tick value $5".
func (r *reader) pointValue(i int) {
	for n := i + 1; n <= i+3; n++ {
		t := r.tok(n)
		if t.kind == tokNumber && t.unit == unitNone {
			of := unitPoint
			if r.toks[i].text == "tickvalue" {
				of = unitTick
			}
			r.takeWorth(of, t.value)
			r.toks[n].kind = tokPunct // taken: not a price
			return
		}
		if !fillers[t.text] {
			return
		}
	}
}

// settleWorth turns what a tick or pip pays into what a point pays, and keeps
// to the table where that knows better.
func (d *draft) settleWorth() {
	if d.worth.step != nil && d.PointValue == nil {
		d.PointValue = d.pointFromStep()
	}
	if d.PointValue == nil || d.Instrument == nil {
		return
	}
	if d.PointValue.Sign() <= 0 {
		d.ask(FieldPointValue, "A point cannot be worth "+d.PointValue.String()+". What does a move of 1.0 in the price pay for one unit?")
		return
	}
	if d.Instrument.Sized() {
		if !d.PointValue.Equal(d.Instrument.PointValue) {
			d.Notes = append(d.Notes, fmt.Sprintf("you said that a point is worth %s; for %s I count with %s, as the contract says",
				ShowAmount(*d.PointValue), d.Symbol, ShowAmount(d.Instrument.PointValue)))
		}
		d.PointValue = nil
		return
	}
	i := *d.Instrument
	i.PointValue = *d.PointValue
	if d.worth.size != nil {
		i.Tick = *d.worth.size
	}
	d.Instrument = &i
}

func (d *draft) pointFromStep() *decimal.Decimal {
	size := d.worth.size
	if size == nil && d.Instrument != nil {
		size = &d.Instrument.Tick
		if d.worth.isPip {
			size = &d.Instrument.Pip
		}
	}
	if size == nil || size.Sign() <= 0 {
		name := "tick"
		if d.worth.isPip {
			name = "pip"
		}
		d.ask(FieldPointValue, fmt.Sprintf("You say that a %s pays %s, but not how large a %s is. What does a whole point, 1.0 in the price, pay for one unit?",
			name, ShowAmount(*d.worth.step), name))
		return nil
	}
	v := cut(*d.worth.step, *size)
	return &v
}
