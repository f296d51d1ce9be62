package trading

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

func manyTrades() []Trade {
	trades := make([]Trade, 100_000)
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	risk := dec("100")
	for n := range trades {
		opened := at.Add(time.Duration(n) * time.Minute)
		trades[n] = Trade{
			Symbol: fmt.Sprintf("S%03d", n*7%200), OpenedAt: opened, ClosedAt: opened.Add(time.Minute),
			Net: decimal.New(int64(n*7919%40_000)-18_000, -2), Risk: &risk,
		}
	}
	return trades
}

func BenchmarkSummarise100k(b *testing.B) {
	trades := manyTrades()
	b.ReportAllocs()
	for b.Loop() {
		Summarise(trades)
	}
}

// BenchmarkQueryStats100k: two hundred groups of five hundred, each of which is
// resampled: the dearest case.
func BenchmarkQueryStats100k(b *testing.B) {
	trades := manyTrades()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := QueryStats(trades, StatsQuery{GroupBy: ByInstrument}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQueryStatsByHour100k(b *testing.B) {
	trades := manyTrades()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := QueryStats(trades, StatsQuery{GroupBy: ByHour, Zone: zone}); err != nil {
			b.Fatal(err)
		}
	}
}
