package trading

import (
	"github.com/shopspring/decimal"
)

func (r *reader) entryAt(i int, t token) {
	d := r.cur
	if signed(t) {
		return
	}
	v := r.priceOf(FieldEntry, t)
	if d.Entry == nil {
		d.Entry = &Price{Value: v}
	} else if r.corrected(i) {
		d.Entry = &Price{Value: v}
	}
	if end := r.zone(i); end != nil {
		d.takeZone(v, *end)
	}
}

// zone is the other end of "5998-6000".
func (r *reader) zone(i int) *decimal.Decimal {
	dash, end := r.tok(i+1), r.tok(i+2)
	between := dash.text == "and" && r.tok(i-1).text == "between"
	if dash.text != "-" && dash.text != "to" && !between || end.kind != tokNumber || end.unit != unitNone || dash.text == "to" && r.toks[i].unit != unitNone {
		return nil
	}
	if dash.text == "to" {
		return nil // "6000 to 6012" is an entry and a target
	}
	r.toks[i+2].kind = tokPunct // taken
	v := end.value
	return &v
}

// takeZone keeps the worse end of an entry zone, because that is what a fill
// may cost.
func (d *draft) takeZone(a, b decimal.Decimal) {
	low, high := a, b
	if high.LessThan(low) {
		low, high = high, low
	}
	worse := high
	if d.Side == Short {
		worse = low
	}
	d.Entry = &Price{Value: worse}
	d.Notes = append(d.Notes, "you gave an entry zone of "+low.String()+" to "+high.String()+"; counted at the worse end, "+worse.String())
}

func (r *reader) stopAt(i int, t token) {
	d := r.cur
	if signed(t) {
		d.distances = append(d.distances, distance{field: FieldStop, size: t.value, unit: unitPoint, words: string(t.lead) + t.value.String()})
		return
	}
	v := r.priceOf(FieldStop, t)
	switch {
	case d.Stop == nil:
		d.Stop = &Price{Value: v}
	case r.corrected(i):
		prior := d.Stop.Value
		d.Stop, d.PriorStop = &Price{Value: v}, &prior
	case !d.Stop.Value.Equal(v):
		d.ask(FieldStop, "You gave two stops, "+d.Stop.Value.String()+" and "+v.String()+". Which one counts?")
	}
}

// corrected hears "no wait", "make it", "moved to" shortly before a number.
func (r *reader) corrected(i int) bool {
	for n := i - 1; n >= i-7 && n >= 0; n-- {
		switch r.toks[n].text {
		case "wait":
			return r.tok(n+1).text != "for"
		case "*", "edit", "scratch", "actually", "correction", "sorry", "instead", "make", "move", "moved", "moving", "rather", "mean", "meant", "change", "changed", "now":
			return true
		}
	}
	return false
}

func signed(t token) bool { return t.lead == '+' || t.lead == '-' }

func (r *reader) targetAt(t token) {
	d := r.cur
	p := r.takePart()
	if signed(t) {
		d.distances = append(d.distances, distance{field: FieldTarget, size: t.value, unit: unitPoint, words: string(t.lead) + t.value.String(), part: p})
		return
	}
	d.Targets = append(d.Targets, Target{Price: Price{Value: r.priceOf(FieldTarget, t)}, Portion: p.fraction, Quantity: p.units, Rest: p.rest})
}

func (r *reader) exitAt(t token) {
	p := r.takePart()
	d := r.cur
	f := Fill{Price: r.priceOf(FieldExit, t)}
	switch {
	case p.units != nil:
		f.Quantity = *p.units
	case d.Quantity != nil:
		f.Quantity = *d.Quantity
		for _, e := range d.Exits {
			f.Quantity = f.Quantity.Sub(e.Quantity)
		}
		if p.fraction != nil {
			f.Quantity = d.Quantity.Mul(*p.fraction)
		}
	}
	d.Exits = append(d.Exits, f)
}

// priceOf is the number as a price of this instrument: 32nds where they are
// quoted, and a question where two readings make sense.
func (r *reader) priceOf(f Field, t token) decimal.Decimal {
	inst := r.cur.Instrument
	if t.other == nil {
		return t.value
	}
	if inst != nil && inst.ThirtySecs == Quoted32nds && containsMark(t.text) {
		return *t.other
	}
	if containsMark(t.text) {
		return t.value
	}
	r.cur.askWhich(f, t)
	return t.value
}

func containsMark(s string) bool {
	for i := range len(s) {
		if s[i] == '\'' {
			return true
		}
	}
	return false
}

// askWhich asks about "6.000" unless one reading is the ordinary one for the
// instrument: three decimals on a pair, thousands with a comma elsewhere.
func (d *draft) askWhich(f Field, t token) {
	if t.other == nil {
		return
	}
	dotted := !t.value.GreaterThan(*t.other)
	small := d.Instrument != nil && (d.Instrument.Group == GroupPair || d.Instrument.Group == GroupRates || d.Instrument.Kind == KindStock ||
		d.Instrument.Tick.Exponent() <= -3)
	if d.Instrument != nil && d.Instrument.Kind == KindCrypto {
		small = false
	}
	if dotted == small && f != FieldEquity && f != FieldRisk || !dotted && (f == FieldEquity || f == FieldRisk || d.Instrument == nil) {
		return
	}
	d.ask(f, "“"+t.text+"” can be read as "+t.value.String()+" or as "+t.other.String()+". Which do you mean?")
}

func (d *draft) takeEquity(t token) {
	if t.lead == '-' {
		d.ask(FieldEquity, "An account of -"+t.value.String()+" leaves nothing to risk. How large is the account?")
		return
	}
	d.askWhich(FieldEquity, t)
	v := t.value
	d.Equity, d.Currency = &v, t.currency
}

func (d *draft) takeRiskPct(v decimal.Decimal) { d.RiskPct = &v }

// riskOf reads "risk $250"; a bare small number may be points, percent or
// dollars, and one near the entry is the stop.
func (r *reader) riskOf(t token) {
	d, v := r.cur, t.value
	if d.Entry != nil && t.lead == 0 && near(v, d.Entry.Value) && d.Stop == nil {
		d.Stop = &Price{Value: v}
		return
	}
	if t.lead == 0 && v.LessThan(decimal.New(20, 0)) {
		d.ask(FieldRisk, "Is the "+v.String()+" that you risk in percent, dollars or points?")
		return
	}
	d.askWhich(FieldRisk, t)
	d.RiskMoney = &v
	if t.currency != "" {
		d.Currency = t.currency
	}
}

// near says whether two prices are within a fifth of each other.
func near(a, b decimal.Decimal) bool {
	return a.Sub(b).Abs().Mul(decimal.New(5, 0)).LessThan(b.Abs())
}
