package trading

import (
	"fmt"
	"strings"
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

// phrasesOf are the words that give a pattern away, most telling first; read
// only.
var phrasesOf = []struct {
	tag   PatternTag
	words []string
}{
	{RevengeTrading, []string{"revenge", "make it back", "making it back", "winning it back", "double my size", "doubling my size", "double up", "doubling up", "make my money back", "win it back", "get it back", "get my money back", "get even", "earn it back", "recover my loss", "recover the loss", "recoup", "double up to recover", "double down to", "take it back from the market"}},
	{EmotionalTrading, []string{"on tilt", "tilted", "tilting", "i'm angry", "im angry", "so angry", "furious", "frustrated", "panicking", "panicked", "i'm scared", "im scared", "terrified", "so stressed", "losing my mind", "pissed", "hate this market", "can't sleep"}},
	{FOMO, []string{"fomo", "missing out", "miss out", "missed the move", "don't want to miss", "can't miss", "cannot miss", "running without me", "leaving without me", "before it's too late", "before it runs", "everyone is buying", "everybody is buying", "everyone's buying", "chasing", "chase it", "chase this", "jump in now", "going parabolic", "to the moon"}},
	{Overconfidence, []string{"can't lose", "cannot lose", "can't go wrong", "guaranteed", "sure thing", "100% sure", "100 % sure", "all in", "easy money", "free money", "no brainer", "no-brainer", "no way it", "i'm never wrong", "im never wrong", "know it will", "certain it will", "double my size because i'm winning", "on fire today"}},
	{LossAversion, []string{"move my stop", "moved my stop", "moving my stop", "widen my stop", "widened my stop", "remove my stop", "removed my stop", "pulled my stop", "it will come back", "it'll come back", "has to come back", "wait for it to come back", "hold until it comes back", "until breakeven", "until break even", "can't take the loss", "not a loss until", "don't want to take the loss", "average down", "averaging down"}},
	{Overtrading, []string{"can't stop trading", "overtrading", "overtraded", "over trading", "one more trade", "just one more", "trading too much", "too many trades", "bored so i", "out of boredom"}},
	{DisciplineIssues, []string{"broke my rule", "broke my rules", "break my rules", "breaking my rules", "ignored my plan", "ignored my stop", "didn't follow my plan", "against my plan", "no plan", "ignored my rules", "just this once", "gut feeling", "yolo"}},
	{AnalysisParalysis, []string{"can't decide", "cannot decide", "overthinking", "over thinking", "too many indicators", "keep hesitating", "second guessing", "second-guessing", "can't pull the trigger", "couldn't pull the trigger", "paralyzed", "paralysed", "more confirmation"}},
	{GoodDiscipline, []string{"followed my plan", "followed my rules", "stuck to my plan", "stuck to my rules", "stuck to the plan", "kept to my plan", "took my stop as planned", "respected my stop"}},
	{PatientExecution, []string{"waited for my entry", "waited for my setup", "waited for the setup", "waited for the retest", "waited for confirmation", "let it come to me", "no setup, no trade", "sat on my hands"}},
	{ObjectiveAnalysis, []string{"i could be wrong", "what invalidates", "invalidates my idea", "both scenarios", "if i'm wrong", "if im wrong", "bull and bear case"}},
}

var biasesOf = []struct {
	tag   PatternTag
	words []string
}{
	{ConfirmationBias, []string{"everyone agrees", "all signs point", "everything confirms", "every indicator says", "i only read", "ignore the bears", "ignore the bulls", "proves i was right", "proves me right"}},
	{Anchoring, []string{"it was at", "used to be at", "should go back to", "my entry price was", "when it gets back to", "get back to my entry", "it was worth"}},
	{RecencyBias, []string{"last three trades", "last few trades", "the last trades", "i've been winning", "ive been winning", "i've been losing", "ive been losing", "always lately", "keeps happening lately", "hot streak", "cold streak"}},
	{RiskAversion, []string{"afraid to enter", "afraid to trade", "scared to enter", "scared to trade", "scared to take", "afraid to take", "take profit too early", "took profit too early", "took profits too early", "cut my winners", "cut winners", "exit too early", "exited too early"}},
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

// spokenWords is the text in small letters without what stands in quotes:
// another's words are not the trader's.
func spokenWords(text string) string {
	if len(text) > maxBytes {
		text = text[:maxBytes]
	}
	plain := strings.ToLower(straight.Replace(text))
	parts := strings.Split(plain, `"`)
	if len(parts) < 3 {
		return plain
	}
	var b strings.Builder
	for n, part := range parts {
		if n%2 == 0 || n == len(parts)-1 {
			b.WriteString(part)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// says finds the first phrase that is said as such: whole words, and not under
// a negation.
func says(plain string, phrases []string) (string, bool) {
	for _, phrase := range phrases {
		for from := 0; ; {
			at := strings.Index(plain[from:], phrase)
			if at < 0 {
				break
			}
			at += from
			from = at + len(phrase)
			if wholeWords(plain, at, from) && !negated(plain[:at]) {
				return phrase, true
			}
		}
	}
	return "", false
}

func wholeWords(s string, from, to int) bool {
	return (from == 0 || !isWordByte(s[from-1])) && (to == len(s) || !isWordByte(s[to]))
}

func isWordByte(b byte) bool { return isLetter(b) || isDigit(b) || b >= 0x80 }

// negated looks at the three words before for a no within the same clause.
func negated(before string) bool {
	if at := strings.LastIndexAny(before, ".,;!?\n"); at >= 0 {
		before = before[at+1:]
	}
	words := strings.Fields(before)
	for n := len(words) - 1; n >= 0 && n >= len(words)-4; n-- {
		if isNegation(words[n]) || words[n] == "avoid" || words[n] == "stopped" || words[n] == "nothing" {
			return true
		}
	}
	return false
}
