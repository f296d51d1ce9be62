package trading

import (
	"math"
	"math/rand/v2"
	"slices"
)

// How intervals are made: 95 %, by resampling up to this many trades; beyond,
// the mean is as good as normal and resampling would only cost time. The draws
// of one interval are bounded, so that two hundred groups cost no more than
// some tens of milliseconds.
const (
	maxResamples  = 1000
	drawBudget    = 200_000
	resampleLimit = 500
	normal95      = 1.959963984540054
)

// Interval is a range that holds the true value in 95 of 100 such samples.
// Ratios and multiples only: never money.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
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
	draws := rand.NewPCG(1, uint64(n))
	means := make([]float64, min(maxResamples, drawBudget/n))
	for i := range means {
		means[i] = resampledMean(x, draws)
	}
	slices.Sort(means)
	return &Interval{Low: means[len(means)*25/1000], High: means[len(means)*975/1000-1]}
}

// resampledMean is the mean of as many draws, with replacement. One random
// word gives two draws: 32 bits times n, of which the upper half is the index.
func resampledMean(x []float64, draws *rand.PCG) float64 {
	n := uint64(len(x))
	sum := 0.0
	for left := n; left > 0; left-- {
		word := draws.Uint64()
		sum += x[(word>>32)*n>>32]
		if left--; left == 0 {
			break
		}
		sum += x[(word&0xffffffff)*n>>32]
	}
	return sum / float64(n)
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
