package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// What the room is told from; with more it is left unknown, for half of an
// account would give a room that is not there.
const (
	maxLedgerPlans  = 400
	maxLedgerTrades = 5_000
)

// drawdownRoom is what the trader may lose before the account's drawdown rule
// is breached; nil where there is no rule, no equity, or too much to read.
//
// The account begins with the equity of the first plan that had the rule; a
// later plan with another equity corrects the balance and moves no floor down.
// A higher one counts from the next trading day, as all that loosens. What was
// touched once stays touched: a new account is a rule that was taken away and
// written again.
func (s *Service) drawdownRoom(ctx context.Context, userID string, d Desk) (*decimal.Decimal, error) {
	if d.Plan.Account.Drawdown == nil || !d.Session.Known {
		return nil, nil
	}
	plans, err := s.plansOfRule(ctx, userID, d)
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	since := plans[0].at
	rows, err := s.store.RecentTrades(ctx, userID, since, maxLedgerTrades)
	if err != nil || len(rows) == maxLedgerTrades {
		return nil, err
	}
	entries := make([]entry, 0, len(plans)+2*len(rows))
	for _, v := range plans[1:] {
		entries = append(entries, entry{at: v.at, equity: v.plan.Account.Equity})
	}
	for _, row := range rows {
		steps, err := stepsOf(row)
		if err != nil {
			return nil, err
		}
		entries = append(entries, steps...)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.at.Compare(b.at) })
	l := newLedger(d.Plan, *plans[0].plan.Account.Equity, since)
	for _, e := range entries {
		if !e.at.After(d.Session.Now) {
			l.enter(e)
		}
	}
	l.day(d.Session.Now)
	room := l.room()
	return &room, nil
}

// plansOfRule are the versions, oldest first, that have had the kind of rule in
// force without a break, from the first that named an equity on. Versions that
// are held back until tomorrow are passed over.
func (s *Service) plansOfRule(ctx context.Context, userID string, d Desk) ([]version, error) {
	var plans []version
	for n := d.PlanVersion; n > 0; n-- {
		row, err := s.store.Plan(ctx, userID, n)
		if err != nil {
			return nil, fmt.Errorf("read plan version %d: %w", n, err)
		}
		v := version{number: n, at: row.CreatedAt}
		if err := json.Unmarshal([]byte(row.Body), &v.plan); err != nil {
			return nil, fmt.Errorf("read plan version %d: %w", n, err)
		}
		rule := v.plan.Account.Drawdown
		switch same := rule != nil && rule.Kind == d.Plan.Account.Drawdown.Kind; {
		case !same && len(plans) > 0:
			return fromEquity(plans), nil
		case same && len(plans) == maxLedgerPlans:
			return nil, nil
		case same:
			plans = append(plans, v)
		}
	}
	return fromEquity(plans), nil
}

// fromEquity turns plans that are newest first round, and drops those that
// name no equity.
func fromEquity(plans []version) []version {
	slices.Reverse(plans)
	return slices.DeleteFunc(plans, func(v version) bool { return v.plan.Account.Equity == nil })
}

// entry is one line of the account's ledger: what a fill made and what it
// showed, or an equity that the trader wrote.
type entry struct {
	at     time.Time
	made   decimal.Decimal  // added to the balance
	open   decimal.Decimal  // added to the open profit of all positions
	equity *decimal.Decimal // the balance as the trader says; nil: a fill
}

// stepsOf are the fills of a trade as lines. Between fills the journal sees no
// price: the open profit of a position is known where a part of it was traded.
// The fees are those of the last fill.
func stepsOf(row storage.Trade) ([]entry, error) {
	shown, err := view(row)
	if err != nil {
		return nil, err
	}
	i, _ := instrumentOf(row.Instrument, shown.PointValue)
	slices.SortStableFunc(shown.Fills, func(a, b Fill) int { return time.Time(a.At).Compare(time.Time(b.At)) })
	var steps []entry
	var made, open decimal.Decimal
	for n, f := range shown.Fills {
		nowMade, nowOpen, err := markedAt(i, row.Side, shown.Fills[:n+1], f.Price)
		if err != nil {
			continue // an exit in the same moment as its entry, and before it
		}
		steps = append(steps, entry{at: time.Time(f.At), made: nowMade.Sub(made), open: nowOpen.Sub(open)})
		made, open = nowMade, nowOpen
	}
	if n := len(steps); n > 0 {
		steps[n-1].made = steps[n-1].made.Sub(shown.Fees)
	}
	return steps, nil
}

// markedAt is what fills have made, and what the rest would make at a price.
func markedAt(i trading.Instrument, side string, fills []Fill, price decimal.Decimal) (made, open decimal.Decimal, err error) {
	entries, exits := legs(side, fills)
	q := trading.PnLQuery{Instrument: i, Side: trading.Side(side), Entries: entries, Exits: exits}
	so, err := trading.TradePnL(q)
	if err != nil || so.OpenUnits.Sign() <= 0 {
		return so.Gross, decimal.Zero, err
	}
	q.Exits = append(slices.Clone(exits), trading.Fill{Quantity: so.OpenUnits, Price: price})
	all, err := trading.TradePnL(q)
	return so.Gross, all.Gross.Sub(so.Gross), err
}

// ledger follows the account from the rule's first day.
type ledger struct {
	plan     trading.Plan
	state    trading.Drawdown
	last     time.Time       // of the latest line
	began    time.Time       // lines before are in the equity already
	open     decimal.Decimal // profit of what is on, at each position's latest fill
	held     decimal.Decimal // to be added to the balance tomorrow
	breached bool
}

func newLedger(plan trading.Plan, equity decimal.Decimal, began time.Time) *ledger {
	return &ledger{plan: plan, state: trading.NewDrawdown(*plan.Account.Drawdown, equity), last: began, began: began}
}

// enter writes one line.
func (l *ledger) enter(e entry) {
	l.open = l.open.Add(e.open)
	if e.at.Before(l.began) {
		return
	}
	l.day(e.at)
	balance := l.state.Now.Add(e.made)
	if e.equity != nil {
		balance = decimal.Min(*e.equity, l.state.Now)
		l.held = e.equity.Sub(balance)
	}
	l.state = l.state.Balance(balance).Peak(balance.Add(l.open))
	l.touch(balance)
	l.touch(balance.Add(l.open))
}

// day ends the days that are over at a moment.
func (l *ledger) day(now time.Time) {
	if dayBegan(l.plan, now).After(dayBegan(l.plan, l.last)) {
		l.state = l.state.Close()
		l.state = l.state.Balance(l.state.Now.Add(l.held))
		l.held = decimal.Zero
	}
	l.last = now
}

func (l *ledger) touch(equity decimal.Decimal) {
	l.breached = l.breached || equity.LessThanOrEqual(l.state.Floor())
}

func (l *ledger) room() decimal.Decimal {
	if l.breached {
		return decimal.Min(l.state.Room(), decimal.Zero)
	}
	return l.state.Room()
}
