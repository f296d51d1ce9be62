package trading

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// designPlan is the default plan as the design document writes it.
const designPlan = `account: {equity: null, currency: USD, costs: {perContractSide: 0}, drawdown: null}
risk: {base: equity, perTradePct: 1, maxDailyLossPct: 3, maxOpenRiskPct: 3, minRewardRisk: 2, maxSize: {}}
session: {timezone: America/New_York, windows: {stock: null, futures: null, fx: null, crypto: null}, dayEnds: "17:00", noTrade: [], maxTrades: 6, maxConsecutiveLosses: 3, cooldownAfterLossMinutes: 15}
entries: {stopRequired: true, targetRequired: true, averagingDown: false, wideningStops: false, instruments: []}
critical: [stopRequired, perTradePct, maxDailyLossPct, maxOpenRiskPct, maxConsecutiveLosses, cooldownAfterLossMinutes, maxTrades]
`

func TestDefaultPlanIsTheDesigns(t *testing.T) {
	got, findings := ReadPlan([]byte(designPlan))
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	if diff := cmp.Diff(DefaultPlan(), got); diff != "" {
		t.Errorf("(-default +written):\n%s", diff)
	}
	if findings := DefaultPlan().Lint(); len(findings) > 0 {
		t.Errorf("the default plan has findings: %v", findings)
	}
}

func TestPlanReadsBack(t *testing.T) {
	plan := DefaultPlan()
	plan.Account.Equity = ptr("25000.50")
	plan.Risk.PerTradePct = dec("0.5")
	plan.Risk.MaxSize["MES"] = dec("5")
	plan.Session.Windows.Futures = []Window{{From: "09:30", To: "11:30"}, {From: "22:00", To: "02:00", Why: "Asia"}}
	asYAML, err := plan.YAML()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{asYAML, asJSON} {
		got, findings := ReadPlan(text)
		if len(findings) > 0 {
			t.Fatalf("findings %v in\n%s", findings, text)
		}
		if diff := cmp.Diff(plan, got); diff != "" {
			t.Errorf("(-written +read):\n%s\n%s", diff, text)
		}
	}
}

func TestPlanFindings(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		line       int
		rule, why  string
	}{
		{"unknown rule", "risk:\n  perTradePc: 1\n", 2, "risk.perTradePc", "did you mean perTradePct?"},
		{"unknown section", "rsik: {perTradePct: 1}\n", 1, "rsik", "did you mean risk?"},
		{"nothing near", "zebra: 1\n", 1, "zebra", "known here are account, risk"},
		{"twice", "risk: {perTradePct: 1, perTradePct: 2}\n", 1, "risk.perTradePct", "twice"},
		{"not a number", "risk:\n  perTradePct: one\n", 2, "risk.perTradePct", "plain number"},
		{"exponent", "risk: {perTradePct: 1e400}\n", 1, "risk.perTradePct", "plain number"},
		{"not a whole number", "session: {maxTrades: 2.5}\n", 1, "session.maxTrades", "whole number"},
		{"not a bool", "entries: {stopRequired: maybe}\n", 1, "entries.stopRequired", "true or false"},
		{"not a list", "critical: stopRequired\n", 1, "critical", "list"},
		{"not a mapping", "- 1\n", 1, "plan", "rules with names"},
		{"broken", "risk: {\n", 0, "plan", ""},
		{"two documents", "risk: {}\n---\nrisk: {}\n", 0, "plan", "more than one"},
		{"alias", "risk: &a {perTradePct: 1}\nsession: *a\n", 2, "session", "aliases"},
		{"daily below one trade", "risk:\n  perTradePct: 2\n  maxDailyLossPct: 1\n", 3, "risk.maxDailyLossPct", "below the 2 % of one trade"},
		{"open risk below one trade", "risk: {maxOpenRiskPct: 0.5}\n", 1, "risk.maxOpenRiskPct", "below the 1 % of one trade"},
		{"equal ends", "session:\n  noTrade:\n    - {from: \"10:00\", to: \"10:00\"}\n", 3, "session.noTrade[0]", "begins and ends"},
		{"no clock", "session: {dayEnds: \"25:00\"}\n", 1, "session.dayEnds", "time of day"},
		{"no zone", "session: {timezone: Mars/Base}\n", 1, "session.timezone", "not a time zone"},
		{"unknown critical", "critical: [stopRequird]\n", 1, "critical[0]", "did you mean stopRequired?"},
		{"room without drawdown", "risk: {base: drawdown room}\n", 1, "risk.base", "no account.drawdown"},
		{"drawdown kind", "account: {drawdown: {kind: daily, amount: 100}}\n", 1, "account.drawdown.kind", "static"},
		{"losses beyond trades", "session: {maxTrades: 2}\n", 0, "session.maxConsecutiveLosses", "cannot happen"},
		{"too large", strings.Repeat("#", 1<<20), 0, "plan", "bytes"},
		{"a size for a small symbol", "risk:\n  maxSize:\n    mes: 3\n", 3, "risk.maxSize.mes", "did you mean MES?"},
		{"a size for a month", "risk: {maxSize: {MESH7: 3}}\n", 1, "risk.maxSize.MESH7", "did you mean MES?"},
		{"a size for another name", "risk: {maxSize: {BTC: 0.1}}\n", 1, "risk.maxSize.BTC", "did you mean BTCUSD?"},
		{"a size for one of several", "risk: {maxSize: {gold: 1}}\n", 1, "risk.maxSize.gold", "GC (100 oz) or MGC (10 oz)?"},
		{"a size for a mistyped symbol", "risk: {maxSize: {EURUDS: 1}}\n", 1, "risk.maxSize.EURUDS", "did you mean EURUSD?"},
		{"a size for a currency", "risk: {maxSize: {EUR: 1}}\n", 1, "risk.maxSize.EUR", "no such instrument"},
		{"a size for nothing", "risk: {maxSize: {\"\": 1}}\n", 1, "risk.maxSize.", "no such instrument"},
		{"a size for a sentence", "risk: {maxSize: {\"MES stop 5\": 1}}\n", 1, "risk.maxSize.MES stop 5", "did you mean MES?"},
		{"another name of an instrument", "entries:\n  instruments:\n    - MES\n    - BTC\n", 4, "entries.instruments[1]", "did you mean BTCUSD?"},
		{"a small instrument", "entries: {instruments: [aapl]}\n", 1, "entries.instruments[0]", "did you mean AAPL?"},
		{"no instrument", "entries: {instruments: [XYZ99]}\n", 1, "entries.instruments[0]", "no such instrument"},
		{"zero equity", "account: {equity: 0}\n", 1, "account.equity", "above 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, findings := ReadPlan([]byte(tc.text))
			if len(findings) == 0 {
				t.Fatal("no findings")
			}
			f := findings[0]
			if f.Rule != tc.rule || tc.line != 0 && f.Line != tc.line || !strings.Contains(f.Why, tc.why) {
				t.Errorf("%+v; want line %d, rule %s, about %q", f, tc.line, tc.rule, tc.why)
			}
		})
	}
}

// Whoever mends a plan wants all of it at once.
func TestUnknownRulesHideNoOthers(t *testing.T) {
	_, findings := ReadPlan([]byte("risk: {perTradePct: -1, foo: 2}\nsession: {timezone: Mars, bar: 1}\n"))
	var rules []string
	for _, f := range findings {
		rules = append(rules, f.Rule)
	}
	if diff := cmp.Diff([]string{"risk.foo", "session.bar", "risk.perTradePct", "session.timezone"}, rules); diff != "" {
		t.Error(diff)
	}
}

// TestPlanSymbols: each symbol that an idea can have is one that a plan may
// name.
func TestPlanSymbols(t *testing.T) {
	symbols := append(tableSymbols(), "AAPL", "F", "ON", "ALL", "T", "NG", "6B", "EURGBP", "US30", "XAUUSD", "SOL")
	for _, symbol := range symbols {
		if why := strangeSymbol(symbol); why != "" {
			t.Errorf("%s: %s", symbol, why)
		}
	}
}

func TestWindows(t *testing.T) {
	at := func(clock string) time.Time {
		tm, err := time.Parse("15:04", clock)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for _, tc := range []struct {
		from, to, at string
		want         bool
	}{
		{"09:30", "16:00", "09:30", true},
		{"09:30", "16:00", "16:00", false},
		{"22:00", "02:00", "23:30", true},
		{"22:00", "02:00", "01:59", true},
		{"22:00", "02:00", "02:00", false},
		{"00:00", "24:00", "23:59", true},
	} {
		if got := (Window{From: tc.from, To: tc.to}).Contains(at(tc.at)); got != tc.want {
			t.Errorf("%s–%s holds %s: %v, want %v", tc.from, tc.to, tc.at, got, tc.want)
		}
	}
}

func TestMarketOpen(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		symbol, at string
		want       bool
	}{
		{"MES", "2026-03-10 17:30", false},
		{"MES", "2026-03-10 18:00", true},
		{"MES", "2026-03-13 17:00", false},
		{"MES", "2026-03-15 17:59", false},
		{"MES", "2026-03-15 18:00", true},
		{"MES", "2026-03-14 12:00", false},
		{"EURUSD", "2026-03-15 17:00", true},
		{"EURUSD", "2026-03-13 17:00", false},
		{"BTCUSD", "2026-03-14 12:00", true},
		{"AAPL", "2026-03-10 09:29", false},
		{"AAPL", "2026-03-10 09:30", true},
		{"AAPL", "2026-03-10 16:00", false},
	} {
		inst, ok := Lookup(tc.symbol)
		if !ok {
			inst = Stock(tc.symbol)
		}
		at, err := time.ParseInLocation("2006-01-02 15:04", tc.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := MarketOpen(inst, at, zone); got != tc.want {
			t.Errorf("%s at %s: open %v, want %v", tc.symbol, tc.at, got, tc.want)
		}
	}
}

func FuzzReadPlan(f *testing.F) {
	f.Add([]byte(designPlan))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("risk: {perTradePct: 1e999999999}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if plan, findings := ReadPlan(text); len(findings) == 0 {
			Evaluate(ParseIdea("long 2 MES at 6000, stop 5994, target 6012, account 25k"), plan, SessionState{})
		}
	})
}
