package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// desk is where one idea is worked out: everything the checks look at,
// computed once.
type desk struct {
	idea    Idea
	plan    Plan
	session SessionState

	others    []OpenPosition   // what is on beside this trade
	equity    *decimal.Decimal // the smaller of the plan's and the trader's own
	dayEquity *decimal.Decimal // at the day's start
	rr        *RR              // nil while entry, stop or side are missing
	loss      *fraction        // of one unit at the stop, costs included
	limits    []Limit
	allowed   *Size            // the largest size within all limits
	size      *decimal.Decimal // what the checks are made at
	said      bool             // the trader named the size
	riskShown string           // riskText, written once
	as        wording
}

func newDesk(idea Idea, plan Plan, session SessionState, as wording) *desk {
	d := &desk{idea: idea, plan: plan, session: session, said: idea.Quantity != nil, as: as}
	d.setEquity()
	if idea.Impossible() || idea.Status == Closed {
		return d
	}
	d.setLoss()
	d.setOthers()
	d.setLimits()
	d.setSize()
	d.setReward()
	return d
}

// setEquity takes the smaller of what the plan and the trader say: words
// tighten, never loosen.
func (d *desk) setEquity() {
	d.equity = d.plan.Account.Equity
	if said := d.idea.Equity; said != nil && d.idea.Currency == "" {
		if d.equity == nil || said.LessThan(*d.equity) {
			d.equity = said
		}
	}
	d.dayEquity = d.equity
	if start := d.session.DayStartEquity; start != nil {
		if d.dayEquity == nil || d.idea.Equity == nil || start.LessThan(*d.dayEquity) {
			d.dayEquity = start
		}
	}
}

func (d *desk) setLoss() {
	i := d.idea
	if i.Instrument == nil || !i.Instrument.Sized() || i.Entry == nil || i.Stop == nil || i.Side == "" {
		return
	}
	loss := lossPerUnit(*i.Instrument, i.Entry.Value, i.Stop.Value).plus(d.plan.Account.Costs.bothWays())
	if loss.num.Sign() > 0 {
		d.loss = &loss
	}
}

// setOthers is what is open beside the trade that the idea tells of: who says
// what is on record already does not take its risk a second time. What the
// record risks more than the words stays, for words tighten and never loosen;
// a change that is looked for is what the trader would do, and not words.
func (d *desk) setOthers() {
	d.others = d.session.Open
	n := d.session.recordOf(d.idea)
	if n < 0 {
		return
	}
	record := d.others[n]
	d.others = slices.Delete(slices.Clone(d.others), n, n+1)
	if d.as == silent || d.loss == nil || !d.said {
		return
	}
	if record.Risk = record.Risk.Sub(d.loss.of(*d.idea.Quantity)); record.Risk.Sign() > 0 {
		record.NoStop = false
		d.others = append(d.others, record)
	}
}

// setLimits collects what each rule lets this trade lose, after what is
// already lost and at risk today.
func (d *desk) setLimits() {
	add := func(rule Rule, money decimal.Decimal) { d.limits = append(d.limits, Limit{rule, money}) }
	rules := d.plan.Risk
	if base := d.riskBase(); base != nil && rules.PerTradePct.Sign() > 0 {
		add(RulePerTrade, percentOf(rules.PerTradePct, *base))
	}
	if d.dayEquity != nil && rules.MaxDailyLossPct.Sign() > 0 {
		add(RuleDailyLoss, percentOf(rules.MaxDailyLossPct, *d.dayEquity).Sub(d.session.LossToday()).Sub(riskOf(d.others)))
	}
	if d.equity != nil && rules.MaxOpenRiskPct.Sign() > 0 {
		add(RuleOpenRisk, percentOf(rules.MaxOpenRiskPct, *d.equity).Sub(riskOf(d.others)))
	}
	if d.session.DrawdownRoom != nil {
		// touching the floor is a breach: a cent must be left
		add(RuleDrawdownRoom, d.session.DrawdownRoom.Sub(cent))
	}
	if stated := d.stated(); stated != nil {
		add(RuleStatedRisk, *stated)
	}
}

// riskBase is what one trade's percentage is taken of.
func (d *desk) riskBase() *decimal.Decimal {
	if d.plan.Risk.Base == BaseDrawdown {
		return d.session.DrawdownRoom
	}
	return d.equity
}

// stated is the risk the trader named, in money.
func (d *desk) stated() *decimal.Decimal {
	if d.idea.RiskMoney != nil {
		return d.idea.RiskMoney
	}
	if d.idea.RiskPct == nil || d.equity == nil {
		return nil
	}
	money := percentOf(*d.idea.RiskPct, *d.equity)
	return &money
}

// setSize finds the largest size allowed, and checks at it when the trader
// named none. Where not even one step fits, the checks are made at one step,
// so that they can say what is too much.
func (d *desk) setSize() {
	if d.said {
		d.size = d.idea.Quantity
	}
	if d.loss == nil {
		return
	}
	q := SizeQuery{
		Instrument: *d.idea.Instrument, Entry: d.idea.Entry.Value, Stop: d.idea.Stop.Value,
		Limits: d.limits, Costs: d.plan.Account.Costs.bothWays(), Cash: d.equity,
	}
	if ceiling, ok := d.plan.Risk.MaxSize[d.idea.Symbol]; ok {
		q.MaxUnits = &ceiling
	}
	allowed, err := PositionSize(q)
	if err != nil || d.equity == nil {
		return
	}
	d.allowed = &allowed
	if !d.said {
		size := allowed.Units
		if size.IsZero() {
			size = d.idea.Instrument.SizeStep
		}
		d.size = &size
	}
}

func (d *desk) setReward() {
	i := d.idea
	if i.Side == "" || i.Entry == nil || i.Stop == nil {
		return
	}
	q := RRQuery{Side: i.Side, Entry: i.Entry.Value, Stop: i.Stop.Value, Targets: i.Targets}
	if d.said && i.Instrument != nil && i.Quantity.Sign() > 0 {
		q.Size, q.Step = i.Quantity, i.Instrument.SizeStep
	}
	rr, err := RiskReward(q)
	if err == nil {
		d.rr = &rr
	}
}

// risk is the money at the stop for the size checked; nil while unknown.
func (d *desk) risk() *decimal.Decimal {
	if d.loss == nil || d.size == nil {
		return nil
	}
	money := d.loss.of(*d.size)
	return &money
}

// fill writes what is known into the numbers.
func (d *desk) fill(n *Numbers) {
	n.Equity, n.SizeSaid, n.Size = d.equity, d.said, d.size
	if i := d.idea.Instrument; i != nil {
		n.Unit = i.Unit
		if i.Sized() {
			n.PointValue = &i.PointValue
		}
	}
	n.Risk = d.risk()
	if n.Risk != nil && d.equity != nil {
		pct := cut(n.Risk.Shift(2), *d.equity)
		n.RiskPct = &pct
	}
	if d.loss != nil {
		unit := d.loss.of(decimal.New(1, 0))
		n.RiskPerUnit = &unit
	}
	if d.allowed != nil {
		n.MaxSize, n.MaxRisk, n.Cap, n.Caps = &d.allowed.Units, &d.allowed.Risk, d.allowed.Cap, d.allowed.Caps
	}
	for _, l := range d.limits {
		if n.room == nil || l.Money.LessThan(*n.room) {
			n.room = &l.Money
		}
	}
	d.fillReward(n)
	n.Findings = append(n.Findings, d.unstopped()...)
}

// unstopped remarks on the trades that are on without a stop: the open risk
// looks smaller than it is, and no rule of the plan says so.
func (d *desk) unstopped() []string {
	if d.idea.Impossible() || d.idea.Status == Closed || d.as == silent {
		return nil
	}
	var remarks []string
	for _, p := range d.others {
		remark := "your open trade in " + p.Symbol + " has no stop on record, so the open risk counts nothing for it"
		if p.NoStop && !slices.Contains(remarks, remark) {
			remarks = append(remarks, remark)
		}
	}
	return remarks
}

func (d *desk) fillReward(n *Numbers) {
	if d.rr == nil {
		return
	}
	n.RiskPoints = &d.rr.Risk
	if i := d.idea.Instrument; i != nil && i.Tick.Sign() > 0 {
		ticks := cut(d.rr.Risk, i.TickAt(d.idea.Entry.Value))
		n.RiskTicks = &ticks
	}
	if len(d.rr.Legs) == 0 {
		return
	}
	n.RewardRisk, n.Targets, n.Findings = &d.rr.Blended, d.rr.Legs, d.rr.Findings
	n.RewardShown = ShowR(d.rr.Blended)
	if d.loss == nil || d.size == nil || d.rr.weight.Sign() <= 0 {
		return
	}
	// the average points over the targets, in money, at the size checked
	gain := fraction{d.rr.reward.Mul(d.idea.Instrument.PointValue), d.rr.weight.Mul(d.loss.den)}.of(*d.size)
	n.Reward = &gain
}

// inputs counts what the checks need and what of it is known, and names what
// has to be asked for, in the order a trader would say it.
func (d *desk) inputs() (known, needed int, missing []Field) {
	missing = []Field{}
	need := func(there bool, f Field) {
		needed++
		if there {
			known++
			return
		}
		missing = append(missing, f)
	}
	i, rules := d.idea, d.plan.Risk
	money := rules.PerTradePct.Sign() > 0 || rules.MaxDailyLossPct.Sign() > 0 || rules.MaxOpenRiskPct.Sign() > 0
	need(i.Side != "", FieldSide)
	need(i.Symbol != "", FieldInstrument)
	need(i.Entry != nil, FieldEntry)
	need(i.Stop != nil || i.HasDeclined(FieldStop) || i.waits(FieldStop), FieldStop)
	if d.plan.Entries.TargetRequired || rules.MinRewardRisk.Sign() > 0 {
		need(len(i.Targets) > 0 || i.HasDeclined(FieldTarget) || i.waits(FieldTarget), FieldTarget)
	}
	if !money {
		return known, needed, missing
	}
	if i.Currency != "" {
		need(false, FieldRate)
	} else {
		need(d.equity != nil, FieldEquity)
	}
	if i.Instrument != nil && !i.Instrument.Sized() {
		need(false, FieldPointValue)
	}
	return known, needed, missing
}
