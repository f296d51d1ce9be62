package trading

import (
	"errors"

	"github.com/shopspring/decimal"
)

// PnLQuery is a trade as it was filled.
type PnLQuery struct {
	Instrument  Instrument
	Side        Side
	Entries     []Fill
	Exits       []Fill
	Stop        *decimal.Decimal // the stop it was entered with; nil: no R
	CostPerSide decimal.Decimal  // of one unit, each way
}

// PnL is what a trade made, leg by leg. Money is in dollars; R is against the
// initial stop, before costs, cut after eight digits.
type PnL struct {
	AverageEntry decimal.Decimal  `json:"averageEntry"`
	Legs         []PnLLeg         `json:"legs"`
	Points       decimal.Decimal  `json:"points"` // units × points, over all legs
	Gross        decimal.Decimal  `json:"gross"`
	Costs        decimal.Decimal  `json:"costs"`
	Net          decimal.Decimal  `json:"net"`
	Risk         *decimal.Decimal `json:"risk"` // of the whole position at the stop
	R            *decimal.Decimal `json:"r"`
	OpenUnits    decimal.Decimal  `json:"openUnits"` // not closed yet
}

// PnLLeg is one exit.
type PnLLeg struct {
	Fill
	Points decimal.Decimal  `json:"points"` // per unit, from the average entry
	Gross  decimal.Decimal  `json:"gross"`
	R      *decimal.Decimal `json:"r"`
}

// What a trade that does not add up is answered with.
var (
	ErrNoFills   = errors.New("give at least one entry with a size above 0")
	ErrOverExits = errors.New("more was closed than was opened: check the sizes of the exits")
)

// TradePnL adds up a trade: many entries, partial exits, costs on each side.
func TradePnL(q PnLQuery) (PnL, error) {
	if !q.Instrument.Sized() {
		return PnL{}, ErrNoPointValue
	}
	in, paid := decimal.Zero, decimal.Zero
	for _, f := range q.Entries {
		in = in.Add(f.Quantity)
		paid = paid.Add(f.Quantity.Mul(f.Price))
	}
	if in.Sign() <= 0 {
		return PnL{}, ErrNoFills
	}
	p := PnL{AverageEntry: cut(paid, in), OpenUnits: in}
	// sums are kept as units × points against the exact total paid, so that an
	// average with endless digits costs no cent
	for _, f := range q.Exits {
		p.OpenUnits = p.OpenUnits.Sub(f.Quantity)
		if f.Quantity.Sign() <= 0 || p.OpenUnits.Sign() < 0 {
			return PnL{}, ErrOverExits
		}
		p.addLeg(q, f, fraction{paid, in})
	}
	p.Costs = q.CostPerSide.Mul(in.Add(in).Sub(p.OpenUnits)).Round(2)
	p.Gross = p.Gross.Round(2)
	p.Net = p.Gross.Sub(p.Costs)
	p.setRisk(q, fraction{paid, in})
	return p, nil
}

// addLeg counts one exit against the average entry.
func (p *PnL) addLeg(q PnLQuery, f Fill, average fraction) {
	// points = (price − paid/in) × direction, kept as a fraction over in
	points := f.Price.Mul(average.den).Sub(average.num).Mul(q.Side.toward())
	leg := PnLLeg{Fill: f, Points: cut(points, average.den)}
	rate := one
	if q.Instrument.Quote != "USD" {
		rate = f.Price
	}
	gross := fraction{points.Mul(q.Instrument.PointValue).Mul(f.Quantity), average.den.Mul(rate)}
	leg.Gross = gross.of(one)
	if q.Stop != nil {
		risk := average.num.Sub(q.Stop.Mul(average.den)).Mul(q.Side.toward())
		if risk.Sign() > 0 {
			r := cut(points, risk)
			leg.R = &r
		}
	}
	p.Points = p.Points.Add(cut(points.Mul(f.Quantity), average.den))
	p.Gross = p.Gross.Add(gross.num.DivRound(gross.den, ratioPlaces))
	p.Legs = append(p.Legs, leg)
}

// setRisk gives the whole trade's R: what was made over what the whole
// position risked.
func (p *PnL) setRisk(q PnLQuery, average fraction) {
	if q.Stop == nil || len(p.Legs) == 0 {
		return
	}
	points := average.num.Sub(q.Stop.Mul(average.den)).Mul(q.Side.toward()) // × units
	if points.Sign() <= 0 {
		return
	}
	risk := fraction{points.Mul(q.Instrument.PointValue), one}
	if q.Instrument.Quote != "USD" {
		risk.den = *q.Stop
	}
	money, r := risk.of(one), cut(p.Points, points)
	p.Risk, p.R = &money, &r
}
