package trading

import (
	"math/bits"

	"github.com/shopspring/decimal"
)

// tally is one pass over closed trades in the order they were closed.
type tally struct {
	wins, losses          int
	won, lost             decimal.Decimal // both positive
	sumR                  decimal.Decimal
	multiples             []float64 // R of each trade that had a stop
	winStreak, lossStreak int
	deepest               decimal.Decimal // fall of the sum of nets from a peak
}

// row follows wins and losses in a row; a scratch neither adds to a row nor
// ends it.
type row struct{ now, wins, losses int }

func (r *row) add(sign int) {
	switch {
	case sign > 0:
		r.now = max(r.now, 0) + 1
	case sign < 0:
		r.now = min(r.now, 0) - 1
	}
	r.wins, r.losses = max(r.wins, r.now), max(r.losses, -r.now)
}

// tallyDecimals is the plain way, for amounts of any size.
func tallyDecimals(closed []*Trade) tally {
	t := tally{multiples: make([]float64, 0, len(closed))}
	var inRow row
	var sum, peak decimal.Decimal
	for _, c := range closed {
		inRow.add(c.Net.Sign())
		switch c.Net.Sign() {
		case 1:
			t.wins, t.won = t.wins+1, t.won.Add(c.Net)
		case -1:
			t.losses, t.lost = t.losses+1, t.lost.Sub(c.Net)
		}
		sum = sum.Add(c.Net)
		peak = decimal.Max(peak, sum)
		t.deepest = decimal.Max(t.deepest, peak.Sub(sum))
		if r, ok := c.R(); ok {
			t.sumR = t.sumR.Add(r)
			t.multiples = append(t.multiples, r.InexactFloat64())
		}
	}
	t.winStreak, t.lossStreak = inRow.wins, inRow.losses
	return t
}

// Digits that sums in int64 may have: 18 always fit. A hundred thousand trades
// add five or six to those of one.
const (
	intDigits = 18
	maxScale  = 8
)

// tallyInts is the same in whole units of the smallest decimal place in use:
// still exact, and without an allocation for each sum, which is what a hundred
// thousand trades cost (BenchmarkSummarise100k: 1.4 million allocations down to
// a dozen). It declines amounts that could overflow.
func tallyInts(closed []*Trade) (tally, bool) {
	exp, ok := commonExponent(closed)
	if !ok {
		return tally{}, false
	}
	t := tally{multiples: make([]float64, 0, len(closed))}
	var inRow row
	var won, lost, sum, peak, deepest, sumR int64
	for _, c := range closed {
		net := scaled(c.Net, exp)
		switch {
		case net > 0:
			t.wins, won = t.wins+1, won+net
			inRow.add(1)
		case net < 0:
			t.losses, lost = t.losses+1, lost-net
			inRow.add(-1)
		}
		sum += net
		peak = max(peak, sum)
		deepest = max(deepest, peak-sum)
		if c.Risk == nil || c.Risk.Sign() <= 0 {
			continue
		}
		r, ok := quotient(net, scaled(*c.Risk, exp))
		if !ok {
			return tally{}, false
		}
		sumR += r
		t.multiples = append(t.multiples, float64(r)/1e8)
	}
	t.won, t.lost, t.deepest, t.sumR = decimal.New(won, exp), decimal.New(lost, exp), decimal.New(deepest, exp), decimal.New(sumR, -ratioPlaces)
	t.winStreak, t.lossStreak = inRow.wins, inRow.losses
	return t, true
}

// commonExponent is that of the smallest decimal place of all amounts; false
// when they could overflow together.
func commonExponent(closed []*Trade) (int32, bool) {
	exp := int32(0)
	for _, c := range closed {
		exp = min(exp, c.Net.Exponent())
		if c.Risk != nil {
			exp = min(exp, c.Risk.Exponent())
		}
	}
	room := intDigits
	for n := len(closed); n > 0; n /= 10 {
		room--
	}
	if exp < -maxScale {
		return 0, false
	}
	fits := func(d decimal.Decimal) bool {
		return d.Exponent() <= intDigits && d.NumDigits()+int(d.Exponent()-exp) <= room
	}
	for _, c := range closed {
		if !fits(c.Net) || c.Risk != nil && !fits(*c.Risk) {
			return 0, false
		}
	}
	return exp, true
}

// scaled is d in units of 10^exp; exp is not above its own.
func scaled(d decimal.Decimal, exp int32) int64 {
	v := d.CoefficientInt64()
	for n := d.Exponent(); n > exp; n-- {
		v *= 10
	}
	return v
}

// quotient is net/risk in units of 1e-8, cut like [cut]; false where so large
// an R could overflow the sum. risk is positive.
func quotient(net, risk int64) (int64, bool) {
	const limit = 1_000_000_000_000 // ten thousand R
	size := uint64(max(net, -net))
	high, low := bits.Mul64(size, 100_000_000)
	if high >= uint64(risk) {
		return 0, false
	}
	q, _ := bits.Div64(high, low, uint64(risk))
	switch {
	case q > limit:
		return 0, false
	case net < 0:
		return -int64(q), true
	}
	return int64(q), true
}
