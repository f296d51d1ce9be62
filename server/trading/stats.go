package trading

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/shopspring/decimal"
)

// TooFew is the number of trades below which a statistic says little, and says
// so.
const TooFew = 30

// How intervals are made: 95 %, by resampling up to this many trades; beyond,
// the mean is as good as normal and resampling would only cost time.
const (
	resamples     = 1000
	resampleLimit = 500
	normal95      = 1.959963984540054
)

// Interval is a range that holds the true value in 95 of 100 such samples.
// Ratios and multiples only: never money.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

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
	closed := make([]Trade, 0, len(trades))
	for _, t := range trades {
		if !t.IsOpen() {
			closed = append(closed, t)
		}
	}
	slices.SortStableFunc(closed, func(a, b Trade) int { return cmp.Compare(a.ClosedAt.UnixNano(), b.ClosedAt.UnixNano()) })
	s := Stats{Trades: len(closed)}
	var course course
	sumR, multiples := decimal.Zero, make([]float64, 0, len(closed))
	for _, t := range closed {
		s.count(t.Net)
		course.add(t.Net)
		if r, ok := t.R(); ok {
			sumR = sumR.Add(r)
			multiples = append(multiples, r.InexactFloat64())
		}
	}
	s.WinStreak, s.LossStreak, s.MaxDrawdown = course.wins, course.losses, course.deepest
	s.WinRate = ratio(decimal.NewFromInt(int64(s.Wins)), decimal.NewFromInt(int64(s.Trades)), s.Trades)
	s.WinRate.Interval = wilson(s.Wins, s.Trades)
	s.AverageWin = ratio(s.GrossWin, decimal.NewFromInt(int64(s.Wins)), s.Wins)
	s.AverageLoss = ratio(s.GrossLoss, decimal.NewFromInt(int64(s.Losses)), s.Losses)
	s.Expectancy = ratio(s.Net, decimal.NewFromInt(int64(s.Trades)), s.Trades)
	s.ExpectancyR = ratio(sumR, decimal.NewFromInt(int64(len(multiples))), len(multiples))
	s.ExpectancyR.Interval = meanInterval(multiples)
	s.ProfitFactor = ratio(s.GrossWin, s.GrossLoss, s.Trades)
	return s
}

func (s *Stats) count(net decimal.Decimal) {
	s.Net = s.Net.Add(net)
	switch net.Sign() {
	case 1:
		s.Wins++
		s.GrossWin = s.GrossWin.Add(net)
	case -1:
		s.Losses++
		s.GrossLoss = s.GrossLoss.Sub(net)
	default:
		s.Scratches++
	}
}

// ratio is a quotient as a statistic; undefined over nothing.
func ratio(x, by decimal.Decimal, n int) Stat {
	s := Stat{N: n, TooFew: n < TooFew}
	if by.Sign() > 0 {
		v := cut(x, by)
		s.Value = &v
	}
	return s
}

// course follows the sum of nets: streaks and the deepest fall.
type course struct {
	sum, peak, deepest decimal.Decimal
	row                int // of the same outcome; positive for wins
	wins, losses       int
}

func (c *course) add(net decimal.Decimal) {
	c.sum = c.sum.Add(net)
	if c.sum.GreaterThan(c.peak) {
		c.peak = c.sum
	}
	if fall := c.peak.Sub(c.sum); fall.GreaterThan(c.deepest) {
		c.deepest = fall
	}
	switch net.Sign() {
	case 1:
		c.row = max(c.row, 0) + 1
	case -1:
		c.row = min(c.row, 0) - 1
	default:
		return // a scratch neither adds to a row nor ends it
	}
	c.wins, c.losses = max(c.wins, c.row), max(c.losses, -c.row)
}

// wilson is the score interval of a proportion (Wilson 1927); it stays within
// 0 and 1 and makes sense for few trades too.
func wilson(hits, n int) *Interval {
	if n == 0 {
		return nil
	}
	p, z2 := float64(hits)/float64(n), normal95*normal95
	middle := p + z2/(2*float64(n))
	spread := normal95 * math.Sqrt(p*(1-p)/float64(n)+z2/(4*float64(n)*float64(n)))
	whole := 1 + z2/float64(n)
	return &Interval{Low: max(0, (middle-spread)/whole), High: min(1, (middle+spread)/whole)}
}

// meanInterval is the interval of a mean: percentiles of resampled means, with
// a fixed seed so that the same trades give the same interval.
func meanInterval(x []float64) *Interval {
	n := len(x)
	if n < 2 {
		return nil
	}
	if n > resampleLimit {
		return normalInterval(x)
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range n {
			sum += x[rng.IntN(n)]
		}
		means[i] = sum / float64(n)
	}
	slices.Sort(means)
	return &Interval{Low: means[resamples*25/1000], High: means[resamples*975/1000-1]}
}

func normalInterval(x []float64) *Interval {
	n := float64(len(x))
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	mean, squares := sum/n, 0.0
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	spread := normal95 * math.Sqrt(squares/(n-1)/n)
	return &Interval{Low: mean - spread, High: mean + spread}
}
