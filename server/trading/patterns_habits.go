package trading

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// overconfident looks at the latest entry: half as much again at risk after
// three wins in a row.
func (j journalView) overconfident() (Pattern, bool) {
	latest, row := j.afterRow(1)
	if latest == nil || latest.Risk == nil {
		return Pattern{}, false
	}
	usual, ok := medianRisk(row)
	if !ok || latest.Risk.Mul(two).LessThan(usual.Mul(three)) {
		return Pattern{}, false
	}
	return Pattern{Overconfidence, fmt.Sprintf("%s at risk after %d wins in a row, %s before", ShowMoney(*latest.Risk), len(row), ShowMoney(usual))}, true
}

// recency looks at the latest entry: half the risk or less after three losses.
func (j journalView) recency() (Pattern, bool) {
	latest, row := j.afterRow(-1)
	if latest == nil || latest.Risk == nil {
		return Pattern{}, false
	}
	usual, ok := medianRisk(row)
	if !ok || latest.Risk.Mul(two).GreaterThan(usual) {
		return Pattern{}, false
	}
	return Pattern{RecencyBias, fmt.Sprintf("%s at risk after %d losses in a row, %s before", ShowMoney(*latest.Risk), len(row), ShowMoney(usual))}, true
}

// afterRow is the latest entry and the trades of one outcome, three at least,
// that were closed right before it.
func (j journalView) afterRow(sign int) (*Trade, []*Trade) {
	if len(j.entered) == 0 {
		return nil, nil
	}
	latest := j.entered[len(j.entered)-1]
	var row []*Trade
	for _, c := range slices.Backward(j.closed) {
		if c == latest || c.ClosedAt.After(latest.OpenedAt) {
			continue
		}
		if c.Net.Sign() != sign {
			break
		}
		row = append(row, c)
	}
	if len(row) < streakLength {
		return nil, nil
	}
	return latest, row
}

func medianRisk(trades []*Trade) (decimal.Decimal, bool) {
	var risks []decimal.Decimal
	for _, t := range trades {
		if t.Risk != nil && t.Risk.Sign() > 0 {
			risks = append(risks, *t.Risk)
		}
	}
	return medianOf(risks)
}

func medianOf(x []decimal.Decimal) (decimal.Decimal, bool) {
	if len(x) == 0 {
		return decimal.Zero, false
	}
	slices.SortFunc(x, decimal.Decimal.Cmp)
	return x[len(x)/2], true
}

// holdsLosers compares the median time that losers and winners are held.
func (j journalView) holdsLosers() (Pattern, bool) {
	var won, lost []time.Duration
	for _, t := range j.closed {
		switch held := t.ClosedAt.Sub(t.OpenedAt); t.Net.Sign() {
		case 1:
			won = append(won, held)
		case -1:
			lost = append(lost, held)
		}
	}
	if len(won) < enoughEach || len(lost) < enoughEach {
		return Pattern{}, false
	}
	slices.Sort(won)
	slices.Sort(lost)
	w, l := won[len(won)/2], lost[len(lost)/2]
	if w <= 0 || l < 2*w {
		return Pattern{}, false
	}
	return Pattern{LossAversion, fmt.Sprintf("losers are held %d minutes, winners %d (medians of %d and %d)", int(l/time.Minute), int(w/time.Minute), len(lost), len(won))}, true
}

// cutsWinners compares the median win and loss in R.
func (j journalView) cutsWinners() (Pattern, bool) {
	var won, lost []decimal.Decimal
	for _, t := range j.closed {
		r, ok := t.R()
		switch {
		case ok && r.Sign() > 0:
			won = append(won, r)
		case ok && r.Sign() < 0:
			lost = append(lost, r.Neg())
		}
	}
	if len(won) < enoughForSize || len(lost) < enoughForSize {
		return Pattern{}, false
	}
	w, _ := medianOf(won)
	l, _ := medianOf(lost)
	if w.Mul(two).GreaterThan(l) {
		return Pattern{}, false
	}
	return Pattern{RiskAversion, fmt.Sprintf("your median win is %s R, your median loss %s R (%d and %d trades)", ShowR(w), ShowR(l), len(won), len(lost))}, true
}
