package trading

import (
	"time"

	"github.com/shopspring/decimal"
)

// SessionState is what is known of the trading day so far. The zero value
// knows nothing: guards that need it are then left out, and the money already
// lost and at risk counts as none. Times are instants; the plan's time zone
// says which day they belong to.
type SessionState struct {
	// Known says that the numbers come from a record that is kept (a journal),
	// so that zero means "none" and not "nobody knows".
	Known bool `json:"known"`
	// Now is the moment of the idea; zero leaves out every check of the clock.
	Now time.Time `json:"now"`
	// DayStartEquity is the account when the trading day began; nil: the
	// equity the idea is checked with.
	DayStartEquity    *decimal.Decimal `json:"dayStartEquity"`
	RealisedNet       decimal.Decimal  `json:"realisedNet"` // of the day, after costs; a loss is negative
	TradesToday       int              `json:"tradesToday"` // entries of the day
	ConsecutiveLosses int              `json:"consecutiveLosses"`
	LastLossClosedAt  time.Time        `json:"lastLossClosedAt"` // zero: none
	LastClosed        *ClosedTrade     `json:"lastClosed"`
	Open              []OpenPosition   `json:"open"`
	// DrawdownRoom is what may be lost before the account's drawdown rule is
	// breached; nil when unknown. See [Drawdown].
	DrawdownRoom *decimal.Decimal `json:"drawdownRoom"`
}

// ClosedTrade is the latest closed trade, as far as the guards need it.
type ClosedTrade struct {
	Symbol   string          `json:"symbol"`
	Side     Side            `json:"side"`
	ClosedAt time.Time       `json:"closedAt"`
	Net      decimal.Decimal `json:"net"`
	Risk     decimal.Decimal `json:"risk"` // money that was at risk
}

// OpenPosition is a trade that is on, with what it still risks.
type OpenPosition struct {
	Symbol   string          `json:"symbol"`
	Side     Side            `json:"side"`
	Quantity decimal.Decimal `json:"quantity"`
	Entry    decimal.Decimal `json:"entry"`
	Risk     decimal.Decimal `json:"risk"`
	NoStop   bool            `json:"-"` // what it risks is not known, and Risk is 0
	Told     bool            `json:"-"` // an idea of the same message tells of it
}

// OpenRisk is what all open positions may still lose together.
func (s SessionState) OpenRisk() decimal.Decimal { return riskOf(s.Open) }

func riskOf(open []OpenPosition) decimal.Decimal {
	sum := decimal.Zero
	for _, p := range open {
		if p.Risk.Sign() > 0 {
			sum = sum.Add(p.Risk)
		}
	}
	return sum
}

// recordOf finds the position that an idea tells of, -1 where none is it. Of
// several it is the one that was entered nearest to the price named; of those,
// the one nearest in size.
func (s SessionState) recordOf(i Idea) int {
	found := -1
	if i.Status == Planned {
		return found
	}
	for n, p := range s.Open {
		if !p.Told && p.Symbol == i.Symbol && p.Side == i.Side && (found < 0 || p.nearer(s.Open[found], i)) {
			found = n
		}
	}
	return found
}

// nearer says whether p is more like the trade told of than other is.
func (p OpenPosition) nearer(other OpenPosition, i Idea) bool {
	nearer := 0
	if i.Entry != nil {
		nearer = apart(p.Entry, i.Entry.Value).Cmp(apart(other.Entry, i.Entry.Value))
	}
	if nearer == 0 && i.Quantity != nil {
		nearer = apart(p.Quantity, *i.Quantity).Cmp(apart(other.Quantity, *i.Quantity))
	}
	return nearer < 0
}

func apart(a, b decimal.Decimal) decimal.Decimal { return a.Sub(b).Abs() }

// LossToday is the realised net loss of the day as a positive amount; zero on
// a winning day.
func (s SessionState) LossToday() decimal.Decimal {
	if s.RealisedNet.Sign() < 0 {
		return s.RealisedNet.Neg()
	}
	return decimal.Zero
}
