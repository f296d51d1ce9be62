package trading

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// decimalType is read only.
var decimalType = reflect.TypeFor[decimal.Decimal]()

// Lint finds what contradicts itself in a plan that did not come from text.
func (p Plan) Lint() []Finding { return lint(p, nil) }

// linter gathers findings with the line each rule was written on.
type linter struct {
	plan  Plan
	lines map[string]int
	found []Finding
}

func lint(p Plan, lines map[string]int) []Finding {
	l := &linter{plan: p, lines: lines, found: []Finding{}}
	l.account()
	l.risk()
	l.session()
	l.instruments()
	l.critical()
	slices.SortStableFunc(l.found, func(a, b Finding) int { return a.Line - b.Line })
	return l.found
}

func (l *linter) add(rule, format string, args ...any) {
	l.found = append(l.found, Finding{l.lines[rule], rule, fmt.Sprintf(format, args...)})
}

func (l *linter) account() {
	a := l.plan.Account
	if a.Equity != nil && a.Equity.Sign() <= 0 {
		l.add("account.equity", "it must be above 0, or null while it is not known")
	}
	if a.Currency != "USD" {
		l.add("account.currency", "only USD is counted in; give the equity in US dollars")
	}
	if a.Costs.PerContractSide.Sign() < 0 {
		l.add("account.costs.perContractSide", "it cannot be negative")
	}
	d := a.Drawdown
	if d == nil {
		return
	}
	if d.Kind != DrawdownStatic && d.Kind != DrawdownEndOfDay && d.Kind != DrawdownIntraday {
		l.add("account.drawdown.kind", "expected static, endOfDay or intraday, not %q", shorten(string(d.Kind)))
	}
	if d.Amount.Sign() <= 0 {
		l.add("account.drawdown.amount", "it must be above 0")
	}
	if a.Equity != nil && d.Amount.GreaterThanOrEqual(*a.Equity) {
		l.add("account.drawdown.amount", "%s is the whole account of %s", ShowAmount(d.Amount), ShowAmount(*a.Equity))
	}
}

func (l *linter) risk() {
	r := l.plan.Risk
	for _, pct := range []struct {
		rule  string
		value decimal.Decimal
	}{{"risk.perTradePct", r.PerTradePct}, {"risk.maxDailyLossPct", r.MaxDailyLossPct}, {"risk.maxOpenRiskPct", r.MaxOpenRiskPct}} {
		if pct.value.Sign() <= 0 || pct.value.GreaterThan(decimal.New(100, 0)) {
			l.add(pct.rule, "%s is not a percentage above 0 and up to 100", pct.value)
		}
	}
	if r.MinRewardRisk.Sign() < 0 {
		l.add("risk.minRewardRisk", "it cannot be negative; 0 switches it off")
	}
	if r.Base != BaseEquity && r.Base != BaseDrawdown {
		l.add("risk.base", "expected equity or drawdown room, not %q", shorten(string(r.Base)))
	}
	if r.Base == BaseDrawdown && l.plan.Account.Drawdown == nil {
		l.add("risk.base", "there is no account.drawdown to take the room from")
	}
	if r.Base == BaseEquity && r.MaxDailyLossPct.LessThan(r.PerTradePct) {
		l.add("risk.maxDailyLossPct", "%s %% a day is below the %s %% of one trade: no full-size trade would ever fit", r.MaxDailyLossPct, r.PerTradePct)
	}
	if r.Base == BaseEquity && r.MaxOpenRiskPct.LessThan(r.PerTradePct) {
		l.add("risk.maxOpenRiskPct", "%s %% open risk is below the %s %% of one trade: no full-size trade would ever fit", r.MaxOpenRiskPct, r.PerTradePct)
	}
	for _, symbol := range sortedKeys(r.MaxSize) {
		rule := "risk.maxSize." + symbol
		if why := strangeSymbol(symbol); why != "" {
			l.add(rule, "%s", why)
			continue
		}
		if r.MaxSize[symbol].Sign() <= 0 {
			l.add(rule, "it must be above 0; to keep out of %s, leave it out of entries.instruments", symbol)
		}
		if allowed := l.plan.Entries.Instruments; len(allowed) > 0 && !slices.Contains(allowed, symbol) {
			l.add(rule, "%s is not among entries.instruments, so this never applies", symbol)
		}
	}
}

func sortedKeys(m map[string]decimal.Decimal) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (l *linter) session() {
	s := l.plan.Session
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "" || s.Timezone == "Local" {
		l.add("session.timezone", "%q is not a time zone; write one such as America/New_York", shorten(s.Timezone))
	}
	if _, ok := clockMinutes(s.DayEnds); !ok {
		l.add("session.dayEnds", "%q is not a time of day; write one such as 17:00", shorten(s.DayEnds))
	}
	for _, w := range []struct {
		rule    string
		windows []Window
	}{
		{"session.windows.stock", s.Windows.Stock},
		{"session.windows.futures", s.Windows.Futures},
		{"session.windows.fx", s.Windows.FX},
		{"session.windows.crypto", s.Windows.Crypto},
		{"session.noTrade", s.NoTrade},
	} {
		l.windows(w.rule, w.windows)
	}
	for _, n := range []struct {
		rule  string
		value int
	}{{"session.maxTrades", s.MaxTrades}, {"session.maxConsecutiveLosses", s.MaxConsecutiveLosses}, {"session.cooldownAfterLossMinutes", s.CooldownAfterLossMinutes}} {
		if n.value < 0 {
			l.add(n.rule, "it cannot be negative; 0 switches it off")
		}
	}
	if s.MaxTrades > 0 && s.MaxConsecutiveLosses > s.MaxTrades {
		l.add("session.maxConsecutiveLosses", "%d losses in a row cannot happen in %d trades a day", s.MaxConsecutiveLosses, s.MaxTrades)
	}
	if s.CooldownAfterLossMinutes > 24*60 {
		l.add("session.cooldownAfterLossMinutes", "%d minutes are more than a day", s.CooldownAfterLossMinutes)
	}
}

func (l *linter) windows(rule string, windows []Window) {
	for n, w := range windows {
		at := fmt.Sprintf("%s[%d]", rule, n)
		_, okFrom := clockMinutes(w.From)
		_, okTo := clockMinutes(w.To)
		switch {
		case !okFrom || !okTo:
			l.add(at, "expected two times of day such as from: \"09:30\", to: \"16:00\"")
		case w.From == w.To:
			l.add(at, "it begins and ends at %s: is it empty, or the whole day? For the whole day write 00:00 to 24:00", w.From)
		}
	}
}

func (l *linter) instruments() {
	for n, symbol := range l.plan.Entries.Instruments {
		if why := strangeSymbol(symbol); why != "" {
			l.add(fmt.Sprintf("entries.instruments[%d]", n), "%s", why)
		}
	}
}

func (l *linter) critical() {
	known := knownRules()
	for n, r := range l.plan.Critical {
		if !slices.Contains(known, string(r)) {
			l.add(fmt.Sprintf("critical[%d]", n), "%s: %s", shorten(string(r)), unknown(string(r), known))
		}
	}
}

// knownRules are the rules that may be critical.
func knownRules() []string {
	rules := []Rule{
		RuleStopRequired, RuleTargetRequired, RuleMinRewardRisk, RulePerTrade, RuleDailyLoss, RuleOpenRisk, RuleMaxSize,
		RuleDrawdownRoom, RuleMaxTrades, RuleLossesInARow, RuleCooldown, RuleWindow, RuleNoTrade, RuleInstruments, RuleAveragingDown, RuleWideningStops,
	}
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = string(r)
	}
	return names
}
