package trading

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// finish turns a draft into an idea: loose numbers find their places,
// distances become prices, and what makes no sense becomes a question. ok is
// false for a draft that holds nothing.
func (d *draft) finish() (Idea, bool) {
	d.place()
	if d.empty() {
		return Idea{}, false
	}
	d.settleMicros()
	if many, ok := manyOf[d.Symbol]; ok && d.Instrument == nil {
		d.ask(FieldInstrument, fmt.Sprintf("“%s” can be %s. Which one do you trade?", d.Symbol, many))
		d.Symbol = ""
	}
	d.settleWorth()
	d.askReward()
	d.askFurther()
	d.settleAsides()
	if d.Instrument != nil {
		d.Kind = d.Instrument.Kind
	}
	d.settleUnits()
	d.Later = d.Later && !d.today
	d.Pending = pendingOf(d.distances, d.rr)
	if d.past && len(d.Exits) == 0 && d.Status == Open {
		d.Status = Closed // told in the past tense
	}
	d.Idea.settleExits()
	d.Idea.Resolve()
	return d.Idea, true
}

func (d *draft) empty() bool {
	i := d.Idea
	return i.Side == "" && i.Entry == nil && i.Stop == nil && len(i.Targets) == 0 && len(d.distances) == 0 &&
		i.Equity == nil && i.RiskPct == nil && i.RiskMoney == nil && i.Quantity == nil && i.Symbol == "" &&
		len(i.Questions) == 0 && len(i.Declined) == 0 && i.PointValue == nil && d.rr == nil
}

// place gives numbers without labels the only places they can have.
func (d *draft) place() {
	if len(d.slash) == 3 && d.Entry == nil && d.Stop == nil && len(d.Targets) == 0 {
		d.triple(d.slash)
	}
	loose := d.loose
	if len(loose) > 1 && d.countFirst() {
		d.Quantity = &loose[0]
		loose = loose[1:]
	}
	if len(loose) == 2 && d.Quantity == nil && d.Entry == nil && loose[1].IsInteger() && loose[1].Mul(decimal.New(10, 0)).LessThan(loose[0]) {
		d.Quantity = &loose[1]
		loose = loose[:1]
	}
	defer func() { d.askStrays(loose) }()
	switch {
	case d.Entry != nil && d.Quantity == nil && len(loose) == 1 && loose[0].IsInteger() && loose[0].Mul(decimal.New(10, 0)).LessThan(d.Entry.Value):
		d.Quantity = &loose[0] // "I'll buy 1 above 6010"
	case d.Entry != nil || len(loose) == 0:
	case len(loose) == 3 && d.Stop == nil && len(d.Targets) == 0:
		if d.triple(loose); d.Entry == nil {
			d.Entry, loose = &Price{Value: loose[0]}, loose[1:]
		}
	default:
		d.Entry, loose = &Price{Value: loose[0]}, loose[1:]
	}
	// "long 6000 MES stop 5994": a size that is a price
	if d.Entry == nil && d.Quantity != nil && d.Stop != nil && near(*d.Quantity, d.Stop.Value) {
		d.Entry, d.Quantity = &Price{Value: *d.Quantity}, nil
	}
}

// triple reads entry/stop/target when the three stand in an order that makes a
// trade.
func (d *draft) triple(n []decimal.Decimal) {
	side := Long
	if n[1].GreaterThan(n[0]) {
		side = Short
	}
	if n[2].Sub(n[0]).Mul(side.toward()).Sign() <= 0 || n[1].Equal(n[0]) || d.Side != "" && d.Side != side {
		return
	}
	d.Entry, d.Stop, d.Targets = &Price{Value: n[0]}, &Price{Value: n[1]}, []Target{{Price: Price{Value: n[2]}}}
}

func pendingOf(ds []distance, rr *decimal.Decimal) []Distance {
	var out []Distance
	targets := false
	for _, d := range ds {
		targets = targets || d.field == FieldTarget
		out = append(out, Distance{
			Field: d.field, Size: d.size, Unit: unitNames[d.unit], Words: d.words,
			Portion: d.part.fraction, Quantity: d.part.units, Rest: d.part.rest,
		})
	}
	if rr != nil && !targets {
		out = append(out, Distance{Field: FieldTarget, Size: *rr, Unit: "R", Words: rr.String() + " R", claim: true})
	}
	return out
}

// unitNames are the units of a distance as they are written out; read only.
var unitNames = map[unit]string{unitPoint: "points", unitTick: "ticks", unitPip: "pips", unitPct: "%", unitR: "R"}

// settleExits tells an open trade from a closed one.
func (i *Idea) settleExits() {
	if len(i.Exits) == 0 {
		return
	}
	i.fillExits()
	sum := decimal.Zero
	for _, f := range i.Exits {
		sum = sum.Add(f.Quantity)
	}
	if i.Quantity == nil || sum.GreaterThanOrEqual(*i.Quantity) {
		i.Status = Closed
	} else {
		i.Status = Open
	}
}

// fillExits gives an exit without a size what is left of the position.
func (i *Idea) fillExits() {
	if i.Quantity == nil {
		return
	}
	left := *i.Quantity
	for n := range i.Exits {
		if i.Exits[n].Quantity.IsZero() {
			i.Exits[n].Quantity = left
		}
		left = left.Sub(i.Exits[n].Quantity)
	}
}

// Resolve turns the pending distances into prices as far as entry, side and
// instrument are known, infers the side from entry and stop where nobody said
// it, and asks about what cannot be. Calling it again changes nothing.
func (i *Idea) Resolve() {
	if i.Side == "" && i.Entry != nil && i.Stop != nil {
		i.inferSide()
	}
	rest := i.Pending[:0:0]
	for _, stops := range []Field{FieldStop, FieldTarget} {
		for _, d := range i.Pending {
			if d.Field == stops && !i.resolve(d) {
				rest = append(rest, d)
			}
		}
	}
	i.Pending = rest
	i.findImpossible()
}

func (i *Idea) inferSide() {
	side := Long
	if i.Stop.Value.GreaterThan(i.Entry.Value) {
		side = Short
	}
	for _, t := range i.Targets {
		if t.Value.Sub(i.Entry.Value).Mul(side.toward()).Sign() <= 0 {
			return
		}
	}
	if !i.Stop.Value.Equal(i.Entry.Value) {
		i.Side, i.SideDerived = side, true
	}
}

// resolve computes one price; false while something it needs is missing.
func (i *Idea) resolve(d Distance) bool {
	if d.claim && len(i.Targets) > 0 {
		return true // a ratio said beside real targets is only a claim
	}
	if i.Entry == nil || i.Side == "" {
		return false
	}
	points, ok := i.points(d)
	if !ok {
		return false
	}
	direction := i.Side.toward()
	if d.Field == FieldStop {
		price := i.Entry.Value.Sub(points.Mul(direction))
		if i.Stop == nil {
			i.Stop = &Price{Value: i.onGrid(price), Derived: true, Words: d.Words}
		}
		return true
	}
	price := i.Entry.Value.Add(points.Mul(direction))
	i.Targets = append(i.Targets, Target{
		Price:   Price{Value: i.onGrid(price), Derived: true, Words: d.Words},
		Portion: d.Portion, Quantity: d.Quantity, Rest: d.Rest,
	})
	return true
}

// onGrid puts a derived price on the tick, against the trader: a long's stop
// and target down, a short's up.
func (i *Idea) onGrid(price decimal.Decimal) decimal.Decimal {
	if i.Instrument == nil {
		return price
	}
	to := downwards
	if i.Side == Short {
		to = upwards
	}
	return onTick(price, i.Instrument.TickAt(price), to)
}

// points is a distance in price points.
func (i *Idea) points(d Distance) (decimal.Decimal, bool) {
	switch d.Unit {
	case "points":
		return d.Size, true
	case "%":
		return percentOf(d.Size, i.Entry.Value), true
	case "R":
		if i.Stop == nil {
			return decimal.Zero, false
		}
		return i.Entry.Value.Sub(i.Stop.Value).Abs().Mul(d.Size), true
	case "ticks":
		if i.Instrument == nil || i.Instrument.Tick.IsZero() {
			return decimal.Zero, false
		}
		return d.Size.Mul(i.Instrument.TickAt(i.Entry.Value)), true
	case "pips":
		if i.Instrument == nil || i.Instrument.Pip.IsZero() {
			return decimal.Zero, false
		}
		return d.Size.Mul(i.Instrument.Pip), true
	}
	return decimal.Zero, false
}
