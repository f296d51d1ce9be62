package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Evaluation is one idea held against a plan: the shape of an element of
// analysis.ideas.
type Evaluation struct {
	Idea    Idea    `json:"idea"`
	Checks  []Check `json:"checks"`
	Verdict Verdict `json:"verdict"`
	Numbers Numbers `json:"numbers"`
	Missing []Field `json:"missing"`

	known, needed int // inputs, for the confidence
}

// Numbers are the sums behind the checks. Money is in dollars rounded to the
// cent, ratios are cut after eight digits, nil means not computable yet.
type Numbers struct {
	Unit        string           `json:"unit,omitempty"`
	PointValue  *decimal.Decimal `json:"pointValue"`
	RiskPoints  *decimal.Decimal `json:"riskPoints"`
	RiskTicks   *decimal.Decimal `json:"riskTicks"`
	RiskPerUnit *decimal.Decimal `json:"riskPerUnit"`
	Size        *decimal.Decimal `json:"size"`     // the size the checks were made at
	SizeSaid    bool             `json:"sizeSaid"` // false: the largest that the plan allows
	Risk        *decimal.Decimal `json:"risk"`
	RiskPct     *decimal.Decimal `json:"riskPct"`
	Reward      *decimal.Decimal `json:"reward"` // if every target is reached: the best case
	RewardRisk  *decimal.Decimal `json:"rewardRisk"`
	RewardShown string           `json:"rewardRiskShown,omitempty"` // two digits, rounded down
	Targets     []RRLeg          `json:"targets,omitempty"`
	MaxSize     *decimal.Decimal `json:"maxSize"`
	MaxRisk     *decimal.Decimal `json:"maxRisk"`
	Cap         Rule             `json:"cap,omitempty"`
	Caps        []CapSize        `json:"caps,omitempty"`
	Equity      *decimal.Decimal `json:"equity"` // what the checks counted with
	BeforeCosts bool             `json:"beforeCosts"`
	Change      *Change          `json:"change"` // the smallest change that earns a better verdict
	Findings    []string         `json:"findings,omitempty"`
	PnL         *PnL             `json:"pnl,omitempty"` // of a closed trade

	room *decimal.Decimal // the tightest money limit
}

// Review is all the ideas of one message.
type Review struct {
	Ideas      []Evaluation
	Verdict    Verdict // the worst; none while one of them could still change it
	Confidence *int    // 0–100: how much could be checked; nil without an idea to check
}

// Evaluate holds one idea against the plan and the day so far. The same three
// always give the same evaluation.
func Evaluate(idea Idea, plan Plan, session SessionState) Evaluation {
	e := evaluate(idea, plan, session, told)
	if e.Verdict == Fire || e.Verdict == Skull {
		e.Numbers.Change = smallestChange(e, plan, session)
	}
	return e
}

// EvaluateAll holds the ideas of one message against the plan together: each
// adds to the open risk and the count of the day for the next one, except that
// alternatives ("or …") are never taken together.
func EvaluateAll(ideas []Idea, plan Plan, session SessionState) Review {
	review := Review{Ideas: make([]Evaluation, 0, len(ideas))}
	known, needed, open := 0, 0, false
	before, base := session, session // the day before this group of alternatives; before this idea
	for _, idea := range ideas {
		if idea.Alternative {
			base = before
		}
		e := Evaluate(idea, plan, base)
		review.Ideas = append(review.Ideas, e)
		review.Verdict = Worst(review.Verdict, e.Verdict)
		if idea.Status != Closed {
			known, needed = known+e.known, needed+e.needed
		}
		open = open || (e.Verdict == NoVerdict && idea.Status != Closed)
		if !idea.Alternative {
			before = base
		}
		base = afterTaking(e, base)
	}
	if open && review.Verdict != Skull {
		review.Verdict = NoVerdict
	}
	if needed > 0 {
		percent := 100 * known / needed
		review.Confidence = &percent
	}
	return review
}

// afterTaking is the day with this idea on: its risk is open, it was a trade.
// One on record was counted when it was recorded, and words do not make what
// it risks less.
func afterTaking(e Evaluation, s SessionState) SessionState {
	if e.Idea.Status == Closed || e.Numbers.Risk == nil {
		return s
	}
	risk := *e.Numbers.Risk
	s.Open = slices.Clone(s.Open) // the caller's must not be written behind its back
	if n := s.recordOf(e.Idea); n >= 0 {
		p := &s.Open[n]
		p.Risk, p.NoStop, p.Told = decimal.Max(p.Risk, risk), false, true
		return s
	}
	s.Open = append(s.Open, OpenPosition{Side: e.Idea.Side, Risk: risk})
	if s.Known {
		s.TradesToday++
	}
	return s
}

// wording says whether the checks are told in words, or only made: the search
// for a change looks at half a dozen ideas and tells none of them.
type wording int

const (
	told wording = iota
	silent
)

// evaluate is Evaluate without the search for a change, which calls it.
func evaluate(idea Idea, plan Plan, session SessionState, as wording) Evaluation {
	e := Evaluation{Idea: idea, Checks: []Check{}, Missing: []Field{}}
	e.Numbers.BeforeCosts = plan.Account.Costs.PerContractSide.IsZero()
	d := newDesk(idea, plan, session, as)
	d.fill(&e.Numbers)
	e.known, e.needed, e.Missing = d.inputs()
	if idea.Status == Closed {
		e.settle(plan)
		return e
	}
	if idea.Impossible() {
		return e
	}
	e.Checks = d.checks()
	e.Verdict = judge(e.Checks)
	return e
}

// settle does the sums of a closed trade, which gets no verdict: it is too
// late to decide.
func (e *Evaluation) settle(plan Plan) {
	e.Missing = nil
	if e.Idea.Quantity == nil || e.Idea.Entry == nil || e.Idea.Instrument == nil || len(e.Idea.Exits) == 0 {
		e.Missing = missingOfClosed(e.Idea)
		return
	}
	q := PnLQuery{
		Instrument: *e.Idea.Instrument, Side: e.Idea.Side,
		Entries: []Fill{{*e.Idea.Quantity, e.Idea.Entry.Value}}, Exits: e.Idea.Exits,
		CostPerSide: plan.Account.Costs.PerContractSide,
	}
	if e.Idea.Stop != nil {
		q.Stop = &e.Idea.Stop.Value
	}
	p, err := TradePnL(q)
	if err != nil {
		e.Numbers.Findings = append(e.Numbers.Findings, err.Error())
		return
	}
	e.Numbers.PnL = &p
	e.Missing = []Field{}
}

func missingOfClosed(i Idea) []Field {
	missing := []Field{}
	need := func(there bool, f Field) {
		if !there {
			missing = append(missing, f)
		}
	}
	need(i.Side != "", FieldSide)
	need(i.Instrument != nil, FieldInstrument)
	need(i.Quantity != nil, FieldQuantity)
	need(i.Entry != nil, FieldEntry)
	need(len(i.Exits) > 0, FieldExit)
	return missing
}
