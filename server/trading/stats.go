package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// TooFew is the number of trades below which a statistic says little, and says
// so.
const TooFew = 30

// Stat is a statistic with how much stands behind it.
type Stat struct {
	Value    *decimal.Decimal `json:"value"` // nil: not defined (no trades, no losses)
	N        int              `json:"n"`
	TooFew   bool             `json:"tooFew"`
	Interval *Interval        `json:"interval"` // nil where none is meaningful
}

// Stats sums up closed trades. Money is in dollars after costs.
type Stats struct {
	Trades       int             `json:"trades"`
	Wins         int             `json:"wins"`
	Losses       int             `json:"losses"`
	Scratches    int             `json:"scratches"` // came out at nothing
	Net          decimal.Decimal `json:"net"`
	GrossWin     decimal.Decimal `json:"grossWin"`
	GrossLoss    decimal.Decimal `json:"grossLoss"` // positive
	WinRate      Stat            `json:"winRate"`   // wins of all trades, 0–1, Wilson interval
	AverageWin   Stat            `json:"averageWin"`
	AverageLoss  Stat            `json:"averageLoss"`  // positive
	Expectancy   Stat            `json:"expectancy"`   // dollars a trade
	ExpectancyR  Stat            `json:"expectancyR"`  // R a trade, of trades that had a stop; bootstrap interval
	ProfitFactor Stat            `json:"profitFactor"` // gross win over gross loss
	WinStreak    int             `json:"winStreak"`
	LossStreak   int             `json:"lossStreak"`
	MaxDrawdown  decimal.Decimal `json:"maxDrawdown"` // largest fall of the sum of nets from a peak, positive
}

// Summarise computes the statistics of the closed trades among those given, in
// the order they were closed. The same trades always give the same numbers.
func Summarise(trades []Trade) Stats {
	closed := make([]*Trade, 0, len(trades))
	for n := range trades {
		if !trades[n].IsOpen() {
			closed = append(closed, &trades[n])
		}
	}
	return summarise(closed)
}

func summarise(closed []*Trade) Stats {
	byClose := func(a, b *Trade) int { return a.ClosedAt.Compare(b.ClosedAt) }
	if !slices.IsSortedFunc(closed, byClose) {
		slices.SortStableFunc(closed, byClose)
	}
	t, ok := tallyInts(closed)
	if !ok {
		t = tallyDecimals(closed)
	}
	s := Stats{
		Trades: len(closed), Wins: t.wins, Losses: t.losses, Scratches: len(closed) - t.wins - t.losses,
		Net: t.won.Sub(t.lost), GrossWin: t.won, GrossLoss: t.lost,
		WinStreak: t.winStreak, LossStreak: t.lossStreak, MaxDrawdown: t.deepest,
	}
	s.WinRate = ratio(count(s.Wins), count(s.Trades), s.Trades)
	s.WinRate.Interval = wilson(s.Wins, s.Trades)
	s.AverageWin = ratio(s.GrossWin, count(s.Wins), s.Wins)
	s.AverageLoss = ratio(s.GrossLoss, count(s.Losses), s.Losses)
	s.Expectancy = ratio(s.Net, count(s.Trades), s.Trades)
	s.ExpectancyR = ratio(t.sumR, count(len(t.multiples)), len(t.multiples))
	s.ExpectancyR.Interval = meanInterval(t.multiples)
	s.ProfitFactor = ratio(s.GrossWin, s.GrossLoss, s.Trades)
	return s
}

func count(n int) decimal.Decimal { return decimal.NewFromInt(int64(n)) }

// ratio is a quotient as a statistic; undefined over nothing.
func ratio(x, by decimal.Decimal, n int) Stat {
	s := Stat{N: n, TooFew: n < TooFew}
	if by.Sign() > 0 {
		v := cut(x, by)
		s.Value = &v
	}
	return s
}
