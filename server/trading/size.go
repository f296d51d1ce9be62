package trading

import (
	"errors"

	"github.com/shopspring/decimal"
)

// Limit is the most money that a rule lets a trade lose.
type Limit struct {
	Rule  Rule
	Money decimal.Decimal
}

// SizeQuery asks how large a trade may be.
type SizeQuery struct {
	Instrument Instrument
	Entry      decimal.Decimal
	Stop       decimal.Decimal
	Limits     []Limit          // each must hold
	Costs      decimal.Decimal  // of one unit, in and out together, in dollars
	Cash       *decimal.Decimal // what may be paid in full; used for shares and coins only
	MaxUnits   *decimal.Decimal // the plan's ceiling for this instrument
}

// Size is the answer: the largest size that every limit allows, rounded down
// to the instrument's step, and the name of the limit that bound.
type Size struct {
	Units decimal.Decimal `json:"size"`
	Risk  decimal.Decimal `json:"risk"` // money lost at the stop at that size, costs included, in cents
	Cap   Rule            `json:"cap"`
	Caps  []CapSize       `json:"caps"` // what each limit alone would allow
}

// CapSize is the size that one limit alone allows.
type CapSize struct {
	Rule  Rule            `json:"rule"`
	Units decimal.Decimal `json:"size"`
}

// What PositionSize may answer instead of a size.
var (
	ErrNoPointValue = errors.New("the point value is not known: say what one point is worth for one unit")
	ErrNoLimit      = errors.New("nothing limits the size: give an account and a risk, or an amount to risk")
)

// PositionSize finds the largest size within all limits.
func PositionSize(q SizeQuery) (Size, error) {
	if !q.Instrument.Sized() {
		return Size{}, ErrNoPointValue
	}
	loss := lossPerUnit(q.Instrument, q.Entry, q.Stop)
	if loss.num.Sign() <= 0 {
		return Size{}, ErrStopAtEntry
	}
	loss = loss.plus(q.Costs)
	var s Size
	add := func(rule Rule, units decimal.Decimal) {
		s.Caps = append(s.Caps, CapSize{rule, units})
		if s.Cap == "" || units.LessThan(s.Units) {
			s.Cap, s.Units = rule, units
		}
	}
	for _, l := range q.Limits {
		add(l.Rule, floorStep(l.Money.Mul(loss.den), loss.num, q.Instrument.SizeStep))
	}
	if q.MaxUnits != nil {
		add(RuleMaxSize, floorStep(*q.MaxUnits, decimal.New(1, 0), q.Instrument.SizeStep))
	}
	if q.Cash != nil && q.Instrument.Cash() {
		add(RuleCash, floorStep(*q.Cash, q.Entry, q.Instrument.SizeStep))
	}
	if s.Cap == "" {
		return Size{}, ErrNoLimit
	}
	s.Risk = loss.of(s.Units)
	return s, nil
}

// fraction keeps a quotient exact until it is shown: a yen amount divided by
// the price at the stop has no last digit.
type fraction struct{ num, den decimal.Decimal }

// lossPerUnit is what one unit loses in dollars between entry and stop,
// without costs. Yen become dollars at the stop price, because that is when
// the loss is taken.
func lossPerUnit(i Instrument, entry, stop decimal.Decimal) fraction {
	loss := fraction{entry.Sub(stop).Abs().Mul(i.PointValue), decimal.New(1, 0)}
	if i.Quote != "USD" && stop.Sign() > 0 {
		loss.den = stop
	}
	return loss
}

func (f fraction) plus(x decimal.Decimal) fraction {
	return fraction{f.num.Add(x.Mul(f.den)), f.den}
}

// of is the amount for that many units, rounded to the cent.
func (f fraction) of(units decimal.Decimal) decimal.Decimal {
	return f.num.Mul(units).DivRound(f.den, 2)
}

// within compares exactly: units × f ≤ limit.
func (f fraction) within(units, limit decimal.Decimal) bool {
	return f.num.Mul(units).LessThanOrEqual(limit.Mul(f.den))
}
