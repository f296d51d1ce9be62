package trading

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Trade is a finished or open trade as the statistics and the guards need it.
// Net is in dollars after costs; Risk is what the initial stop risked, nil when
// there was no stop (then the trade has no R).
type Trade struct {
	Symbol   string
	Kind     Kind
	Side     Side
	Quantity decimal.Decimal
	Entry    decimal.Decimal // average
	OpenedAt time.Time
	ClosedAt time.Time // zero while it is open
	Net      decimal.Decimal
	Risk     *decimal.Decimal
	NoStop   bool // an open trade has no stop on record; one that locks a profit in has no Risk either
	// What the trader and the coach wrote down with it; all optional.
	Setup       string
	Emotion     string
	Verdict     Verdict // sealed before the entry; NoVerdict: the coach was not asked
	MissedRules []Rule  // that the verdict says were missed
	Note        string
}

// IsOpen says whether the trade is still on.
func (t Trade) IsOpen() bool { return t.ClosedAt.IsZero() }

// R is what was made as a multiple of what was risked; false without a stop.
func (t Trade) R() (decimal.Decimal, bool) {
	if t.IsOpen() || t.Risk == nil || t.Risk.Sign() <= 0 {
		return decimal.Zero, false
	}
	return cut(t.Net, *t.Risk), true
}

// DayStart is when the trading day that holds now began: the latest
// session.dayEnds of the plan, in its time zone. Coins follow the UTC day. A
// plan with an unknown zone or time counts the UTC day.
func (p Plan) DayStart(kind Kind, now time.Time) time.Time {
	minutes, ok := clockMinutes(p.Session.DayEnds)
	zone, err := time.LoadLocation(p.Session.Timezone)
	if !ok || err != nil || kind == KindCrypto {
		minutes, zone = 0, time.UTC
	}
	local := now.In(zone)
	start := time.Date(local.Year(), local.Month(), local.Day(), 0, minutes, 0, 0, zone)
	if start.After(now) {
		// by date, not by 24 hours: a day may have 23 or 25
		start = time.Date(local.Year(), local.Month(), local.Day()-1, 0, minutes, 0, 0, zone)
	}
	return start
}

// StateAt is the trading day at now as the trades tell it. Losses in a row are
// counted over the trades closed today, latest first; a trade that came out at
// nothing neither counts nor ends the row. The cooldown looks at the latest
// loss of any day.
func StateAt(trades []Trade, plan Plan, now time.Time) SessionState {
	s := SessionState{Known: true, Now: now}
	closed := make([]Trade, 0, len(trades))
	for _, t := range trades {
		if t.OpenedAt.After(now) {
			continue
		}
		if !t.OpenedAt.Before(plan.DayStart(t.Kind, now)) {
			s.TradesToday++
		}
		if t.IsOpen() || t.ClosedAt.After(now) {
			s.Open = append(s.Open, position(t))
			continue
		}
		closed = append(closed, t)
	}
	slices.SortStableFunc(closed, func(a, b Trade) int { return cmp.Compare(b.ClosedAt.UnixNano(), a.ClosedAt.UnixNano()) })
	s.readClosed(closed, plan)
	return s
}

func position(t Trade) OpenPosition {
	p := OpenPosition{Symbol: t.Symbol, Side: t.Side, Quantity: t.Quantity, Entry: t.Entry, NoStop: t.NoStop}
	if t.Risk != nil {
		p.Risk = *t.Risk
	}
	return p
}

// readClosed goes through the closed trades, latest first.
func (s *SessionState) readClosed(closed []Trade, plan Plan) {
	inRow := true
	for n, t := range closed {
		if n == 0 {
			s.LastClosed = &ClosedTrade{Symbol: t.Symbol, Side: t.Side, ClosedAt: t.ClosedAt, Net: t.Net}
			if t.Risk != nil {
				s.LastClosed.Risk = *t.Risk
			}
		}
		if t.Net.Sign() < 0 && s.LastLossClosedAt.IsZero() {
			s.LastLossClosedAt = t.ClosedAt
		}
		if t.ClosedAt.Before(plan.DayStart(t.Kind, s.Now)) {
			continue
		}
		s.RealisedNet = s.RealisedNet.Add(t.Net)
		switch {
		case t.Net.Sign() > 0:
			inRow = false
		case t.Net.Sign() < 0 && inRow:
			s.ConsecutiveLosses++
		}
	}
}
