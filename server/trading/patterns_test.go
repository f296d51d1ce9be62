package trading

import (
	"slices"
	"testing"
	"time"
)

// wordPatterns are, for each pattern that words can give away, a message that
// does, one that nearly does, and one that denies it.
func wordPatterns() []struct {
	tag                 PatternTag
	trigger, near, deny string
} {
	return []struct {
		tag                 PatternTag
		trigger, near, deny string
	}{
		{RevengeTrading, "I need to make it back before the close", "back in MES after lunch", "I'm not trying to make it back"},
		{EmotionalTrading, "I am so angry after that fill", "the angry bear pattern on the 5m", "I'm not frustrated at all"},
		{FOMO, "it's running without me!", "runner at 6030", "this is not fomo"},
		{Overconfidence, "can't lose on this one", "all in all a fair trade plan", "it's never a sure thing"},
		{LossAversion, "I moved my stop again", "the stop is at 5994", "I didn't move my stop"},
		{Overtrading, "just one more and I'm done", "one more question about the plan", "I am not overtrading today"},
		{DisciplineIssues, "I broke my rules this morning", "what do my rules say?", "I did not break my rules"},
		{AnalysisParalysis, "I keep hesitating at the entry", "hesitation candle at 6000", "I'm no longer overthinking, not overthinking at all"},
		{GoodDiscipline, "I stuck to my plan today", "my plan is in the app", "I have not followed my plan"},
		{ProperRiskManagement, "I cut my size after the second loss", "what size can I take?", "I didn't cut my size"},
		{PatientExecution, "I waited for the retest", "waiting in the queue", "I never waited for the retest"},
		{ObjectiveAnalysis, "I could be wrong, so the stop is tight", "wrong ticker, sorry", "no, nothing invalidates my idea"},
		{ConfirmationBias, "all signs point up", "signs of life in NQ", "not all signs point up"},
		{Anchoring, "I wait till it's back at, when it gets back to my entry", "used the 50 ema", "I don't wait until it gets back to my entry"},
		{RecencyBias, "I've been losing all week", "the last line of the plan", "I haven't got a hot streak, no hot streak"},
		{RiskAversion, "I took profit too early again", "take profit at 6012", "I did not exit too early"},
	}
}

func TestPatternsInWords(t *testing.T) {
	has := func(text string, tag PatternTag) bool {
		return slices.ContainsFunc(Patterns(text, SessionState{}, DefaultPlan(), AboutTrader), func(p Pattern) bool { return p.Tag == tag && p.Evidence != "" })
	}
	for _, tc := range wordPatterns() {
		t.Run(string(tc.tag), func(t *testing.T) {
			if !has(tc.trigger, tc.tag) {
				t.Errorf("%q does not show it", tc.trigger)
			}
			for _, text := range []string{tc.near, tc.deny, `he wrote "` + tc.trigger + `" in the chat`, "he wrote '" + tc.trigger + "' in the chat", "> " + tc.trigger + "\nwhat do you say to that?", "“" + tc.trigger + "” is what my book warns of"} {
				if has(text, tc.tag) {
					t.Errorf("%q is taken for it", text)
				}
			}
		})
	}
}

// TestEveryPhraseIsQuotable: each phrase triggers alone, and neither in quotes
// nor behind a no.
func TestEveryPhraseIsQuotable(t *testing.T) {
	for _, group := range append(append([]patternPhrases{}, phrasesOf...), biasesOf...) {
		for _, phrase := range group.words {
			if _, ok := says(spokenWords("well, "+phrase+"."), group.words); !ok {
				t.Errorf("%s: %q does not trigger", group.tag, phrase)
			}
			for _, text := range []string{`he said "` + phrase + `" again`, "I never " + phrase, "what is " + phrase + "?"} {
				if found, ok := says(spokenWords(text), []string{phrase}); ok {
					t.Errorf("%s: %q triggers by %q", group.tag, text, found)
				}
			}
		}
	}
}

func TestBiasesOnlyAboutTheTrader(t *testing.T) {
	for _, p := range Patterns("all signs point up, I took profit too early, I've been losing, it used to be at 7000", SessionState{}, DefaultPlan(), AboutTrade) {
		switch p.Tag {
		case ConfirmationBias, Anchoring, RecencyBias, RiskAversion:
			t.Errorf("%s outside psychology mode", p.Tag)
		}
	}
}

// journal builds trades for the detectors, from 10:00 in New York on.
type journal struct {
	at     time.Time
	trades []Trade
}

func newJournal() *journal {
	return &journal{at: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)}
}

func (j *journal) add(symbol, net, risk string, held time.Duration, change ...func(*Trade)) *journal {
	t := Trade{Symbol: symbol, Kind: KindFuture, Side: Long, OpenedAt: j.at, ClosedAt: j.at.Add(held), Net: dec(net)}
	if risk != "" {
		t.Risk = ptr(risk)
	}
	for _, c := range change {
		c(&t)
	}
	j.trades = append(j.trades, t)
	j.at = t.ClosedAt
	return j
}

func (j *journal) wait(d time.Duration) *journal {
	j.at = j.at.Add(d)
	return j
}

func (j *journal) times(n int, do func(*journal)) *journal {
	for range n {
		do(j)
	}
	return j
}

func TestPatternsInTrades(t *testing.T) {
	minute := time.Minute
	with := func(v Verdict) func(*Trade) { return func(t *Trade) { t.Verdict = v } }
	feels := func(e string) func(*Trade) { return func(t *Trade) { t.Emotion = e } }
	for _, tc := range []struct {
		name string
		tag  PatternTag
		do   func(*journal)
		want string // of the evidence; "" for none
	}{
		{"a loss, then the same instrument at once", RevengeTrading, func(j *journal) { j.add("MES", "-60", "60", minute).wait(5*minute).add("MES", "10", "60", minute) }, "MES entered 5 minutes after a loss of $60.00 in MES: the same instrument"},
		{"a loss, then more at risk elsewhere", RevengeTrading, func(j *journal) { j.add("MES", "-60", "60", minute).wait(5*minute).add("NQ", "10", "61", minute) }, "NQ entered 5 minutes after a loss of $60.00 in MES: more money at risk"},
		{"a loss, then as much elsewhere", RevengeTrading, func(j *journal) { j.add("MES", "-60", "60", minute).wait(5*minute).add("NQ", "10", "60", minute) }, ""},
		{"a loss, then the cooldown to the minute", RevengeTrading, func(j *journal) { j.add("MES", "-60", "60", minute).wait(15*minute).add("MES", "10", "60", minute) }, ""},
		{"a loss, a win, then the same", RevengeTrading, func(j *journal) {
			j.add("MES", "-60", "60", minute).wait(2*minute).add("NQ", "10", "20", minute).wait(2*minute).add("MES", "10", "60", minute)
		}, ""},
		{"the allowed six", Overtrading, func(j *journal) { j.times(6, func(j *journal) { j.add("MES", "1", "60", minute).wait(20 * minute) }) }, ""},
		{"seven of six", Overtrading, func(j *journal) { j.times(7, func(j *journal) { j.add("MES", "1", "60", minute).wait(20 * minute) }) }, "7 trades today, 6 allowed"},
		{"three times the usual day", Overtrading, func(j *journal) {
			j.at = j.at.AddDate(0, 0, -10)
			j.times(10, func(j *journal) { j.add("MES", "1", "60", minute).wait(24*time.Hour - minute) })
			j.times(3, func(j *journal) { j.add("MES", "1", "60", minute).wait(20 * minute) })
		}, "3 trades today, 1 on your usual day"},
		{"angry twice", EmotionalTrading, func(j *journal) {
			j.add("MES", "1", "60", minute, feels("Angry")).add("MES", "1", "60", minute).add("MES", "1", "60", minute, feels("tilt"))
		}, "2 of your last 3 trades are marked so"},
		{"angry once", EmotionalTrading, func(j *journal) { j.add("MES", "1", "60", minute, feels("angry")).add("MES", "1", "60", minute) }, ""},
		{"chased twice", FOMO, func(j *journal) {
			j.add("MES", "1", "60", minute, feels("fomo")).add("MES", "1", "60", minute, feels("chasing"))
		}, "2 of your last 2 trades are marked so"},
		{"three against a skull", DisciplineIssues, func(j *journal) {
			j.times(3, func(j *journal) { j.add("MES", "1", "60", minute, with(Skull)) })
		}, "3 of your last 3 trades were taken against a skull"},
		{"two against a skull", DisciplineIssues, func(j *journal) {
			j.times(2, func(j *journal) { j.add("MES", "1", "60", minute, with(Skull)) })
		}, ""},
		{"larger by half after three wins", Overconfidence, func(j *journal) {
			j.times(3, func(j *journal) { j.add("MES", "60", "60", minute) }).add("MES", "1", "90", minute)
		}, "$90.00 at risk after 3 wins in a row, $60.00 before"},
		{"nearly larger by half", Overconfidence, func(j *journal) {
			j.times(3, func(j *journal) { j.add("MES", "60", "60", minute) }).add("MES", "1", "89.99", minute)
		}, ""},
		{"losers held twice as long", LossAversion, func(j *journal) {
			j.times(5, func(j *journal) { j.add("MES", "60", "60", 10*minute).add("MES", "-60", "60", 20*minute) })
		}, "losers are held 20 minutes, winners 10 (medians of 5 and 5)"},
		{"losers held not quite as long", LossAversion, func(j *journal) {
			j.times(5, func(j *journal) { j.add("MES", "60", "60", 10*minute).add("MES", "-60", "60", 19*minute) })
		}, ""},
		{"five diamonds", GoodDiscipline, func(j *journal) {
			j.times(5, func(j *journal) { j.add("MES", "-1", "60", minute, with(Diamond)) })
		}, "your last 5 trades were all within your plan"},
		{"four diamonds and a fire", GoodDiscipline, func(j *journal) {
			j.times(4, func(j *journal) { j.add("MES", "-1", "60", minute, with(Diamond)) }).add("MES", "1", "60", minute, with(Fire))
		}, ""},
		{"ten with stops alike", ProperRiskManagement, func(j *journal) {
			j.times(10, func(j *journal) { j.add("MES", "-66", "60", minute) })
		}, "your last 10 trades all had a stop, alike in size, and no loss went beyond it"},
		{"ten, one without a stop", ProperRiskManagement, func(j *journal) {
			j.times(9, func(j *journal) { j.add("MES", "-60", "60", minute) }).add("MES", "10", "", minute)
		}, ""},
		{"ten, one lost beyond its stop", ProperRiskManagement, func(j *journal) {
			j.times(9, func(j *journal) { j.add("MES", "-60", "60", minute) }).add("MES", "-67", "60", minute)
		}, ""},
		{"three losses, three pauses", PatientExecution, func(j *journal) {
			j.times(3, func(j *journal) { j.add("MES", "-60", "60", minute).wait(15 * minute) })
		}, "3 losses in your last 3 trades, and the pause kept after each"},
		{"three losses, one pause too short", PatientExecution, func(j *journal) {
			j.add("MES", "-60", "60", minute).wait(14*minute).add("MES", "-60", "60", minute).wait(15*minute).add("MES", "-60", "60", minute)
		}, ""},
		{"small wins, full losses", RiskAversion, func(j *journal) {
			j.times(10, func(j *journal) { j.add("MES", "30", "60", minute).add("MES", "-60", "60", minute) })
		}, "your median win is 0.50 R, your median loss 1.00 R (10 and 10 trades)"},
		{"nine small wins", RiskAversion, func(j *journal) {
			j.times(9, func(j *journal) { j.add("MES", "30", "60", minute).add("MES", "-60", "60", minute) })
		}, ""},
		{"half the risk after three losses", RecencyBias, func(j *journal) {
			j.times(3, func(j *journal) { j.add("MES", "-60", "60", minute) }).add("MES", "1", "30", minute)
		}, "$30.00 at risk after 3 losses in a row, $60.00 before"},
		{"nearly half", RecencyBias, func(j *journal) {
			j.times(3, func(j *journal) { j.add("MES", "-60", "60", minute) }).add("MES", "1", "31", minute)
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := newJournal()
			tc.do(j)
			got := ""
			for _, p := range PatternsIn(j.trades, DefaultPlan(), j.at, AboutTrader) {
				if p.Tag == tc.tag {
					got = p.Evidence
				}
			}
			if got != tc.want {
				t.Errorf("%s: %q, want %q", tc.tag, got, tc.want)
			}
			slices.Reverse(j.trades) // the order of the record does not matter
			again := ""
			for _, p := range PatternsIn(j.trades, DefaultPlan(), j.at, AboutTrader) {
				if p.Tag == tc.tag {
					again = p.Evidence
				}
			}
			if again != got {
				t.Errorf("in another order: %q, not %q", again, got)
			}
		})
	}
	if got := PatternsIn(nil, DefaultPlan(), time.Unix(0, 0), AboutTrader); len(got) != 0 {
		t.Errorf("an empty journal shows %v", got)
	}
}
