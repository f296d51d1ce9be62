package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// ChangeKind says what to change.
type ChangeKind string

// The changes, in the order they are looked for. A tighter stop or a farther
// target is never among them: they mend the ratio on paper only.
const (
	ChangeSize  ChangeKind = "size"
	ChangeEntry ChangeKind = "entry"
	ChangeBoth  ChangeKind = "entry and size"
	ChangeSkip  ChangeKind = "skip"
)

// Change is the smallest change that would earn a better verdict.
type Change struct {
	Kind    ChangeKind       `json:"kind"`
	Size    *decimal.Decimal `json:"size,omitempty"`
	Entry   *decimal.Decimal `json:"entry,omitempty"` // on the tick, rounded against the trader
	Verdict Verdict          `json:"verdict"`         // what it would earn; null for skip
}

// smallestChange tries a smaller size, then a better entry, then both; each is
// evaluated like any idea, so what it promises is what the trader would get.
func smallestChange(e Evaluation, plan Plan, session SessionState) *Change {
	try := func(c Change) (*Change, Evaluation) {
		idea := e.Idea
		if c.Size != nil {
			idea.Quantity = c.Size
		}
		if c.Entry != nil {
			idea.Entry = &Price{Value: *c.Entry}
		}
		next := evaluate(idea, plan, session, silent)
		if !next.Verdict.better(e.Verdict) {
			return nil, next
		}
		c.Verdict = next.Verdict
		return &c, next
	}
	if beyondMending(e) {
		return &Change{Kind: ChangeSkip}
	}
	least := plan.Risk.MinRewardRisk
	for _, size := range smallerSizes(e.Numbers, e.Idea, least) {
		if c, _ := try(Change{Kind: ChangeSize, Size: &size}); c != nil {
			return c
		}
	}
	if e.Idea.Status == Planned {
		for _, entry := range betterEntries(e, plan) {
			c, next := try(Change{Kind: ChangeEntry, Entry: &entry})
			if c != nil {
				return c
			}
			for _, size := range smallerSizes(next.Numbers, next.Idea, least) {
				if c, _ := try(Change{Kind: ChangeBoth, Entry: &entry, Size: &size}); c != nil {
					return c
				}
			}
		}
	}
	return &Change{Kind: ChangeSkip}
}

// beyondMending says that the misses which neither size nor entry touch are
// already enough for the verdict, so that there is nothing to search for.
func beyondMending(e Evaluation) bool {
	misses := 0
	for _, c := range e.Checks {
		if !c.Missed() || !c.Rule.untouched() {
			continue
		}
		if c.Critical {
			return true
		}
		misses++
	}
	return misses > 1 || misses == 1 && e.Verdict == Fire
}

// untouched are the rules that no size and no entry mends.
func (r Rule) untouched() bool {
	switch r {
	case RuleStopRequired, RuleTargetRequired, RuleMaxTrades, RuleLossesInARow, RuleCooldown, RuleWindow, RuleNoTrade, RuleInstruments, RuleWideningStops:
		return true
	}
	return false
}

// smallerSizes are the sizes to try, the larger first: the largest allowed,
// where that is less than said, and the largest at which several targets reach
// the ratio.
func smallerSizes(n Numbers, i Idea, least decimal.Decimal) []decimal.Decimal {
	if n.MaxSize == nil || i.Quantity == nil || n.MaxSize.Sign() <= 0 {
		return nil
	}
	var sizes []decimal.Decimal
	below := *i.Quantity
	if n.MaxSize.LessThan(below) {
		below = *n.MaxSize
		sizes = append(sizes, below)
	}
	if size, ok := sizeForRatio(i, below, least); ok {
		sizes = append(sizes, size)
	}
	return sizes
}

// maxSplits bounds the sizes that are looked at: of a dozen in a row one
// splits evenly into halves, thirds, quarters or tenths.
const maxSplits = 12

// sizeForRatio is the largest size below one at which the targets reach the
// ratio: where whole contracts do not split evenly the nearest target weighs
// more. Targets with sizes of their own weigh the same at any.
func sizeForRatio(i Idea, below, least decimal.Decimal) (decimal.Decimal, bool) {
	if len(i.Targets) < 2 || least.Sign() <= 0 || slices.ContainsFunc(i.Targets, func(t Target) bool { return t.Quantity != nil }) {
		return decimal.Zero, false
	}
	q := RRQuery{Side: i.Side, Entry: i.Entry.Value, Stop: i.Stop.Value, Targets: i.Targets, Step: i.Instrument.SizeStep}
	size := floorStep(below, one, q.Step)
	if size.Equal(below) {
		size = size.Sub(q.Step)
	}
	for n := 0; n < maxSplits && size.Sign() > 0; n++ {
		q.Size = &size
		if rr, err := RiskReward(q); err == nil && rr.AtLeast(least) {
			return size, true
		}
		size = size.Sub(q.Step)
	}
	return decimal.Zero, false
}

// betterEntries are the entries that would just reach the ratio, or just make
// one step affordable; the nearest first.
func betterEntries(e Evaluation, plan Plan) []decimal.Decimal {
	i := e.Idea
	if i.Entry == nil || i.Stop == nil || i.Side == "" || i.Instrument == nil {
		return nil
	}
	var found []decimal.Decimal
	add := func(entry decimal.Decimal) {
		toStop := entry.Sub(i.Stop.Value).Mul(i.Side.toward())
		gain := i.Entry.Value.Sub(entry).Mul(i.Side.toward())
		if toStop.Sign() > 0 && gain.Sign() > 0 {
			found = append(found, entry)
		}
	}
	if entry, ok := entryForRatio(e, plan.Risk.MinRewardRisk); ok {
		add(entry)
	}
	if entry, ok := entryForRisk(e, plan.Account.Costs.bothWays()); ok {
		add(entry)
	}
	slices.SortFunc(found, func(a, b decimal.Decimal) int {
		return a.Sub(i.Entry.Value).Abs().Cmp(b.Sub(i.Entry.Value).Abs())
	})
	return found
}

// entryForRatio solves (T − E) = least × (E − S) for the average target T:
// E = (T + least × S) / (1 + least), on the tick on the safe side.
func entryForRatio(e Evaluation, least decimal.Decimal) (decimal.Decimal, bool) {
	weight, sum := decimal.Zero, decimal.Zero
	for _, leg := range e.Numbers.Targets {
		weight = weight.Add(leg.Weight)
		sum = sum.Add(leg.Price.Mul(leg.Weight))
	}
	if weight.Sign() <= 0 || least.Sign() <= 0 {
		return decimal.Zero, false
	}
	num := sum.Add(least.Mul(e.Idea.Stop.Value).Mul(weight))
	den := weight.Mul(one.Add(least))
	return e.safeEntry(num, den), true
}

// entryForRisk is the entry at which the smallest size fits: where nothing
// fits, the stop is too far for the account. Costs, of one unit, take their
// part of the room whatever the entry is.
func entryForRisk(e Evaluation, costs decimal.Decimal) (decimal.Decimal, bool) {
	n := e.Numbers
	if n.MaxSize == nil || n.MaxSize.Sign() > 0 || n.RiskPerUnit == nil || n.RiskPerUnit.Sign() <= 0 || n.Caps == nil {
		return decimal.Zero, false
	}
	if n.room == nil {
		return decimal.Zero, false
	}
	step := e.Idea.Instrument.SizeStep
	room := n.room.Sub(costs.Mul(step))
	if room.Sign() <= 0 {
		return decimal.Zero, false
	}
	// points = room / (value of a point for one step)
	value := e.Idea.Instrument.PointValue.Mul(step)
	quote := one
	if e.Idea.Instrument.Quote != "USD" {
		quote = e.Idea.Stop.Value
	}
	num := room.Mul(quote).Mul(e.Idea.Side.toward()).Add(e.Idea.Stop.Value.Mul(value))
	return e.safeEntry(num, value), true
}

// safeEntry is num/den on the tick grid: at or below for a long, at or above
// for a short.
func (e Evaluation) safeEntry(num, den decimal.Decimal) decimal.Decimal {
	i := e.Idea
	tick := i.Instrument.TickAt(i.Entry.Value)
	if tick.Sign() <= 0 {
		tick = cent
	}
	n, rest := num.QuoRem(den.Mul(tick), 0)
	if i.Side == Short && rest.Sign() > 0 {
		n = n.Add(one)
	}
	return n.Mul(tick)
}
