package trading

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func closedTrades(nets ...string) []Trade {
	at := time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)
	trades := make([]Trade, len(nets))
	for n, net := range nets {
		trades[n] = Trade{
			Symbol: "MES", Kind: KindFuture, Side: Long, OpenedAt: at.Add(time.Duration(n) * time.Minute),
			ClosedAt: at.Add(time.Duration(n)*time.Minute + 30*time.Second), Net: dec(net), Risk: ptr("100"),
		}
	}
	return trades
}

func TestSummarise(t *testing.T) {
	s := Summarise(closedTrades("200", "-100", "-100", "0", "-50", "300", "100"))
	if s.Trades != 7 || s.Wins != 3 || s.Losses != 3 || s.Scratches != 1 || s.LossStreak != 3 || s.WinStreak != 2 {
		t.Errorf("counts: %+v", s)
	}
	equal(t, "net", s.Net, "350")
	equal(t, "win rate", *s.WinRate.Value, "0.42857142")
	equal(t, "average win", *s.AverageWin.Value, "200")
	equal(t, "average loss", s.AverageLoss.Value.Round(4), "83.3333")
	equal(t, "expectancy", *s.Expectancy.Value, "50")
	equal(t, "expectancy in R", *s.ExpectancyR.Value, "0.5")
	equal(t, "profit factor", *s.ProfitFactor.Value, "2.4")
	equal(t, "drawdown", s.MaxDrawdown, "250")
	if !s.WinRate.TooFew || s.WinRate.N != 7 {
		t.Errorf("7 trades are not called too few: %+v", s.WinRate)
	}
}

func TestSummariseOfNothing(t *testing.T) {
	s := Summarise(nil)
	if s.WinRate.Value != nil || s.ProfitFactor.Value != nil || s.WinRate.Interval != nil || !s.WinRate.TooFew {
		t.Errorf("no trades give numbers: %+v", s)
	}
}

func TestProfitFactorWithoutLosses(t *testing.T) {
	if s := Summarise(closedTrades("100", "50")); s.ProfitFactor.Value != nil {
		t.Errorf("profit factor %s without a loss", s.ProfitFactor.Value)
	}
}

// 4 of 10: the score interval is 0.1682 to 0.6873.
func TestWilson(t *testing.T) {
	got := wilson(4, 10)
	if math.Abs(got.Low-0.1682) > 0.0001 || math.Abs(got.High-0.6873) > 0.0001 {
		t.Errorf("4 of 10: %+v", got)
	}
	if zero := wilson(0, 5); zero.Low != 0 || zero.High <= 0 {
		t.Errorf("0 of 5: %+v", zero)
	}
}

func TestIntervalHoldsTheMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-3, 5), 2, 700).Draw(t, "multiples")
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		mean, i := sum/float64(len(x)), meanInterval(x)
		if i.Low > i.High || len(x) > 30 && (mean < i.Low-1e-9 || mean > i.High+1e-9) {
			t.Fatalf("mean %v outside %+v", mean, i)
		}
		if diff := cmp.Diff(i, meanInterval(x)); diff != "" {
			t.Fatalf("two intervals of the same trades differ: %s", diff)
		}
	})
}

func TestStateAt(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, zone) }
	trade := func(open, closed time.Time, net string) Trade {
		return Trade{Symbol: "MES", Kind: KindFuture, Side: Long, Quantity: one, Entry: dec("6000"), OpenedAt: open, ClosedAt: closed, Net: dec(net), Risk: ptr("60")}
	}
	trades := []Trade{
		trade(at(9, 16, 0), at(9, 16, 30), "-500"), // the day before: it ended at 17:00
		trade(at(9, 17, 30), at(9, 18, 0), "40"),
		trade(at(10, 9, 40), at(10, 9, 50), "-60"),
		trade(at(10, 10, 0), at(10, 10, 10), "0"),
		trade(at(10, 10, 20), at(10, 10, 30), "-30"),
		trade(at(10, 10, 40), time.Time{}, "0"),
		trade(at(10, 12, 0), at(10, 12, 1), "999"), // still to come
	}
	s := StateAt(trades, DefaultPlan(), at(10, 11, 0))
	if s.TradesToday != 5 || s.ConsecutiveLosses != 2 || len(s.Open) != 1 || !s.Known {
		t.Errorf("trades %d, losses in a row %d, open %d; want 5, 2, 1", s.TradesToday, s.ConsecutiveLosses, len(s.Open))
	}
	equal(t, "net of the day", s.RealisedNet, "-50")
	equal(t, "open risk", s.OpenRisk(), "60")
	if !s.LastLossClosedAt.Equal(at(10, 10, 30)) || s.LastClosed == nil || !s.LastClosed.ClosedAt.Equal(at(10, 10, 30)) {
		t.Errorf("last loss %s, last closed %+v", s.LastLossClosedAt, s.LastClosed)
	}
}

// The clocks go forward on 8 March 2026: that trading day has 23 hours.
func TestDayStartOverDST(t *testing.T) {
	plan := DefaultPlan()
	start := plan.DayStart(KindFuture, time.Date(2026, 3, 8, 16, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 3, 7, 22, 0, 0, 0, time.UTC); !start.Equal(want) {
		t.Errorf("began %s, want %s", start.UTC(), want)
	}
	next := plan.DayStart(KindFuture, time.Date(2026, 3, 8, 21, 0, 0, 0, time.UTC))
	if got := next.Sub(start); got != 23*time.Hour {
		t.Errorf("the day has %s, want 23h", got)
	}
	if coins := plan.DayStart(KindCrypto, time.Date(2026, 3, 8, 0, 30, 0, 0, time.UTC)); !coins.Equal(time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the day of coins began %s", coins)
	}
}

// TestTallyBothWays: the sums in whole units are those in decimals.
func TestTallyBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Custom(func(t *rapid.T) decimal.Decimal {
			return decimal.New(rapid.Int64Range(-5_000_000, 5_000_000).Draw(t, "coefficient"), rapid.Int32Range(-4, 1).Draw(t, "exponent"))
		})
		n := rapid.IntRange(0, 40).Draw(t, "trades")
		closed := make([]*Trade, n)
		for i := range closed {
			closed[i] = &Trade{ClosedAt: time.Unix(int64(i+1), 0), Net: amount.Draw(t, "net")}
			if rapid.Bool().Draw(t, "stop") {
				risk := amount.Draw(t, "risk")
				closed[i].Risk = &risk
			}
		}
		quick, ok := tallyInts(closed)
		plain := tallyDecimals(closed)
		if !ok {
			return // declined: too large an R
		}
		same := cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })
		if diff := cmp.Diff(plain, quick, cmp.AllowUnexported(tally{}), same, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(a)) })); diff != "" {
			t.Fatalf("decimals (-) and whole units (+) differ:\n%s", diff)
		}
	})
}

func TestTallyOfVastAmounts(t *testing.T) {
	s := Summarise(closedTrades("999999999999999999.99", "-1", "0.0000000000001"))
	equal(t, "net", s.Net, "999999999999999998.9900000000001")
}

func journalled() []Trade {
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 30, 0, 0, time.UTC) }
	trade := func(symbol, setup, emotion, net string, opened time.Time, v Verdict, missed ...Rule) Trade {
		return Trade{Symbol: symbol, Setup: setup, Emotion: emotion, Net: dec(net), Risk: ptr("100"), OpenedAt: opened, ClosedAt: opened.Add(time.Hour), Verdict: v, MissedRules: missed}
	}
	return []Trade{
		trade("MES", "pullback", "calm", "200", at(9, 14), Diamond),
		trade("MES", "pullback", "calm", "-100", at(10, 14), Fire, RuleMinRewardRisk),
		trade("MES", "breakout", "angry", "-100", at(10, 15), Skull, RuleCooldown, RuleMinRewardRisk),
		trade("NQ", "", "", "50", at(10, 23), NoVerdict),
		{Symbol: "NQ", OpenedAt: at(11, 14)}, // still open
	}
}

func TestQueryStats(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		by   GroupBy
		want []string // key, trades, net
	}{
		{ByInstrument, []string{"MES 3 0", "NQ 1 50"}},
		{BySetup, []string{"pullback 2 100", "(none) 1 50", "breakout 1 -100"}},
		{ByEmotion, []string{"calm 2 100", "(none) 1 50", "angry 1 -100"}},
		{ByWeekday, []string{"Monday 1 200", "Tuesday 3 -150"}}, // 23:30 UTC is still Tuesday in New York
		{ByHour, []string{"10:00 2 100", "11:00 1 -100", "19:00 1 50"}},
		{ByRule, []string{"minRewardRisk 2 -200", "(no check) 1 50", "(none) 1 200", "cooldownAfterLossMinutes 1 -100"}},
	} {
		r, err := QueryStats(journalled(), StatsQuery{GroupBy: tc.by, Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, g := range r.Groups {
			got = append(got, fmt.Sprintf("%s %d %s", g.Key, g.Stats.Trades, g.Stats.Net))
			if !g.Stats.WinRate.TooFew || g.Stats.WinRate.N != g.Stats.Trades || g.Stats.WinRate.Interval == nil {
				t.Errorf("by %s: %s says %+v; want its n, too few, and an interval", tc.by, g.Key, g.Stats.WinRate)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" || r.Total.Trades != 4 {
			t.Errorf("by %s, %d in total (-want +got):\n%s", tc.by, r.Total.Trades, diff)
		}
	}
}

func TestQueryStatsOfASpan(t *testing.T) {
	q := StatsQuery{From: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC), GroupBy: ByInstrument, Most: 1}
	r, err := QueryStats(journalled(), q)
	if err != nil || r.Total.Trades != 1 || len(r.Groups) != 1 {
		t.Errorf("%d trades, %d groups, %v; want the one closed at 15:30", r.Total.Trades, len(r.Groups), err)
	}
	if _, err := QueryStats(nil, StatsQuery{GroupBy: "moon"}); err == nil {
		t.Error("grouping by the moon is no error")
	}
	q = StatsQuery{GroupBy: ByInstrument, Most: 1}
	if r, _ := QueryStats(journalled(), q); r.OtherGroups != 1 {
		t.Errorf("%d groups left out; want 1", r.OtherGroups)
	}
}
