package trading

import (
	"errors"
	"slices"

	"github.com/shopspring/decimal"
)

// RRQuery asks what a trade may return for what it risks.
type RRQuery struct {
	Side    Side
	Entry   decimal.Decimal
	Stop    decimal.Decimal
	Targets []Target
	// Size and Step let portions be whole units (2 contracts on 2 targets is
	// one each); nil Size weighs the targets as fractions.
	Size *decimal.Decimal
	Step decimal.Decimal
}

// RR is the answer: what one unit risks, and each target as a multiple of it.
type RR struct {
	Risk     decimal.Decimal `json:"riskPoints"` // entry to stop, in price points
	Legs     []RRLeg         `json:"targets"`
	Blended  decimal.Decimal `json:"rewardRisk"`         // weighted by portions, cut after 8 digits; the best case
	Findings []string        `json:"findings,omitempty"` // what about the targets does not add up

	reward, weight decimal.Decimal // Blended is reward / (weight × Risk), kept for exact comparison
}

// RRLeg is one target.
type RRLeg struct {
	Price  decimal.Decimal `json:"price"`
	Points decimal.Decimal `json:"points"`
	R      decimal.Decimal `json:"rewardRisk"`
	Weight decimal.Decimal `json:"weight"` // units when the size is known, else a share
}

// ErrStopAtEntry says that nothing is risked on paper: R has no meaning.
var ErrStopAtEntry = errors.New("the stop is at the entry or on the wrong side of it: give a stop that would end the trade at a loss")

// RiskReward weighs the targets against the stop. It fails with ErrStopAtEntry
// when the stop is not on the losing side of the entry.
func RiskReward(q RRQuery) (RR, error) {
	risk := q.Entry.Sub(q.Stop).Mul(q.Side.toward())
	if risk.Sign() <= 0 {
		return RR{}, ErrStopAtEntry
	}
	rr := RR{Risk: risk, Legs: make([]RRLeg, len(q.Targets))}
	weights, findings := weigh(q)
	rr.Findings = findings
	for i, t := range q.Targets {
		points := t.Value.Sub(q.Entry).Mul(q.Side.toward())
		rr.Legs[i] = RRLeg{Price: t.Value, Points: points, R: cut(points, risk), Weight: weights[i]}
		rr.reward = rr.reward.Add(points.Mul(weights[i]))
		rr.weight = rr.weight.Add(weights[i])
	}
	rr.Blended = cut(rr.reward, rr.weight.Mul(risk))
	return rr, nil
}

// AtLeast compares exactly, without the digits that Blended lost.
func (r RR) AtLeast(least decimal.Decimal) bool {
	return r.reward.GreaterThanOrEqual(least.Mul(r.weight).Mul(r.Risk))
}

// weigh gives each target its part: as the trader said, the rest shared
// equally, in whole steps when the size is known.
func weigh(q RRQuery) ([]decimal.Decimal, []string) {
	n := len(q.Targets)
	w := make([]decimal.Decimal, n)
	if n == 0 {
		return w, nil
	}
	if slices.ContainsFunc(q.Targets, func(t Target) bool { return t.Quantity != nil }) {
		return weighCounts(q)
	}
	shares := make([]decimal.Decimal, n)
	left, open := decimal.New(1, 0), 0
	for i, t := range q.Targets {
		if t.Portion == nil {
			open++
			continue
		}
		shares[i] = *t.Portion
		left = left.Sub(*t.Portion)
	}
	if left.Sign() < 0 {
		return equalShares(q), []string{"the portions add up to more than the whole position; counted as equal parts"}
	}
	if open == n {
		return equalShares(q), tooManyTargets(q)
	}
	var findings []string
	if open == 0 && left.Sign() > 0 {
		findings = append(findings, "the portions leave part of the position without a target; only the rest is counted")
	}
	for i, t := range q.Targets {
		if t.Portion == nil {
			// open parts of an exact remainder; 16 digits are ample for a share
			shares[i] = left.Div(decimal.NewFromInt(int64(open)))
		}
	}
	if q.Size == nil || q.Step.Sign() <= 0 {
		return shares, findings
	}
	covered := decimal.New(1, 0) // the part of the position that has a target
	if open == 0 {
		covered = covered.Sub(left)
	}
	return wholeShares(q, shares, covered), findings
}

// weighCounts takes targets given in units; what is left goes to the others.
func weighCounts(q RRQuery) ([]decimal.Decimal, []string) {
	w := make([]decimal.Decimal, len(q.Targets))
	sum, open := decimal.Zero, 0
	for i, t := range q.Targets {
		if t.Quantity == nil {
			open++
			continue
		}
		w[i] = *t.Quantity
		sum = sum.Add(*t.Quantity)
	}
	if q.Size == nil {
		if open > 0 {
			return w, []string{"some targets have no size; only the others are counted"}
		}
		return w, nil
	}
	left := q.Size.Sub(sum)
	switch {
	case left.Sign() < 0:
		return w, []string{"the targets close more than the position holds"}
	case left.IsZero():
		return w, nil
	case open == 0:
		return w, []string{"part of the position has no target; only the rest is counted"}
	}
	for i, t := range q.Targets {
		if t.Quantity == nil {
			w[i] = left.Div(decimal.NewFromInt(int64(open)))
		}
	}
	return w, nil
}

func tooManyTargets(q RRQuery) []string {
	if q.Size == nil || q.Step.Sign() <= 0 {
		return nil
	}
	if q.Size.LessThan(q.Step.Mul(decimal.NewFromInt(int64(len(q.Targets))))) {
		return []string{"more targets than " + q.Size.String() + " can be split into; the nearest are counted"}
	}
	return nil
}

// equalShares splits the size into whole steps; what cannot be split goes to
// the nearest targets, so that the ratio is not flattered.
func equalShares(q RRQuery) []decimal.Decimal {
	n := decimal.NewFromInt(int64(len(q.Targets)))
	w := make([]decimal.Decimal, len(q.Targets))
	if q.Size == nil || q.Step.Sign() <= 0 {
		for i := range w {
			w[i] = decimal.New(1, 0)
		}
		return w
	}
	each := floorStep(*q.Size, n, q.Step)
	for i := range w {
		w[i] = each
	}
	handOut(q, w, q.Size.Sub(each.Mul(n)))
	return w
}

func wholeShares(q RRQuery, shares []decimal.Decimal, covered decimal.Decimal) []decimal.Decimal {
	w := make([]decimal.Decimal, len(shares))
	sum := decimal.Zero
	for i, s := range shares {
		w[i] = floorStep(q.Size.Mul(s), decimal.New(1, 0), q.Step)
		sum = sum.Add(w[i])
	}
	handOut(q, w, floorStep(q.Size.Mul(covered), decimal.New(1, 0), q.Step).Sub(sum))
	return w
}

// handOut gives one step after the other to the targets, nearest first. There
// are fewer steps left than targets: each lost less than one by flooring.
func handOut(q RRQuery, w []decimal.Decimal, left decimal.Decimal) {
	order := make([]int, len(w))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return q.Targets[a].Value.Sub(q.Entry).Abs().Cmp(q.Targets[b].Value.Sub(q.Entry).Abs())
	})
	for _, i := range order {
		if left.LessThan(q.Step) {
			return
		}
		w[i] = w[i].Add(q.Step)
		left = left.Sub(q.Step)
	}
}
