package trading

import (
	"fmt"
	"time"
)

// Pattern is a habit that words or trades give away, with the evidence.
type Pattern struct {
	Tag      PatternTag `json:"tag"`
	Evidence string     `json:"evidence"` // the words, or the trades
}

// PatternTag is the wire name of a pattern.
type PatternTag string

// The patterns. The last four are looked for only where the talk is about the
// trader (psychology mode).
const (
	Overtrading          PatternTag = "overtrading"
	RevengeTrading       PatternTag = "revenge_trading"
	FOMO                 PatternTag = "fomo"
	AnalysisParalysis    PatternTag = "analysis_paralysis"
	LossAversion         PatternTag = "loss_aversion"
	Overconfidence       PatternTag = "overconfidence"
	DisciplineIssues     PatternTag = "discipline_issues"
	EmotionalTrading     PatternTag = "emotional_trading"
	GoodDiscipline       PatternTag = "good_discipline"
	ProperRiskManagement PatternTag = "proper_risk_management"
	PatientExecution     PatternTag = "patient_execution"
	ObjectiveAnalysis    PatternTag = "objective_analysis"
	ConfirmationBias     PatternTag = "confirmation_bias"
	Anchoring            PatternTag = "anchoring"
	RecencyBias          PatternTag = "recency_bias"
	RiskAversion         PatternTag = "risk_aversion"
)

// Good says whether a pattern is one to keep.
func (t PatternTag) Good() bool {
	switch t {
	case GoodDiscipline, ProperRiskManagement, PatientExecution, ObjectiveAnalysis:
		return true
	}
	return false
}

// Patterns looks for habits in a trader's words and in the day so far;
// AboutTrader adds the four biases.
func Patterns(text string, s SessionState, plan Plan, about Scope) []Pattern {
	found := []Pattern{}
	add := func(tag PatternTag, evidence string) {
		for _, p := range found {
			if p.Tag == tag {
				return
			}
		}
		found = append(found, Pattern{tag, evidence})
	}
	plain := spokenWords(text)
	for _, group := range phrasesOf {
		if words, ok := says(plain, group.words); ok {
			add(group.tag, "“"+words+"”")
		}
	}
	if about == AboutTrader {
		for _, group := range biasesOf {
			if words, ok := says(plain, group.words); ok {
				add(group.tag, "“"+words+"”")
			}
		}
	}
	if most := plan.Session.MaxTrades; most > 0 && s.TradesToday >= most {
		add(Overtrading, fmt.Sprintf("%d trades today, %d allowed", s.TradesToday, most))
	}
	return found
}

// Scope is what a talk is about.
type Scope int

// The scopes.
const (
	AboutTrade Scope = iota
	AboutTrader
)

// Revenge says whether an idea is an entry within the cooldown of the close of
// the latest closed trade, that trade a net loss, with the same instrument
// (either direction) or more money at risk.
func Revenge(e Evaluation, s SessionState, plan Plan) (Pattern, bool) {
	last := s.LastClosed
	if last == nil || last.Net.Sign() >= 0 || s.Now.IsZero() || e.Idea.Later {
		return Pattern{}, false
	}
	since := s.Now.Sub(last.ClosedAt)
	if since < 0 || since >= time.Duration(plan.Session.CooldownAfterLossMinutes)*time.Minute {
		return Pattern{}, false
	}
	more := e.Numbers.Risk != nil && last.Risk.Sign() > 0 && e.Numbers.Risk.GreaterThan(last.Risk)
	if e.Idea.Symbol != last.Symbol && !more {
		return Pattern{}, false
	}
	why := "the same instrument"
	if e.Idea.Symbol != last.Symbol {
		why = "more money at risk"
	}
	return Pattern{RevengeTrading, fmt.Sprintf("a loss of %s in %s closed %d minutes ago, and now %s", ShowMoney(last.Net.Neg()), last.Symbol, int(since/time.Minute), why)}, true
}
