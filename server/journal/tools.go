package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/trading"
)

// maxIdeaText bounds the words of evaluate-idea, like those of a message.
const maxIdeaText = 10_000

// Tool runs one of the six tools, by its name in a path ("risk-reward"), on a
// JSON body. They do the coach's own sums; what a body does not say comes from
// the trader's plan and records, and nobody else's are ever read.
func (s *Service) Tool(ctx context.Context, a auth.Actor, name string, body []byte) (any, error) {
	o, err := readObject(body)
	if err != nil {
		return nil, err
	}
	switch name {
	case "risk-reward":
		return riskReward(o)
	case "position-size":
		return s.positionSize(ctx, a, o)
	case "evaluate-idea":
		return s.evaluateIdea(ctx, a, o)
	case "trade-pnl":
		return tradePnL(o)
	case "session-state":
		if err := o.err(); err != nil {
			return nil, err
		}
		return s.Session(ctx, a)
	case "query-stats":
		var from, to, groupBy string
		o.text("from", 40, &from)
		o.text("to", 40, &to)
		o.text("groupBy", 20, &groupBy)
		if err := o.err(); err != nil {
			return nil, err
		}
		return s.Stats(ctx, a, from, to, groupBy)
	}
	return nil, fault.New(fault.NotFound, "There is no such tool; there are risk-reward, position-size, evaluate-idea, trade-pnl, session-state and query-stats.")
}

// idea is what several tools read: a trade in fields.
type idea struct {
	side, instrument                  string
	entry, stop, quantity, pointValue *decimal.Decimal
	equity, riskPct, riskMoney, costs *decimal.Decimal
	targets                           []trading.Target
}

func readIdea(o object) idea {
	var i idea
	o.text("side", 10, &i.side)
	o.text("instrument", maxSymbol, &i.instrument)
	i.instrument = strings.ToUpper(i.instrument)
	if i.side != "" && !oneOf(i.side, string(trading.Long), string(trading.Short)) {
		o.note("side", "The side is long or short.")
	}
	for name, v := range map[string]**decimal.Decimal{
		"entry": &i.entry, "stop": &i.stop, "quantity": &i.quantity, "pointValue": &i.pointValue,
		"equity": &i.equity, "riskPct": &i.riskPct, "riskMoney": &i.riskMoney,
	} {
		o.positive(name, v)
	}
	o.number("costsPerSide", &i.costs)
	if i.costs != nil && i.costs.Sign() < 0 {
		o.note("costsPerSide", "Costs cannot be negative.")
	}
	o.list("targets", func(n int, raw json.RawMessage) {
		if len(raw) > 0 && raw[0] != '{' {
			price, problem := decodeNumber(raw)
			if problem == "" && price.Sign() <= 0 {
				problem = "This must be above 0."
			}
			o.note("targets", problem)
			i.targets = append(i.targets, trading.Target{Price: trading.Price{Value: price}})
			return
		}
		item, ok := o.item(fmt.Sprintf("targets[%d]", n), raw)
		if !ok {
			return
		}
		var t trading.Target
		var price *decimal.Decimal
		item.positive("price", &price)
		item.positive("portion", &t.Portion)
		item.positive("quantity", &t.Quantity)
		if price == nil {
			item.note("price", "A target needs a price.")
			return
		}
		t.Value = *price
		i.targets = append(i.targets, t)
	})
	return i
}

// sideOrInferred takes the side from entry and stop where nobody said it.
func (i idea) sideOrInferred() trading.Side {
	if i.side == "" && i.entry != nil && i.stop != nil {
		if i.stop.GreaterThan(*i.entry) {
			return trading.Short
		}
		return trading.Long
	}
	return trading.Side(i.side)
}

func need(o object, there map[string]bool) {
	for _, name := range []string{"instrument", "side", "entry", "stop", "targets"} {
		if ok, asked := there[name]; asked && !ok && !o.given(name) {
			o.note(name, "This is needed.")
		}
	}
}

// RiskRewardResult is what a trade may return for what it risks, in the best
// case: every target reached.
type RiskRewardResult struct {
	trading.RR
	Side  trading.Side `json:"side"`
	Shown string       `json:"rewardRiskShown"` // two digits, rounded down
}

func riskReward(o object) (RiskRewardResult, error) {
	i := readIdea(o)
	need(o, map[string]bool{"entry": i.entry != nil, "stop": i.stop != nil, "targets": len(i.targets) > 0})
	if len(i.targets) == 0 && o.given("targets") {
		o.note("targets", "Give at least one target.")
	}
	if err := o.err(); err != nil {
		return RiskRewardResult{}, err
	}
	q := trading.RRQuery{Side: i.sideOrInferred(), Entry: *i.entry, Stop: *i.stop, Targets: i.targets, Size: i.quantity, Step: decimal.New(1, 0)}
	if inst, problem := instrumentOf(i.instrument, i.pointValue); i.instrument != "" && problem == "" {
		q.Step = inst.SizeStep
	}
	rr, err := trading.RiskReward(q)
	if err != nil {
		return RiskRewardResult{}, fault.Invalid("stop", sentence(err))
	}
	return RiskRewardResult{RR: rr, Side: q.Side, Shown: trading.ShowR(rr.Blended)}, nil
}

// PositionSizeResult is the largest size within every limit.
type PositionSizeResult struct {
	trading.Size
	Instrument  string           `json:"instrument"`
	Unit        string           `json:"unit"`
	Equity      *decimal.Decimal `json:"equity"`
	BeforeCosts bool             `json:"beforeCosts"`
	PlanVersion int64            `json:"planVersion"`
}

// positionSize sizes by what the body says, and by the plan where it is
// silent: words tighten the plan's percentage, and never loosen it.
func (s *Service) positionSize(ctx context.Context, a auth.Actor, o object) (PositionSizeResult, error) {
	i := readIdea(o)
	need(o, map[string]bool{"instrument": i.instrument != "", "entry": i.entry != nil, "stop": i.stop != nil})
	if err := o.err(); err != nil {
		return PositionSizeResult{}, err
	}
	if i.entry.Equal(*i.stop) { // no account and no side would give that a size
		return PositionSizeResult{}, fault.Invalid("stop", sentence(trading.ErrStopAtEntry))
	}
	inst, problem := instrumentOf(i.instrument, i.pointValue)
	if problem != "" {
		return PositionSizeResult{}, fault.Invalid("pointValue", problem)
	}
	d, err := s.DeskOf(ctx, a.UserID)
	if err != nil {
		return PositionSizeResult{}, err
	}
	if i.costs != nil {
		side := &d.Plan.Account.Costs.PerContractSide
		*side = decimal.Max(*side, *i.costs)
	}
	e := trading.Evaluate(i.idea(inst), d.Plan, d.Session)
	if len(e.Idea.Questions) > 0 {
		q := e.Idea.Questions[0]
		return PositionSizeResult{}, fault.Invalid(string(q.Field), q.Text)
	}
	if e.Numbers.MaxSize == nil {
		if i.riskMoney == nil {
			return PositionSizeResult{}, fault.Invalid("equity", "The account is not known; give equity or riskMoney, or put the equity into your plan.")
		}
		return sizeByMoney(i, inst, d)
	}
	costs := d.Plan.Account.Costs.PerContractSide
	return PositionSizeResult{
		Size:       trading.Size{Units: *e.Numbers.MaxSize, Risk: *e.Numbers.MaxRisk, Cap: e.Numbers.Cap, Caps: e.Numbers.Caps},
		Instrument: inst.Symbol, Unit: inst.Unit, Equity: e.Numbers.Equity, BeforeCosts: costs.IsZero(), PlanVersion: d.PlanVersion,
	}, nil
}

// sizeByMoney sizes where the account is unknown and an amount to risk is not.
func sizeByMoney(i idea, inst trading.Instrument, d Desk) (PositionSizeResult, error) {
	side := d.Plan.Account.Costs.PerContractSide
	q := trading.SizeQuery{
		Instrument: inst, Entry: *i.entry, Stop: *i.stop, Costs: side.Add(side),
		Limits: []trading.Limit{{Rule: trading.RuleStatedRisk, Money: *i.riskMoney}},
	}
	if most, ok := d.Plan.Risk.MaxSize[inst.Symbol]; ok {
		q.MaxUnits = &most
	}
	size, err := trading.PositionSize(q)
	if err != nil {
		return PositionSizeResult{}, fault.Invalid("stop", sentence(err))
	}
	return PositionSizeResult{Size: size, Instrument: inst.Symbol, Unit: inst.Unit, BeforeCosts: side.IsZero(), PlanVersion: d.PlanVersion}, nil
}

// idea is the fields as the trader would have said them.
func (i idea) idea(inst trading.Instrument) trading.Idea {
	out := trading.Idea{
		Side: trading.Side(i.side), Symbol: inst.Symbol, Kind: inst.Kind, Instrument: &inst, Quantity: i.quantity, Targets: i.targets,
		Equity: i.equity, RiskPct: i.riskPct, RiskMoney: i.riskMoney, PointValue: i.pointValue, Status: trading.Planned,
	}
	if i.entry != nil {
		out.Entry = &trading.Price{Value: *i.entry}
	}
	if i.stop != nil {
		out.Stop = &trading.Price{Value: *i.stop}
	}
	out.Resolve()
	return out
}

// EvaluateResult is what the coach would say of ideas, without the words.
type EvaluateResult struct {
	Ideas       []trading.Evaluation `json:"ideas"`
	Verdict     trading.Verdict      `json:"verdict"`
	Confidence  *int                 `json:"confidence"`
	PlanVersion int64                `json:"planVersion"`
	Known       bool                 `json:"sessionKnown"` // a journal stands behind the guards
}

// evaluateIdea holds ideas, in words (text) or in fields, against the plan in
// force and the session. Nothing is sealed: only an answer of the coach is.
func (s *Service) evaluateIdea(ctx context.Context, a auth.Actor, o object) (EvaluateResult, error) {
	var text string
	o.text("text", maxIdeaText, &text)
	i := readIdea(o)
	if text == "" && i.instrument == "" {
		o.note("text", "Give the idea in words (text), or its fields: instrument, side, entry, stop, targets.")
	}
	if err := o.err(); err != nil {
		return EvaluateResult{}, err
	}
	ideas := trading.ParseIdeas(text)
	if text == "" {
		inst, problem := instrumentOf(i.instrument, i.pointValue)
		if problem != "" {
			return EvaluateResult{}, fault.Invalid("pointValue", problem)
		}
		ideas = []trading.Idea{i.idea(inst)}
	}
	d, err := s.DeskOf(ctx, a.UserID)
	if err != nil {
		return EvaluateResult{}, err
	}
	r := trading.EvaluateAll(ideas, d.Plan, d.Session)
	return EvaluateResult{
		Ideas: append([]trading.Evaluation{}, r.Ideas...), Verdict: r.Verdict, Confidence: r.Confidence,
		PlanVersion: d.PlanVersion, Known: d.Session.Known,
	}, nil
}

func tradePnL(o object) (trading.PnL, error) {
	i := readIdea(o)
	need(o, map[string]bool{"instrument": i.instrument != ""})
	q := trading.PnLQuery{Side: trading.Side(i.side), Stop: i.stop}
	if i.side == "" {
		o.note("side", "The side is long or short.")
	}
	if i.costs != nil {
		q.CostPerSide = *i.costs
	}
	for name, into := range map[string]*[]trading.Fill{"entries": &q.Entries, "exits": &q.Exits} {
		o.list(name, func(n int, raw json.RawMessage) {
			item, ok := o.item(fmt.Sprintf("%s[%d]", name, n), raw)
			if !ok {
				return
			}
			var quantity, price *decimal.Decimal
			item.positive("quantity", &quantity)
			item.positive("price", &price)
			if quantity == nil || price == nil {
				item.note("price", "A fill needs its quantity and price.")
				return
			}
			*into = append(*into, trading.Fill{Quantity: *quantity, Price: *price})
		})
	}
	if err := o.err(); err != nil {
		return trading.PnL{}, err
	}
	inst, problem := instrumentOf(i.instrument, i.pointValue)
	if problem != "" {
		return trading.PnL{}, fault.Invalid("pointValue", problem)
	}
	q.Instrument = inst
	pnl, err := trading.TradePnL(q)
	if err != nil {
		return pnl, fault.Invalid("entries", sentence(err))
	}
	pnl.Legs = append([]trading.PnLLeg{}, pnl.Legs...)
	return pnl, nil
}
