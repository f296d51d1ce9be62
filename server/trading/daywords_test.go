package trading

import (
	"testing"
	"time"
)

func TestReadDay(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"down $600 today", "$600.00 lost today"},
		{"I'm already down 600 bucks, long 8 MES at 6000, stop 5994", "$600.00 lost today"},
		{"lost $600 of a $750 day", "$600.00 lost today"},
		{"-$400 on the day, short NQ 21000 stop 21020", "$400.00 lost today"},
		{"down 350 today", "$350.00 lost today"},
		{"down about $1,200 so far", "$1,200.00 lost today"},
		{"down 2% today", "2 % lost today"},
		{"third trade today", "2 trades before this one"},
		{"2nd trade of the day: short 1 MES 6000", "1 trade before this one"},
		{"my 7th trade, long MES", "6 trades before this one"},
		{"trade number 4 today", "3 trades before this one"},
		{"took 6 trades today already", "6 trades before this one"},
		{"already lost 2 trades", "2 losses in a row"},
		{"lost 3 in a row, want to short 4 MES", "3 losses in a row"},
		{"after two losses today I want to go long", "2 losses in a row"},
		{"3 straight losses, down $500", "$500.00 lost today and 3 losses in a row"},
		{"stopped out 5 minutes ago, long MES again", "a loss 5 minutes ago"},
		{"just got stopped out, short MES 6000", "a loss just now"},
		{"lost 3 in a row today, already down $300", "$300.00 lost today and 3 losses in a row"},
		// near misses
		{"TSLA is down $12 today, buy 10 at 240", ""},
		{"not down $600 today", ""},
		{"I was down $600 yesterday", ""},
		{"down $600 this week", ""},
		{"if I lose $600 today I stop", ""},
		{"my max is 6 trades a day", ""},
		{"lost 2 trades but won 3 today", ""},
		{`he wrote "down $600 today" and I laughed`, ""},
		{"long MES at 6000, stop 5994 down 6 points", ""},
		{"price is down 20 points today", ""},
		{"up $600 today", ""},
		{"a trade lost in the noise", ""},
	} {
		got := ""
		if w := ReadDay(tc.text); !w.IsZero() {
			got = w.String()
		}
		if got != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

// TestVector11FromWords: lost $600 of a $750 day, the idea risks $240: a
// critical miss, and size 5 would fit, with no journal at all.
func TestVector11FromWords(t *testing.T) {
	const text = "down $600 today. long 8 MES at 6000, stop 5994, target 6012, account 25k"
	i := ParseIdea(text)
	e := Evaluate(i, DefaultPlan(), SessionState{}.Tighten(ReadDay(text), i.Equity))
	c := check(e, RuleDailyLoss)
	if e.Verdict != Skull || c == nil || !c.Missed() || !c.Critical {
		t.Fatalf("verdict %s, daily loss %+v; want skull by a critical miss", e.Verdict, c)
	}
	equal(t, "size that fits", *e.Numbers.Change.Size, "5")
}

// TestTightenNeverLoosens: whatever the words claim, the day of the record is
// the least strict it can be.
func TestTightenNeverLoosens(t *testing.T) {
	now := time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)
	kept := SessionState{Known: true, Now: now, RealisedNet: dec("-700"), TradesToday: 6, ConsecutiveLosses: 3, LastLossClosedAt: now.Add(-time.Minute)}
	for _, text := range []string{"down $5 today", "second trade today", "lost 1 trade today", "stopped out 50 minutes ago", "up $2000 today, 0 trades today", "down 0.1% today"} {
		got := kept.Tighten(ReadDay(text), ptr("25000"))
		if !got.RealisedNet.Equal(kept.RealisedNet) || got.TradesToday != 6 || got.ConsecutiveLosses != 3 || !got.LastLossClosedAt.Equal(kept.LastLossClosedAt) {
			t.Errorf("%q loosened the day: %+v", text, got)
		}
	}
}
