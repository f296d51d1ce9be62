package journal

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/trading"
)

// inForce folds the versions of a plan into the one that counts now, and tells
// when the trading day ends, from when on the latest version counts alone.
//
// Within one trading day each rule is the tightest of the version that stood
// when the day began and of all written since: who loosens a rule after three
// losses does so for tomorrow. Where tighter and looser have no meaning (the
// time zone, the day's end, what a percentage is taken of) the older one
// stands, so that no edit makes a new day begin. A trader's first plan counts
// at once: the default was not a promise of theirs.
func inForce(versions []version, now time.Time) (plan trading.Plan, until time.Time) {
	plan = versions[0].plan
	changed := versions[0].at
	for n, v := range versions[1:] {
		if dayBegan(plan, v.at).After(changed) {
			plan = versions[n].plan // a new day: what was held back is over
		}
		plan = tightest(plan, v.plan)
		changed = v.at
	}
	if dayBegan(plan, now).After(changed) {
		plan = latest(versions).plan
	}
	return plan, dayEnds(plan, now)
}

// dayBegan is the start of the trading day by which a plan's changes count.
func dayBegan(p trading.Plan, now time.Time) time.Time {
	return p.DayStart(trading.KindFuture, now)
}

// dayEnds is the start of the next one: a day has 23 to 25 hours.
func dayEnds(p trading.Plan, now time.Time) time.Time {
	return dayBegan(p, dayBegan(p, now).Add(36*time.Hour))
}

// tightest takes each rule from the plan that allows less.
func tightest(old, next trading.Plan) trading.Plan {
	t := old
	t.Account = tightestAccount(old.Account, next.Account)
	t.Risk = tightestRisk(old.Risk, next.Risk)
	t.Session = tightestSession(old.Session, next.Session)
	o, n := old.Entries, next.Entries
	t.Entries = trading.EntryRules{
		StopRequired: o.StopRequired || n.StopRequired, TargetRequired: o.TargetRequired || n.TargetRequired,
		AveragingDown: o.AveragingDown && n.AveragingDown, WideningStops: o.WideningStops && n.WideningStops,
		Instruments: bothAllow(o.Instruments, n.Instruments),
	}
	t.Critical = slices.Clone(old.Critical)
	for _, rule := range next.Critical {
		if !slices.Contains(t.Critical, rule) {
			t.Critical = append(t.Critical, rule)
		}
	}
	return t
}

func tightestAccount(o, n trading.Account) trading.Account {
	t := n
	switch {
	case n.Equity == nil:
		t.Equity = o.Equity
	case o.Equity != nil:
		equity := decimal.Min(*o.Equity, *n.Equity)
		t.Equity = &equity
	}
	t.Costs.PerContractSide = decimal.Max(o.Costs.PerContractSide, n.Costs.PerContractSide)
	switch {
	case n.Drawdown == nil:
		t.Drawdown = o.Drawdown
	case o.Drawdown != nil && o.Drawdown.Kind != n.Drawdown.Kind:
		t.Drawdown = o.Drawdown
	case o.Drawdown != nil:
		rule := *n.Drawdown
		rule.Amount = decimal.Min(o.Drawdown.Amount, n.Drawdown.Amount)
		rule.LockAt = higherLock(o.Drawdown.LockAt, n.Drawdown.LockAt)
		t.Drawdown = &rule
	}
	return t
}

// higherLock: a floor that may rise higher leaves less room; nil never locks.
func higherLock(o, n *decimal.Decimal) *decimal.Decimal {
	if o == nil || n == nil {
		return nil
	}
	lock := decimal.Max(*o, *n)
	return &lock
}

func tightestRisk(o, n trading.RiskRules) trading.RiskRules {
	t := trading.RiskRules{
		Base: o.Base, PerTradePct: o.PerTradePct,
		MaxDailyLossPct: decimal.Min(o.MaxDailyLossPct, n.MaxDailyLossPct),
		MaxOpenRiskPct:  decimal.Min(o.MaxOpenRiskPct, n.MaxOpenRiskPct),
		MinRewardRisk:   decimal.Max(o.MinRewardRisk, n.MinRewardRisk),
		MaxSize:         map[string]decimal.Decimal{},
	}
	if o.Base == n.Base {
		t.PerTradePct = decimal.Min(o.PerTradePct, n.PerTradePct)
	}
	for _, sizes := range []map[string]decimal.Decimal{o.MaxSize, n.MaxSize} {
		for symbol, most := range sizes {
			if known, ok := t.MaxSize[symbol]; ok {
				most = decimal.Min(known, most)
			}
			t.MaxSize[symbol] = most
		}
	}
	return t
}

func tightestSession(o, n trading.SessionRules) trading.SessionRules {
	t := trading.SessionRules{
		Timezone: o.Timezone, DayEnds: o.DayEnds, NoTrade: slices.Clone(o.NoTrade),
		MaxTrades: fewest(o.MaxTrades, n.MaxTrades), MaxConsecutiveLosses: fewest(o.MaxConsecutiveLosses, n.MaxConsecutiveLosses),
		CooldownAfterLossMinutes: max(o.CooldownAfterLossMinutes, n.CooldownAfterLossMinutes),
		Windows:                  o.Windows,
	}
	if o.Timezone != n.Timezone {
		return t // times of day of two zones cannot be laid over each other
	}
	for _, w := range n.NoTrade {
		if !slices.Contains(t.NoTrade, w) {
			t.NoTrade = append(t.NoTrade, w)
		}
	}
	t.Windows = trading.Windows{
		Stock: bothOpen(o.Windows.Stock, n.Windows.Stock), Futures: bothOpen(o.Windows.Futures, n.Windows.Futures),
		FX: bothOpen(o.Windows.FX, n.Windows.FX), Crypto: bothOpen(o.Windows.Crypto, n.Windows.Crypto),
	}
	return t
}

// fewest is the smaller of two counts of which 0 is "no limit".
func fewest(a, b int) int {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}

// nothing stands for "none" in lists that mean "any" when they are empty.
const nothing = "(none)"

func bothAllow(o, n []string) []string {
	if len(o) == 0 {
		return n
	}
	if len(n) == 0 {
		return o
	}
	both := slices.DeleteFunc(slices.Clone(o), func(s string) bool { return !slices.Contains(n, s) })
	if len(both) == 0 {
		return []string{nothing}
	}
	return both
}

const minutesADay = 24 * 60

// bothOpen are the minutes that lie in windows of both lists; nil is any.
func bothOpen(o, n []trading.Window) []trading.Window {
	if len(o) == 0 {
		return n
	}
	if len(n) == 0 || slices.Equal(o, n) {
		return o
	}
	both := []trading.Window{}
	from := -1
	for m := range minutesADay + 1 {
		open := m < minutesADay && holds(o, m) && holds(n, m)
		switch {
		case open && from < 0:
			from = m
		case !open && from >= 0:
			both = append(both, trading.Window{From: clock(from), To: clock(m)})
			from = -1
		}
	}
	if len(both) == 0 {
		return []trading.Window{{From: "00:00", To: "00:00"}} // holds no minute
	}
	return both
}

func holds(windows []trading.Window, minute int) bool {
	at := time.Date(2000, 1, 1, 0, minute, 0, 0, time.UTC)
	return slices.ContainsFunc(windows, func(w trading.Window) bool { return w.Contains(at) })
}

// clock writes minutes since midnight as "09:30"; the day's end is "24:00".
func clock(minutes int) string {
	two := func(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
	return two(minutes/60) + ":" + two(minutes%60)
}
