package trading

import "github.com/shopspring/decimal"

// rewardOf reads "reward 2 to 1", and "reward 6012" as the target that it can
// only be. Any other bare number may be a multiple of the risk, points or
// money, and "reward 12" would be six times as much in the one as in the
// other: it is kept to be asked about.
func (r *reader) rewardOf(i int) {
	t, d := r.toks[i], r.cur
	v, ratio := r.toOne(i)
	switch {
	case ratio:
		d.rr = &v
	case d.Entry != nil && t.lead == 0 && near(v, d.Entry.Value):
		r.targetAt(t)
	default:
		d.reward = &t
	}
}

// toOne is the ratio that "2 to 1" writes out; ratio is false where the number
// at i stands alone, and value is then that number.
func (r *reader) toOne(i int) (value decimal.Decimal, ratio bool) {
	a, b := r.toks[i].value, r.tok(i+2)
	if r.tok(i+1).text != "to" || b.kind != tokNumber || b.unit != unitNone || !a.Equal(one) && !b.value.Equal(one) || a.Sign() <= 0 || b.value.Sign() <= 0 {
		return a, false
	}
	r.toks[i+1].kind, r.toks[i+2].kind = tokPunct, tokPunct // taken
	return cut(decimal.Max(a, b.value), decimal.Min(a, b.value)), true
}

// askReward asks what a bare reward is, unless a target or a ratio says it.
func (d *draft) askReward() {
	if d.reward == nil || d.rr != nil || len(d.Targets) > 0 || d.measures(FieldTarget) || d.Side == "" && d.Symbol == "" {
		return
	}
	if d.reward.lead == '$' {
		d.ask(FieldTarget, "Is the reward of "+ShowAmount(d.reward.value)+" for the whole position, or for each unit? Give the target as a price or in points.")
		return
	}
	d.ask(FieldTarget, "Is the reward of "+d.reward.value.String()+" a multiple of the risk (R), points or dollars?")
}
