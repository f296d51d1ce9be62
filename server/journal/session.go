package journal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// maxRecent bounds what of a session is read: far more than any plan allows.
const maxRecent = 10_000

// Desk is what an idea of a trader is held against at one moment.
type Desk struct {
	Plan        trading.Plan // in force
	PlanVersion int64        // 0: the default plan
	Session     trading.SessionState
	Timezone    string // of the plan
}

// DeskOf reads the plan in force and the session so far. Everything is read
// from the store, so it is the same before and after a restart, and on every
// node.
func (s *Service) DeskOf(ctx context.Context, userID string) (Desk, error) {
	now := s.now()
	plan, number, err := s.InForce(ctx, userID, now)
	if err != nil {
		return Desk{}, err
	}
	d := Desk{Plan: plan, PlanVersion: number, Timezone: plan.Session.Timezone}
	if d.Session, err = s.session(ctx, userID, plan, now); err != nil {
		return d, err
	}
	d.Session.DrawdownRoom, err = s.drawdownRoom(ctx, userID, d)
	return d, err
}

// session is the trading day so far; its zero value (with Now) where the
// trader never recorded a trade.
func (s *Service) session(ctx context.Context, userID string, plan trading.Plan, now time.Time) (trading.SessionState, error) {
	unknown := trading.SessionState{Now: now}
	kept, err := s.store.HasTrades(ctx, userID)
	if err != nil || !kept {
		return unknown, err
	}
	rows, err := s.store.RecentTrades(ctx, userID, now.Add(-recall), maxRecent)
	if err != nil {
		return unknown, err
	}
	trades := make([]trading.Trade, len(rows))
	partly := decimal.Zero
	for n, row := range rows {
		trades[n] = result(row)
		if row.ClosedAt.IsZero() {
			made, err := stillOpen(&trades[n], row, plan, now)
			if err != nil {
				return unknown, err
			}
			partly = partly.Add(made)
		}
	}
	state := trading.StateAt(trades, plan, now)
	state.RealisedNet = state.RealisedNet.Add(partly)
	return state, nil
}

// stillOpen fills in what an open trade still holds and risks, and gives what
// its exits of today have made, after the fees.
func stillOpen(t *trading.Trade, row storage.Trade, plan trading.Plan, now time.Time) (decimal.Decimal, error) {
	shown, err := view(row)
	if err != nil {
		return decimal.Zero, err
	}
	i, problem := instrumentOf(row.Instrument, shown.PointValue)
	if problem != "" {
		return decimal.Zero, fmt.Errorf("trade %s: %s", row.ID, problem)
	}
	entries, exits := legs(row.Side, shown.Fills)
	q := trading.PnLQuery{Instrument: i, Side: t.Side, Entries: entries, Stop: shown.Stop}
	t.Quantity, t.Risk, t.NoStop = shown.OpenUnits, riskOf(q, exits, shown.OpenUnits), shown.Stop == nil
	if shown.Entry != nil {
		t.Entry = *shown.Entry
	}
	return madeSince(q, shown, plan.DayStart(t.Kind, now))
}

func madeSince(q trading.PnLQuery, shown Trade, since time.Time) (decimal.Decimal, error) {
	today := slices.DeleteFunc(slices.Clone(shown.Fills), func(f Fill) bool { return time.Time(f.At).Before(since) })
	if _, q.Exits = legs(shown.Side, today); len(q.Exits) == 0 {
		return decimal.Zero, nil
	}
	made, err := trading.TradePnL(q)
	return made.Gross.Sub(shown.Fees), err
}

// SessionReport is the session as its trader sees it, with the plan's bounds.
type SessionReport struct {
	PlanVersion int64  `json:"planVersion"`
	Timezone    string `json:"timezone"`
	DayStart    Time   `json:"dayStart"`
	DayEnds     Time   `json:"dayEnds"`
	// Known: a journal is kept, so that 0 means none.
	Known             bool            `json:"known"`
	Now               Time            `json:"now"`
	TradesToday       int             `json:"tradesToday"`
	ConsecutiveLosses int             `json:"consecutiveLosses"`
	RealisedNet       decimal.Decimal `json:"realisedNet"`
	OpenRisk          decimal.Decimal `json:"openRisk"`
	// DrawdownRoom is null without a drawdown rule, an equity or a journal.
	DrawdownRoom     *decimal.Decimal       `json:"drawdownRoom"`
	Open             []trading.OpenPosition `json:"open"`
	LastLossClosedAt *Time                  `json:"lastLossClosedAt"`
	LastClosed       *LastTrade             `json:"lastClosed"`
	Guards           []Guard                `json:"guards"`
}

// LastTrade is the trade that was closed last.
type LastTrade struct {
	Symbol   string          `json:"symbol"`
	Side     trading.Side    `json:"side"`
	ClosedAt Time            `json:"closedAt"`
	Net      decimal.Decimal `json:"net"`
	Risk     decimal.Decimal `json:"risk"`
}

func lastTrade(t *trading.ClosedTrade) *LastTrade {
	if t == nil {
		return nil
	}
	return &LastTrade{t.Symbol, t.Side, Time(t.ClosedAt), t.Net, t.Risk}
}

// Guard is one bound of the session: whether a new entry is within it now.
type Guard struct {
	Rule     trading.Rule `json:"rule"`
	Passed   bool         `json:"passed"`
	Critical bool         `json:"critical"`
	Expected string       `json:"expected"`
	Actual   string       `json:"actual"`
}

// isGuard says whether a rule speaks of the session alone, not of an idea or
// an instrument.
func isGuard(r trading.Rule) bool {
	switch r {
	case trading.RuleMaxTrades, trading.RuleLossesInARow, trading.RuleCooldown, trading.RuleNoTrade:
		return true
	}
	return false
}

// Session tells the trader how the day stands.
func (s *Service) Session(ctx context.Context, a auth.Actor) (SessionReport, error) {
	d, err := s.DeskOf(ctx, a.UserID)
	if err != nil {
		return SessionReport{}, err
	}
	now := d.Session.Now
	r := SessionReport{
		PlanVersion: d.PlanVersion, Timezone: d.Timezone, DayStart: Time(dayBegan(d.Plan, now)), DayEnds: Time(dayEnds(d.Plan, now)),
		Known: d.Session.Known, Now: Time(now), TradesToday: d.Session.TradesToday, ConsecutiveLosses: d.Session.ConsecutiveLosses,
		RealisedNet: d.Session.RealisedNet, OpenRisk: d.Session.OpenRisk(), DrawdownRoom: d.Session.DrawdownRoom, Open: append([]trading.OpenPosition{}, d.Session.Open...),
		LastLossClosedAt: timeOf(d.Session.LastLossClosedAt), LastClosed: lastTrade(d.Session.LastClosed), Guards: []Guard{},
	}
	// Any idea shows the guards: they do not look at it.
	probe := trading.Evaluate(trading.ParseIdea("long 1 MES at 6000, stop 5994"), d.Plan, d.Session)
	for _, c := range probe.Checks {
		if isGuard(c.Rule) && c.Passed != nil {
			r.Guards = append(r.Guards, Guard{c.Rule, *c.Passed, c.Critical, c.Expected, c.Actual})
		}
	}
	return r, nil
}
