package trading

import (
	"slices"
	"testing"
	"time"
)

// TestGuards holds one idea against each rule of the day, the size and the
// entry, once within it and once beyond.
func TestGuards(t *testing.T) {
	now := time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC) // 11:00 in New York
	const text = "long 2 MES at 6000, stop 5994, target 6012, account 25k"
	for _, tc := range []struct {
		name   string
		text   string
		rule   Rule
		plan   func(*Plan)
		state  SessionState
		missed bool
	}{
		{"sixth trade", text, RuleMaxTrades, nil, SessionState{Known: true, TradesToday: 5}, false},
		{"seventh trade", text, RuleMaxTrades, nil, SessionState{Known: true, TradesToday: 6}, true},
		{"seventh trade, said to be on already", "I'm already " + text, RuleMaxTrades, nil, SessionState{Known: true, TradesToday: 6}, true},
		{"two losses in a row", text, RuleLossesInARow, nil, SessionState{Known: true, ConsecutiveLosses: 2}, false},
		{"three losses in a row", text, RuleLossesInARow, nil, SessionState{Known: true, ConsecutiveLosses: 3}, true},
		{"cooldown over to the minute", text, RuleCooldown, nil, SessionState{Known: true, Now: now, LastLossClosedAt: now.Add(-15 * time.Minute)}, false},
		{"cooldown a second short", text, RuleCooldown, nil, SessionState{Known: true, Now: now, LastLossClosedAt: now.Add(-15*time.Minute + time.Second)}, true},
		{"cooldown, news tomorrow", text + ", entering now, news tomorrow", RuleCooldown, nil, SessionState{Known: true, Now: now, LastLossClosedAt: now.Add(-time.Minute)}, true},
		{"inside the window", text, RuleWindow, func(p *Plan) { p.Session.Windows.Futures = []Window{{From: "09:30", To: "11:30"}} }, SessionState{Now: now}, false},
		{"outside the window", text, RuleWindow, func(p *Plan) { p.Session.Windows.Futures = []Window{{From: "12:30", To: "15:30"}} }, SessionState{Now: now}, true},
		{"in a no-trade time", text, RuleNoTrade, func(p *Plan) { p.Session.NoTrade = []Window{{From: "10:55", To: "11:05", Why: "report"}} }, SessionState{Now: now}, true},
		{"an instrument of the plan", text, RuleInstruments, func(p *Plan) { p.Entries.Instruments = []string{"MES", "MNQ"} }, SessionState{}, false},
		{"another instrument", text, RuleInstruments, func(p *Plan) { p.Entries.Instruments = []string{"NQ"} }, SessionState{}, true},
		{"within the maximum size", text, RuleMaxSize, func(p *Plan) { p.Risk.MaxSize["MES"] = dec("2") }, SessionState{}, false},
		{"above the maximum size", text, RuleMaxSize, func(p *Plan) { p.Risk.MaxSize["MES"] = dec("1") }, SessionState{}, true},
		{"adding to a loser", text, RuleAveragingDown, nil, SessionState{Open: []OpenPosition{{Symbol: "MES", Side: Long, Entry: dec("6010")}}}, true},
		{"adding to a winner", text, RuleAveragingDown, nil, SessionState{Open: []OpenPosition{{Symbol: "MES", Side: Long, Entry: dec("5990")}}}, false},
		{"within the drawdown room", text, RuleDrawdownRoom, nil, SessionState{DrawdownRoom: ptr("60.01")}, false},
		{"touching the drawdown floor", text, RuleDrawdownRoom, nil, SessionState{DrawdownRoom: ptr("60")}, true},
		{"shares within the cash", "buy 166 AAPL at 150, stop 149.90, target 151, account 25k", RuleCash, nil, SessionState{}, false},
		{"shares beyond the cash", "buy 167 AAPL at 150, stop 149.90, target 151, account 25k", RuleCash, nil, SessionState{}, true},
		{"within the risk named", "long 3 MES at 6000, stop 5994, target 6012, account 25k, risk $90", RuleStatedRisk, nil, SessionState{}, false},
		{"above the risk named", "long 4 MES at 6000, stop 5994, target 6012, account 25k, risk $90", RuleStatedRisk, nil, SessionState{}, true},
		{"open risk of other trades", text, RuleOpenRisk, nil, SessionState{Open: []OpenPosition{{Symbol: "NQ", Side: Long, Risk: dec("700")}}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := DefaultPlan()
			if tc.plan != nil {
				tc.plan(&plan)
			}
			e := Evaluate(ParseIdea(tc.text), plan, tc.state)
			c := check(e, tc.rule)
			if c == nil || c.Passed == nil || c.Missed() != tc.missed {
				t.Errorf("%s: %+v, want missed %v\nall: %+v", tc.rule, c, tc.missed, e.Checks)
			}
		})
	}
}

// TestTradeOnRecordCountsOnce: who tells of a trade that is on record does not
// risk its money again, alone or before another idea.
func TestTradeOnRecordCountsOnce(t *testing.T) {
	on := func(symbol, quantity, entry, risk string) OpenPosition {
		return OpenPosition{Symbol: symbol, Side: Long, Quantity: dec(quantity), Entry: dec(entry), Risk: dec(risk)}
	}
	three := []OpenPosition{on("MES", "8", "6000", "240"), on("MNQ", "8", "21500", "240"), on("MYM", "8", "40000", "240")}
	const told = "I'm long 8 MES from 6000, stop 5994, target 6012"
	for _, tc := range []struct {
		name, text string
		open       []OpenPosition
		verdict    Verdict
		openRisk   string
	}{
		{"on record", told, three, Diamond, "at most $270.00 ($750.00 less $480.00 at risk in other trades)"},
		{"alone on record", told, three[:1], Diamond, "at most $750.00 (3 % of $25,000)"},
		{"not on record", told, three[1:], Diamond, "at most $270.00 ($750.00 less $480.00 at risk in other trades)"},
		{"a new one", "long 8 MES at 6000, stop 5994, target 6012", three, Skull, "at most $30.00 ($750.00 less $720.00 at risk in other trades)"},
		{"a wider stop than on record", "I'm long 8 MES from 6000, stop 5990, target 6020", three, Skull, "at most $270.00 ($750.00 less $480.00 at risk in other trades)"},
		{"less than on record", "I'm long 1 MES from 6000, stop 5999, target 6002", three, Diamond, "at most $35.00 ($750.00 less $715.00 at risk in other trades)"},
		{"the nearest entry", told, []OpenPosition{on("MES", "8", "5900", "700"), on("MES", "8", "6000", "240")}, Skull, "at most $50.00 ($750.00 less $700.00 at risk in other trades)"},
		{"the nearest size", told, []OpenPosition{on("MES", "2", "6000", "60"), on("MES", "8", "6000", "240")}, Diamond, "at most $690.00 ($750.00 less $60.00 at risk in other trades)"},
		{"the other side", told, []OpenPosition{{Symbol: "MES", Side: Short, Entry: dec("6000"), Risk: dec("600")}}, Skull, "at most $150.00 ($750.00 less $600.00 at risk in other trades)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := DefaultPlan()
			plan.Account.Equity = ptr("25000")
			e := Evaluate(ParseIdea(tc.text), plan, SessionState{Known: true, Open: tc.open})
			if c := check(e, RuleOpenRisk); e.Verdict != tc.verdict || c == nil || c.Expected != tc.openRisk {
				t.Errorf("verdict %s, open risk %+v; want %s, %s", e.Verdict, c, tc.verdict, tc.openRisk)
			}
		})
	}
	plan := DefaultPlan()
	plan.Account.Equity = ptr("25000")
	day := SessionState{Known: true, TradesToday: 5, Open: three[:2]}
	r := EvaluateAll(ParseIdeas(told+"; buy 100 AAPL at 150, stop 149, target 152"), plan, day)
	if len(r.Ideas) != 2 || r.Verdict != Diamond {
		t.Fatalf("%d ideas, verdict %s; want 2, diamond\n%+v", len(r.Ideas), r.Verdict, r.Ideas)
	}
	if c := check(r.Ideas[1], RuleOpenRisk); c == nil || c.Expected != "at most $270.00 ($750.00 less $480.00 at risk in other trades)" {
		t.Errorf("the idea behind a trade on record: %+v", c)
	}
	r = EvaluateAll(ParseIdeas(told+"; I'm long 4 MES from 6002, stop 5998, target 6010"), plan, SessionState{Known: true, Open: three[:1]})
	if c := check(r.Ideas[1], RuleOpenRisk); c == nil || c.Expected != "at most $510.00 ($750.00 less $240.00 at risk in other trades)" {
		t.Errorf("one record told of by two ideas: %+v", c)
	}
	r = EvaluateAll(ParseIdeas(told+"; buy 2 MES at 5990, stop 5984, target 6002"), plan, day)
	if c := check(r.Ideas[1], RuleAveragingDown); c == nil || !c.Missed() {
		t.Errorf("adding to a loser that was told of: %+v", c)
	}
}

// TestOpenTradeWithoutStop is remarked on: its risk is unknown and not zero.
func TestOpenTradeWithoutStop(t *testing.T) {
	const remark = "your open trade in MNQ has no stop on record, so the open risk counts nothing for it"
	naked := OpenPosition{Symbol: "MNQ", Side: Long, Quantity: dec("1"), Entry: dec("21500"), NoStop: true}
	for _, tc := range []struct {
		name, text string
		open       []OpenPosition
		want       []string
	}{
		{"another trade", "long 2 MES at 6000, stop 5994, target 6012, account 25k", []OpenPosition{naked}, []string{remark}},
		{"two of them", "long 2 MES at 6000, stop 5994, target 6012, account 25k", []OpenPosition{naked, naked}, []string{remark}},
		{"beside a finding", "long 1 MES 6000, stop 5994, targets 6012 and 6013, account 25k", []OpenPosition{naked}, []string{"more targets than 1 can be split into; the nearest are counted", remark}},
		{"the trade itself, its stop told now", "I'm long 1 MNQ from 21500, stop 21490, target 21520, account 25k", []OpenPosition{naked}, nil},
		{"a stop that locks a profit in", "long 2 MES at 6000, stop 5994, target 6012, account 25k", []OpenPosition{{Symbol: "MNQ", Side: Long}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := Evaluate(ParseIdea(tc.text), DefaultPlan(), SessionState{Known: true, Open: tc.open})
			if e.Verdict == Skull || !slices.Equal(e.Numbers.Findings, tc.want) {
				t.Errorf("verdict %s, findings %q; want %q", e.Verdict, e.Numbers.Findings, tc.want)
			}
		})
	}
}

func TestLaterIsNotHeldAgainstTheClock(t *testing.T) {
	plan := DefaultPlan()
	plan.Session.Windows.Futures = []Window{{From: "09:30", To: "10:00"}}
	s := SessionState{Known: true, Now: time.Date(2026, 3, 10, 20, 0, 0, 0, time.UTC)}
	e := Evaluate(ParseIdea("tomorrow I buy 2 MES at 6000, stop 5994, target 6012, account 25k"), plan, s)
	if c := check(e, RuleWindow); c != nil || e.Verdict != Diamond {
		t.Errorf("verdict %s, window %+v; want diamond without it", e.Verdict, c)
	}
}

func TestWideningAStop(t *testing.T) {
	open := ParseIdea("I'm long 2 MES from 6000, stop 5994, target 6012, account 25k")
	for _, tc := range []struct {
		text   string
		missed bool
	}{{"move my stop to 5990", true}, {"move my stop to 5998", false}} {
		next, changed := Continue(open, nil, tc.text)
		if !changed {
			t.Fatalf("%q changes nothing", tc.text)
		}
		c := check(Evaluate(next, DefaultPlan(), SessionState{}), RuleWideningStops)
		if c == nil || c.Missed() != tc.missed {
			t.Errorf("%q: %+v, want missed %v", tc.text, c, tc.missed)
		}
	}
}

func TestContinue(t *testing.T) {
	for _, tc := range []struct {
		name, first string
		asked       []Field
		then, want  string
	}{
		{"the stop alone", "long 2 MES at 6000, target 6012", []Field{FieldStop}, "5994", "long 2 MES | entry 6000 | stop 5994 | target 6012"},
		{"stop and target in order", "long 2 MES at 6000", []Field{FieldStop, FieldTarget}, "5994 and 6012", "long 2 MES | entry 6000 | stop 5994 | target 6012"},
		{"labelled in any order", "long 2 MES at 6000", []Field{FieldStop, FieldTarget}, "target 6012 stop 5994", "long 2 MES | entry 6000 | stop 5994 | target 6012"},
		{"money is the account", "long 2 MES at 6000 target 6012", []Field{FieldStop, FieldEquity}, "25k", "long 2 MES | entry 6000 | target 6012 | equity 25000"},
		{"a distance", "long 2 MES at 6000 target 6012", []Field{FieldStop}, "6 points", "long 2 MES | entry 6000 | stop ~5994 | target 6012"},
		{"the instrument of a distance", "long at 1.0850, stop 20 pips", []Field{FieldInstrument}, "EURUSD", "long EURUSD | entry 1.085 | stop ~1.083"},
		{"a new entry moves a distance", "long 2 MES at 6000, 6 point stop", nil, "entry 5990", "long 2 MES | entry 5990 | stop ~5984"},
		{"a correction", "long 2 MES at 6000, stop 5994", nil, "make the stop 5992", "long 2 MES | entry 6000 | stop 5992"},
		{"another size", "long 20 MES at 6000, stop 5994", nil, "what about 8 contracts", "long 8 MES | entry 6000 | stop 5994"},
		{"a refusal", "long 2 MES at 6000, stop 5994", nil, "actually no stop", "long 2 MES | entry 6000 | no stop"},
		{"a side", "2 MES at 6000", []Field{FieldSide}, "short", "short 2 MES | entry 6000"},
		{"yes, that far", "long 2 MES at 6000, stop 5300, target 7500", []Field{FieldStop}, "yes", "long 2 MES | entry 6000 | stop 5300 | target 7500"},
		{"a price below a long is the stop", "long 2 MES at 6000", []Field{FieldStop, FieldTarget, FieldEquity}, "5994", "long 2 MES | entry 6000 | stop 5994"},
		{"a price above a long is the target", "long 2 MES at 6000", []Field{FieldStop, FieldTarget, FieldEquity}, "6012", "long 2 MES | entry 6000 | target 6012"},
		{"the micro has the same prices", "long 2 ES at 6000, stop 5994", nil, "make it MES", "long 2 MES | entry 6000 | stop 5994"},
		{"another instrument has not", "long 2 ES at 6000, stop 5994", nil, "what about NQ?", "long 2 NQ"},
		{"a size alone", "long 2 MES at 6000, stop 5994", nil, "make it 3", "long 3 MES | entry 6000 | stop 5994"},
		{"a size in a question", "long 2 MES at 6000, stop 5994", nil, "and with 4?", "long 4 MES | entry 6000 | stop 5994"},
		{"the stop lower", "long 2 MES at 6000, stop 5994, target 6012", nil, "move the stop 2 points lower", "long 2 MES | entry 6000 | stop ~5992 | target 6012"},
		{"a wider stop of a short", "short 2 MES at 6000, stop 6006", nil, "stop 8 ticks wider", "short 2 MES | entry 6000 | stop ~6008"},
		{"a farther target", "long 2 MES at 6000, stop 5994, target 6012", nil, "target 3 points higher", "long 2 MES | entry 6000 | stop 5994 | target ~6015"},
		{"one more target", "long 2 MES at 6000, stop 5994, target 6012", nil, "add a second target at 6018", "long 2 MES | entry 6000 | stop 5994 | target 6012 | target 6018"},
		{"the other side", "long 2 MES at 6000, stop 5994, target 6012", nil, "i mean short", "short 2 MES | entry 6000 | stop 5994 | target 6012 | ask stop | ask target"},
		{"filled meanwhile", "long 2 MES at 6000, stop 5994, target 6012", nil, "ok I'm in, filled at 6000.25", "long 2 MES | entry 6000.25 | stop 5994 | target 6012 | open"},
		{"several at once", "long 2 MES at 6000, stop 5994, target 6012", nil, "3 contracts, stop 5995, tp 6015", "long 3 MES | entry 6000 | stop 5995 | target 6015"},
		{"the point value", "long 1 NG at 3.50 stop 3.45", []Field{FieldPointValue}, "10000", "long 1 NG | entry 3.5 | stop 3.45 | point 10000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next, changed := Continue(ParseIdea(tc.first), tc.asked, tc.then)
			if got := render(next); !changed || got != tc.want {
				t.Errorf("changed %v\n got %s\nwant %s", changed, got, tc.want)
			}
		})
	}
	for _, text := range []string{"why is 2R needed?", "is 1% too much?", "my friend says 6030 is coming", "half the size", "2", "thanks", "ok", "what do you mean?", "hm, 3 people said the same"} {
		first := ParseIdea("long 2 MES at 6000, stop 5994, target 6012")
		if next, changed := Continue(first, nil, text); changed {
			t.Errorf("%q changed the idea to %s", text, render(next))
		}
	}
}

// TestStraysAreAsked: a number without a role is asked about when it could be
// what is missing, and "yes" is an answer.
func TestStraysAreAsked(t *testing.T) {
	for _, tc := range []struct{ text, then, want string }{
		{"long 2 MES at 6000, stop 5994, target 6012, 25k", "yes", "long 2 MES | entry 6000 | stop 5994 | target 6012 | equity 25000"},
		{"long 2 MES 6000 5994", "yep, stop", "long 2 MES | entry 6000 | stop 5994"},
		{"long 2 MES 6000 6012, stop 5994", "yes", "long 2 MES | entry 6000 | stop 5994 | target 6012"},
		{"buy mes if we reclaim 6000, stop 5994, target 6012", "yes", "long MES | entry 6000 | stop 5994 | target 6012"},
		{"long 2 MES at 6000, stop 5994, target 6012, 25k", "no, account 10k", "long 2 MES | entry 6000 | stop 5994 | target 6012 | equity 10000"},
	} {
		first := ParseIdea(tc.text)
		if len(first.Questions) != 1 {
			t.Errorf("%q: questions %v; want one", tc.text, first.Questions)
		}
		next, _ := Continue(first, []Field{first.Questions[0].Field}, tc.then)
		if got := render(next); got != tc.want {
			t.Errorf("%q, then %q:\n got %s\nwant %s", tc.text, tc.then, got, tc.want)
		}
	}
	if i := ParseIdea("long 2 MES at 6000, stop 5994, target 6012, it bounced there 3 times from 5996"); len(i.Questions) > 0 {
		t.Errorf("a passing number is asked about: %v", i.Questions)
	}
}

// TestWorthFromWords: what the trader says a move pays is used where the table
// knows nothing, and never against the table.
func TestWorthFromWords(t *testing.T) {
	for _, tc := range []struct{ text, point string }{
		{"long 1 NG at 3.20 stop 3.15 target 3.35, $10 per tick, tick size 0.001", "10000"},
		{"long 1 NG at 3.20 stop 3.15 target 3.35, tick 0.001 = $10", "10000"},
		{"long 1 NG at 3.20 stop 3.15 target 3.35, a point is $10000", "10000"},
		{"short 2 US30 44100 stop 44180 target 43900, $1 a point", "1"},
		{"short 2 US30 44100 stop 44180 target 43900, a point pays $1", "1"},
	} {
		i := ParseIdea(tc.text)
		if i.PointValue == nil || i.PointValue.String() != tc.point || i.Instrument == nil || !i.Instrument.Sized() {
			t.Errorf("%q: point value %v; want %s", tc.text, i.PointValue, tc.point)
		}
	}
	if i := ParseIdea("long 1 NG at 3.20 stop 3.15 target 3.35, $10 per tick"); i.PointValue != nil || len(i.Questions) != 1 || i.Questions[0].Field != FieldPointValue {
		t.Errorf("a tick of unknown size: value %v, questions %v; want a question", i.PointValue, i.Questions)
	}
	i := ParseIdea("long 1 ES at 6000 stop 5994 target 6012, $5 a point")
	if i.PointValue != nil || i.Instrument.PointValue.String() != "50" || len(i.Notes) != 1 {
		t.Errorf("ES at $5 a point: value %v, counted with %s, notes %v; want the table's 50 and a note", i.PointValue, i.Instrument.PointValue, i.Notes)
	}
}
