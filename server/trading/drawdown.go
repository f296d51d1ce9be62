package trading

import "github.com/shopspring/decimal"

// Drawdown follows a funded account's loss limit. It is a value: each verb
// gives the next state.
type Drawdown struct {
	Rule  DrawdownRule
	Start decimal.Decimal // the account when the rule began
	Best  decimal.Decimal // what the floor hangs from
	Now   decimal.Decimal // the balance
}

// NewDrawdown begins at the start balance.
func NewDrawdown(rule DrawdownRule, start decimal.Decimal) Drawdown {
	return Drawdown{Rule: rule, Start: start, Best: start, Now: start}
}

// Peak notes a moment's equity, open profit included; only an intraday
// trailing floor follows it.
func (d Drawdown) Peak(equity decimal.Decimal) Drawdown {
	if d.Rule.Kind == DrawdownIntraday && equity.GreaterThan(d.Best) {
		d.Best = equity
	}
	return d
}

// Balance sets the closed balance.
func (d Drawdown) Balance(balance decimal.Decimal) Drawdown {
	d.Now = balance
	return d.Peak(balance)
}

// Close ends the day: an end-of-day trailing floor rises with the balance.
func (d Drawdown) Close() Drawdown {
	if d.Rule.Kind == DrawdownEndOfDay && d.Now.GreaterThan(d.Best) {
		d.Best = d.Now
	}
	return d
}

// Floor is the balance that must not be touched. It never rises above LockAt.
func (d Drawdown) Floor() decimal.Decimal {
	from := d.Best
	if d.Rule.Kind == DrawdownStatic {
		from = d.Start
	}
	floor := from.Sub(d.Rule.Amount)
	if d.Rule.LockAt != nil && floor.GreaterThan(*d.Rule.LockAt) {
		return *d.Rule.LockAt
	}
	return floor
}

// Room is what may be lost before the floor is touched, which is a breach already; negative once below.
func (d Drawdown) Room() decimal.Decimal { return d.Now.Sub(d.Floor()) }
