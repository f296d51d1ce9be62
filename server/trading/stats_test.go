package trading

import (
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
		trades[n] = Trade{Symbol: "MES", Kind: KindFuture, Side: Long, OpenedAt: at.Add(time.Duration(n) * time.Minute),
			ClosedAt: at.Add(time.Duration(n)*time.Minute + 30*time.Second), Net: dec(net), Risk: ptr("100")}
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

func BenchmarkSummarise100k(b *testing.B) {
	trades := make([]Trade, 100_000)
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	risk := dec("100")
	for n := range trades {
		trades[n] = Trade{ClosedAt: at.Add(time.Duration(n) * time.Minute), Net: decimal.New(int64(n*7919%40_000)-18_000, -2), Risk: &risk}
	}
	b.ReportAllocs()
	for b.Loop() {
		Summarise(trades)
	}
}
