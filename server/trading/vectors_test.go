package trading

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func ptr(s string) *decimal.Decimal {
	d := dec(s)
	return &d
}

func listed(t testing.TB, symbol string) Instrument {
	t.Helper()
	i, ok := Lookup(symbol)
	if !ok {
		t.Fatalf("%s is not in the table", symbol)
	}
	return i
}

func equal(t *testing.T, what string, got decimal.Decimal, want string) {
	t.Helper()
	if !got.Equal(dec(want)) {
		t.Errorf("%s = %s, want %s", what, got, want)
	}
}

// tells checks an idea in words under the default plan.
func tells(text string) Evaluation {
	return Evaluate(ParseIdea(text), DefaultPlan(), SessionState{})
}

// The vectors are those of the design document, by number.

func TestVector1_ManyExits(t *testing.T) {
	q := PnLQuery{
		Instrument: listed(t, "MES"), Side: Long, Stop: ptr("5992.50"),
		Entries: []Fill{{dec("12"), dec("6000")}},
		Exits:   []Fill{{dec("3"), dec("6007")}, {dec("2"), dec("6017")}, {dec("1"), dec("6050")}, {dec("6"), dec("6000.25")}},
	}
	p, err := TradePnL(q)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"0.9333", "2.2667", "6.6667", "0.0333"} {
		equal(t, "R of a leg", p.Legs[n].R.Round(4), want)
	}
	equal(t, "points", p.Points, "106.5")
	equal(t, "gross", p.Gross, "532.5")
	equal(t, "risk", *p.Risk, "450")
	equal(t, "blended R", p.R.Round(4), "1.1833")
	q.CostPerSide = dec("0.62")
	if p, err = TradePnL(q); err != nil {
		t.Fatal(err)
	}
	equal(t, "costs", p.Costs, "14.88")
	equal(t, "net", p.Net, "517.62")
}

func TestVector2_Size(t *testing.T) {
	q := SizeQuery{
		Instrument: listed(t, "MES"), Entry: dec("6000"), Stop: dec("5994"),
		Limits: []Limit{{RulePerTrade, percentOf(dec("1"), dec("25000"))}},
	}
	s, err := PositionSize(q)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "size", s.Units, "8")
	equal(t, "risk", s.Risk, "240")
	if s.Cap != RulePerTrade {
		t.Errorf("cap %s, want %s", s.Cap, RulePerTrade)
	}
	q.Costs = dec("2.49")
	if s, err = PositionSize(q); err != nil {
		t.Fatal(err)
	}
	equal(t, "size with costs", s.Units, "7")
}

func TestVector3_JustBelowTwoR(t *testing.T) {
	rr, err := RiskReward(RRQuery{Side: Long, Entry: dec("189.5"), Stop: dec("178"), Targets: []Target{{Price: Price{Value: dec("212")}}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "R", rr.Blended.Round(5), "1.95652")
	if rr.AtLeast(dec("2")) {
		t.Error("1.95652 counts as at least 2")
	}
	if got := ShowR(rr.Blended); got != "1.95" {
		t.Errorf("shown as %s, want 1.95", got)
	}
	e := tells("buy AAPL at 189.5, stop 178, target 212, account 25k")
	c := e.Numbers.Change
	if e.Verdict != Fire || c == nil || c.Kind != ChangeEntry {
		t.Fatalf("verdict %s, change %+v; want fire and a better entry", e.Verdict, c)
	}
	equal(t, "entry for 2 R", *c.Entry, "189.33")
}

func TestVector4_IntradayDrawdown(t *testing.T) {
	rule := DrawdownRule{Kind: DrawdownIntraday, Amount: dec("2500")}
	d := NewDrawdown(rule, dec("50000"))
	d = d.Peak(dec("51500")).Balance(dec("50200"))
	equal(t, "floor", d.Floor(), "49000")
	equal(t, "balance", d.Now, "50200")
	equal(t, "room", d.Room(), "1200")
	if d.Balance(dec("49000")).Room().Sign() > 0 {
		t.Error("touching the floor is not a breach")
	}
	if d.Balance(dec("49000.01")).Room().Sign() <= 0 {
		t.Error("a cent above the floor is a breach")
	}
}

func TestVector5_EndOfDayDrawdown(t *testing.T) {
	d := NewDrawdown(DrawdownRule{Kind: DrawdownEndOfDay, Amount: dec("2500")}, dec("50000"))
	d = d.Peak(dec("51500")).Balance(dec("50200"))
	equal(t, "floor until the close", d.Floor(), "47500")
	equal(t, "room until the close", d.Room(), "2700")
	d = d.Close()
	equal(t, "floor after", d.Floor(), "47700")
	equal(t, "room after", d.Room(), "2500")
}

func TestVector6_FourTargets(t *testing.T) {
	var targets []Target
	for _, p := range []string{"6007.5", "6012", "6018", "6025"} {
		targets = append(targets, Target{Price: Price{Value: dec(p)}})
	}
	rr, err := RiskReward(RRQuery{Side: Long, Entry: dec("6000"), Stop: dec("5994"), Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"1.25", "2", "3", "4.1667"} {
		equal(t, "R", rr.Legs[n].R.Round(4), want)
	}
	equal(t, "equal split", rr.Blended.Round(4), "2.6042")
}

func TestVector7_CooldownAndRevenge(t *testing.T) {
	at := func(clock string) time.Time {
		tm, err := time.Parse("2006-01-02 15:04", "2026-03-10 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	loss, win := dec("-60"), dec("60")
	closed := func(clock string, net decimal.Decimal, side Side) *ClosedTrade {
		return &ClosedTrade{Symbol: "MES", Side: side, ClosedAt: at(clock), Net: net, Risk: dec("60")}
	}
	for _, tc := range []struct {
		name          string
		state         SessionState
		guard, missed bool
		revenge       bool
	}{
		{"loss 10:00, win 10:30", SessionState{LastLossClosedAt: at("10:00"), LastClosed: closed("10:30", win, Long)}, true, false, false},
		{"loss 10:25, win 10:30", SessionState{LastLossClosedAt: at("10:25"), LastClosed: closed("10:30", win, Long)}, true, true, false},
		{"loss 10:30, reversed", SessionState{LastLossClosedAt: at("10:30"), LastClosed: closed("10:30", loss, Short)}, true, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.state.Known, tc.state.Now = true, at("10:35")
			e := Evaluate(ParseIdea("long 2 MES at 6000, stop 5994, target 6012, account 25k"), DefaultPlan(), tc.state)
			c := check(e, RuleCooldown)
			if (c != nil) != tc.guard || c != nil && c.Missed() != tc.missed {
				t.Errorf("cooldown %+v, want missed %v", c, tc.missed)
			}
			if _, got := Revenge(e, tc.state, DefaultPlan()); got != tc.revenge {
				t.Errorf("revenge %v, want %v", got, tc.revenge)
			}
		})
	}
}

func check(e Evaluation, r Rule) *Check {
	for n := range e.Checks {
		if e.Checks[n].Rule == r {
			return &e.Checks[n]
		}
	}
	return nil
}

func TestVector8_StopOnTheWrongSide(t *testing.T) {
	e := tells("Long 100 AAPL at 150, stop 155")
	if e.Verdict != NoVerdict || len(e.Idea.Questions) != 1 || e.Idea.Questions[0].Field != FieldStop {
		t.Errorf("verdict %q, questions %+v; want none and a question about the stop", e.Verdict, e.Idea.Questions)
	}
}

func TestVector9_TwoTargetsAndOne(t *testing.T) {
	e := tells("Long 2 MES 6000, stop 5994, targets 6007.5 and 6012, account 25k")
	equal(t, "first", e.Numbers.Targets[0].R, "1.25")
	equal(t, "second", e.Numbers.Targets[1].R, "2")
	equal(t, "blended", *e.Numbers.RewardRisk, "1.625")
	if e.Verdict != Fire {
		t.Errorf("two targets: %s, want fire", e.Verdict)
	}
	e = tells("Long 2 MES 6000, stop 5994, target 6012, account 25k")
	equal(t, "single", *e.Numbers.RewardRisk, "2")
	if e.Verdict != Diamond {
		t.Errorf("one target: %s, want diamond", e.Verdict)
	}
}

func TestVector10_Instruments(t *testing.T) {
	zn := listed(t, "ZN")
	i := ParseIdea("long 1 ZN at 110'16 stop 110'08")
	equal(t, "ZN ticks", i.Entry.Value.Sub(i.Stop.Value).Div(zn.Tick), "16")
	equal(t, "ZN money", lossPerUnit(zn, i.Entry.Value, i.Stop.Value).of(one), "250")
	equal(t, "110'165", ParseIdea("long 1 ZN at 110'165 stop 110'08").Entry.Value, "110.515625")
	for _, tc := range []struct {
		symbol, entry, stop, cash string
		size, risk                string
		cap                       Rule
	}{
		{"EURUSD", "1.0850", "1.0830", "", "1.25", "250", RuleStatedRisk},
		{"EURUSD", "1.0850", "1.0820", "", "0.83", "249", RuleStatedRisk},
		{"USDJPY", "150.00", "149.60", "", "0.93", "248.66", RuleStatedRisk},
		{"BTCUSD", "97500", "96250", "25000", "0.2", "250", RuleStatedRisk},
		{"ETHUSD", "3400.50", "3340", "25000", "4.13223140", "250", RuleStatedRisk},
		{"AAPL", "150", "149.90", "25000", "166", "16.6", RuleCash},
	} {
		t.Run(tc.symbol, func(t *testing.T) {
			inst, ok := Lookup(tc.symbol)
			if !ok {
				inst = Stock(tc.symbol)
			}
			q := SizeQuery{Instrument: inst, Entry: dec(tc.entry), Stop: dec(tc.stop), Limits: []Limit{{RuleStatedRisk, dec("250")}}}
			if tc.cash != "" {
				q.Cash = ptr(tc.cash)
			}
			s, err := PositionSize(q)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "size", s.Units, tc.size)
			equal(t, "risk", s.Risk, tc.risk)
			if s.Cap != tc.cap {
				t.Errorf("cap %s, want %s", s.Cap, tc.cap)
			}
		})
	}
}

func TestVector11_DailyLoss(t *testing.T) {
	s := SessionState{Known: true, RealisedNet: dec("-600"), TradesToday: 1, ConsecutiveLosses: 1}
	e := Evaluate(ParseIdea("long 8 MES at 6000, stop 5994, target 6012, account 25k"), DefaultPlan(), s)
	c := check(e, RuleDailyLoss)
	if c == nil || !c.Missed() || !c.Critical || e.Verdict != Skull {
		t.Fatalf("verdict %s, check %+v; want a critical miss", e.Verdict, c)
	}
	if e.Numbers.Change == nil || e.Numbers.Change.Kind != ChangeSize {
		t.Fatalf("change %+v, want a smaller size", e.Numbers.Change)
	}
	equal(t, "size that fits", *e.Numbers.Change.Size, "5")
}

func TestMission(t *testing.T) {
	e := tells("long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%")
	equal(t, "R", *e.Numbers.RewardRisk, "2")
	equal(t, "allowed", *e.Numbers.MaxSize, "8")
	equal(t, "risk", *e.Numbers.Risk, "60")
	if e.Verdict != Diamond || len(e.Missing) != 0 {
		t.Errorf("verdict %s, missing %v; want diamond, nothing", e.Verdict, e.Missing)
	}
}

// TestVerdicts is one line a rule of how verdicts are given.
func TestVerdicts(t *testing.T) {
	const base = "long 2 MES at 6000, stop 5994, target 6012, account 25k"
	for _, tc := range []struct {
		name, text string
		want       Verdict
		missing    []Field
	}{
		{"all checks pass", base, Diamond, []Field{}},
		{"no size is checked at the largest", "long MES at 6000, stop 5994, target 6012, account 25k", Diamond, []Field{}},
		{"one miss", "long 2 MES at 6000, stop 5994, target 6010, account 25k", Fire, []Field{}},
		{"a critical miss", "long 9 MES at 6000, stop 5994, target 6012, account 25k", Skull, []Field{}},
		{"a refused stop is a critical miss", "long 2 MES at 6000, no stop, target 6012, account 25k", Skull, []Field{}},
		{"a refused target is a miss", "long 2 MES at 6000, stop 5994, no target, account 25k", Fire, []Field{}},
		{"a stop not mentioned is asked for", "long 2 MES at 6000, target 6012, account 25k", NoVerdict, []Field{FieldStop}},
		{"no account: open", "long 2 MES at 6000, stop 5994, target 6012", NoVerdict, []Field{FieldEquity}},
		{"a miss and an open check", "long 2 MES at 6000, stop 5994, target 6010", NoVerdict, []Field{FieldEquity}},
		{"skull whatever is open", "long 2 MES at 6000, no stop", Skull, []Field{FieldTarget, FieldEquity}},
		{"a stated risk above the plan", "long MES at 6000, stop 5994, target 6012, account 25k, risk 2%", Skull, []Field{}},
		{"a stated risk above the plan, no account", "long MES at 6000, stop 5994, target 6012, risk 2%", Skull, []Field{FieldEquity}},
		{"a closed trade", "bought 2 MES at 6000, sold 2 at 6012", NoVerdict, []Field{}},
		{"size 0", "long MES at 6000, size 0, stop 5994, target 6012, account 25k", Fire, []Field{}},
		{"half at 1 R, the rest at 2 R", "long 4 MES 6000 stop 5994, 50% at 6006 rest at 6012, account 25k", Fire, []Field{}},
		{"the rest of nothing", "long 4 MES 6000 stop 5994, rest at 6012, account 25k", NoVerdict, []Field{}},
		{"a further entry", "long 2 MES 6000 and 2 more at 5997 stop 5994 target 6012, account 25k", NoVerdict, []Field{}},
		{"a bare reward", "long 2 MES at 6000, risk 6 points, reward 12, account 25k", NoVerdict, []Field{FieldTarget}},
		{"an option", "buy a TSLA put at 5 stop 2.5 target 10, account 25k", NoVerdict, []Field{FieldPointValue}},
		{"an unlisted future", "long 1 NG at 3.50 stop 3.45 target 3.60 account 25k", NoVerdict, []Field{FieldPointValue}},
		{"another currency", base + " eur", NoVerdict, []Field{FieldRate}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := tells(tc.text)
			if e.Verdict != tc.want {
				t.Errorf("%q: verdict %q, want %q\n%+v", tc.text, e.Verdict, tc.want, e.Checks)
			}
			if diff := cmp.Diff(tc.missing, e.Missing); diff != "" {
				t.Errorf("%q: missing (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestWordsTightenNeverLoosen(t *testing.T) {
	plan := DefaultPlan()
	plan.Account.Equity = ptr("10000")
	e := Evaluate(ParseIdea("long 4 MES at 6000, stop 5994, target 6012, account 1m, risk 5%"), plan, SessionState{})
	equal(t, "equity", *e.Numbers.Equity, "10000")
	equal(t, "allowed", *e.Numbers.MaxSize, "3")
	if e.Verdict != Skull {
		t.Errorf("verdict %s, want skull: 4 contracts risk 1.2 %%", e.Verdict)
	}
}

func TestSeveralIdeasAddUp(t *testing.T) {
	ideas := ParseIdeas("long 8 MES at 6000 stop 5994 target 6012; short 6 MNQ at 21000 stop 21020 target 20950; long 2 MCL at 78 stop 77 target 80.5; long 2 MGC at 2650 stop 2640 target 2671. account 25k")
	r := EvaluateAll(ideas, DefaultPlan(), SessionState{})
	if len(r.Ideas) != 4 || r.Verdict != Skull {
		t.Fatalf("%d ideas, verdict %s; want 4, skull", len(r.Ideas), r.Verdict)
	}
	if c := check(r.Ideas[3], RuleOpenRisk); c == nil || !c.Missed() {
		t.Errorf("the fourth risk does not count on top of the others: %+v", c)
	}
}

func TestAlternativesDoNotAddUp(t *testing.T) {
	ideas := ParseIdeas("long 8 MES at 6000 stop 5994 target 6012 or short 8 MES at 5990 stop 5996 target 5978 or short 8 MES at 5980 stop 5986 target 5968 or short 8 MES at 5970 stop 5976 target 5958, account 25k")
	r := EvaluateAll(ideas, DefaultPlan(), SessionState{})
	if len(r.Ideas) != 4 || r.Verdict != Diamond {
		t.Errorf("%d ideas, verdict %s; want 4, diamond", len(r.Ideas), r.Verdict)
	}
}

func TestMoreTargetsThanContracts(t *testing.T) {
	e := tells("long 1 MES 6000, stop 5994, targets 6007.5 and 6012, account 25k")
	equal(t, "only the nearest counts", *e.Numbers.RewardRisk, "1.25")
	if len(e.Numbers.Findings) != 1 {
		t.Errorf("findings %v, want one", e.Numbers.Findings)
	}
}

func TestPositionSizeErrors(t *testing.T) {
	mes := listed(t, "MES")
	for _, tc := range []struct {
		name string
		q    SizeQuery
		want error
	}{
		{"no point value", SizeQuery{Instrument: Unlisted("NG"), Entry: dec("3"), Stop: dec("2")}, ErrNoPointValue},
		{"stop at the entry", SizeQuery{Instrument: mes, Entry: dec("6000"), Stop: dec("6000")}, ErrStopAtEntry},
		{"no limit", SizeQuery{Instrument: mes, Entry: dec("6000"), Stop: dec("5994")}, ErrNoLimit},
	} {
		if _, err := PositionSize(tc.q); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}
