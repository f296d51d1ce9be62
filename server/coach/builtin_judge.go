package coach

import (
	"fmt"
	"strings"

	"github.com/elite-trading-coach/coach/server/trading"
)

// judge tells the evaluation of the ideas and gives the patterns that the
// trades add to those of the words.
func (s *script) judge(patterns []trading.Pattern) []trading.Pattern {
	review := s.talk.review
	s.answer.Verdict = string(review.Verdict)
	s.answer.Confidence = review.Confidence
	if asksForPrediction(s.prompt.Text) {
		s.say("I do not predict where a price goes, and I recommend nothing. What I can do is hold your idea against your plan:")
	}
	if len(review.Ideas) > 1 {
		s.say(overall(review))
	}
	for n, e := range review.Ideas {
		if revenge, ok := trading.Revenge(e, sessionAt(s.prompt), s.prompt.Plan); ok && !s.prompt.Others {
			patterns = append([]trading.Pattern{revenge}, patterns...)
		}
		if len(review.Ideas) > 1 {
			s.say(fmt.Sprintf("Idea %d of %d%s", n+1, len(review.Ideas), alternative(e)))
		}
		s.tell(e)
	}
	s.tellSources(review)
	s.explainConfidence(review)
	if len(s.prompt.Images) > 0 {
		s.say("I cannot see charts, so the image played no part in this: only the numbers you wrote did.")
	}
	s.askNews()
	return patterns
}

// tellSources says where the numbers came from that the message does not show:
// the account, and the day as the trader told it.
func (s *script) tellSources(r trading.Review) {
	var lines []string
	day := s.talk.day
	if s.prompt.Others {
		day = trading.ReadDay(s.prompt.Text)
	}
	if !day.IsZero() {
		lines = append(lines, "Counted from your own words: "+day.String()+".")
	}
	for _, e := range r.Ideas {
		used, kept := e.Numbers.Equity, s.prompt.Plan.Account.Equity
		if used == nil || kept == nil || !used.Equal(*kept) || e.Idea.Equity != nil && e.Idea.Equity.Equal(*used) {
			continue
		}
		line := "The account of " + trading.ShowAmount(*used) + " is from your plan"
		if e.Idea.Equity != nil {
			line += "; it is smaller than the " + money(*e.Idea.Equity, e.Idea.Currency) + " you wrote, so it is what counts"
		}
		lines = append(lines, line+".")
		break
	}
	s.say(lines...)
}

func alternative(e trading.Evaluation) string {
	if e.Idea.Alternative {
		return " (instead of the one before)"
	}
	return ""
}

func overall(r trading.Review) string {
	together := "Their risks add up."
	for _, e := range r.Ideas {
		if e.Idea.Alternative {
			together = "Alternatives are not taken together, so their risks do not add up."
		}
	}
	if r.Verdict == trading.NoVerdict {
		return fmt.Sprintf("I read %d ideas. %s The message has no verdict until each has what it needs.", len(r.Ideas), together)
	}
	return fmt.Sprintf("I read %d ideas. %s The worst verdict among them is the message's: %s.", len(r.Ideas), together, r.Verdict)
}

// tell explains one idea from the verdict down.
func (s *script) tell(e trading.Evaluation) {
	if e.Idea.Status == trading.Closed {
		s.tellClosed(e)
		return
	}
	s.say(headline(e), "I read: "+describe(e.Idea)+".", notes(e.Idea))
	if e.Idea.Impossible() {
		return
	}
	s.say(checkLines(e)...)
	s.say(sizeLine(e), sumsLine(e), s.closedMarket(e))
	s.say(findings(e)...)
	s.say(changeLine(e))
	s.say(missingLine(e))
}

// headline is the verdict in one sentence, worded as a fit with the plan.
func headline(e trading.Evaluation) string {
	misses, critical := 0, 0
	for _, c := range e.Checks {
		if c.Missed() {
			misses++
			if c.Critical {
				critical++
			}
		}
	}
	switch e.Verdict {
	case trading.Diamond:
		return fmt.Sprintf("💎 Diamond: all %d checks pass. This says how well the idea fits your plan, not whether it will win.", len(e.Checks))
	case trading.Fire:
		return "🔥 Fire: one check misses, and it is not a critical one. The rest fits your plan."
	case trading.Skull:
		if critical > 0 {
			return fmt.Sprintf("💀 Skull: this breaks %s of your plan.", plural(critical, "critical rule"))
		}
		return fmt.Sprintf("💀 Skull: %d checks miss, so this does not fit your plan.", misses)
	}
	if e.Idea.Impossible() {
		questions := make([]string, len(e.Idea.Questions))
		for i, q := range e.Idea.Questions {
			questions[i] = q.Text
		}
		return "No verdict yet, only a question. " + strings.Join(questions, " ")
	}
	return "No verdict yet: I still need " + listOf(e.Missing) + "."
}

func notes(i trading.Idea) string {
	if len(i.Notes) == 0 {
		return ""
	}
	return "Note: " + strings.Join(i.Notes, "; ") + "."
}

// checkLines has one sentence for each check.
func checkLines(e trading.Evaluation) []string {
	lines, open := make([]string, 0, len(e.Checks)+1), []string{}
	for _, c := range e.Checks {
		switch {
		case c.Passed == nil:
			open = append(open, strings.ToLower(ruleName(c.Rule)))
		case c.Missed() && c.Critical:
			lines = append(lines, "✗ (critical) "+sentence(c))
		case c.Missed():
			lines = append(lines, "✗ "+sentence(c))
		default:
			lines = append(lines, "✓ "+sentence(c))
		}
	}
	if len(open) > 0 {
		lines = append(lines, "? Open until then: "+strings.Join(open, ", ")+".")
	}
	return lines
}

// sentence is one check: what is, and what was asked.
func sentence(c trading.Check) string {
	name := ruleName(c.Rule)
	switch c.Rule {
	case trading.RuleStopRequired, trading.RuleTargetRequired:
		if c.Missed() {
			return fmt.Sprintf("%s: %s. Plan: %s before every entry.", name, c.Actual, c.Expected)
		}
		return fmt.Sprintf("%s: %s.", name, c.Actual)
	case trading.RuleStatedRisk:
		return fmt.Sprintf("%s: %s. Limit: %s.", name, c.Actual, strings.TrimSuffix(c.Expected, ", the risk you named"))
	case trading.RuleCash, trading.RuleDrawdownRoom, trading.RuleSize:
		return fmt.Sprintf("%s: %s. Limit: %s.", name, c.Actual, c.Expected)
	}
	return fmt.Sprintf("%s: %s. Plan: %s.", name, c.Actual, c.Expected)
}

// ruleName is how a rule is called in a sentence.
func ruleName(r trading.Rule) string {
	switch r {
	case trading.RuleStopRequired:
		return "Stop"
	case trading.RuleTargetRequired:
		return "Target"
	case trading.RuleMinRewardRisk:
		return "Reward to risk"
	case trading.RulePerTrade:
		return "Risk of this trade"
	case trading.RuleDailyLoss:
		return "Loss of the day with this trade"
	case trading.RuleOpenRisk:
		return "Open risk with this trade"
	case trading.RuleStatedRisk:
		return "The risk you named"
	case trading.RuleMaxSize, trading.RuleSize:
		return "Size"
	case trading.RuleCash:
		return "Cash"
	case trading.RuleDrawdownRoom:
		return "Drawdown room"
	case trading.RuleMaxTrades:
		return "Trades today"
	case trading.RuleLossesInARow:
		return "Losses in a row"
	case trading.RuleCooldown:
		return "Cooldown"
	case trading.RuleWindow:
		return "Trading hours"
	case trading.RuleNoTrade:
		return "No-trade time"
	case trading.RuleInstruments:
		return "Instrument"
	case trading.RuleAveragingDown:
		return "Adding to a loser"
	case trading.RuleWideningStops:
		return "Moving the stop"
	}
	return string(r)
}

// capName says what bounds the size.
func capName(r trading.Rule) string {
	switch r {
	case trading.RulePerTrade:
		return "the risk per trade of your plan"
	case trading.RuleDailyLoss:
		return "what is left of the daily loss"
	case trading.RuleOpenRisk:
		return "the open risk your plan allows"
	case trading.RuleStatedRisk:
		return "the risk you named"
	case trading.RuleMaxSize:
		return "your plan's maximum size"
	case trading.RuleCash:
		return "the cash in the account"
	case trading.RuleDrawdownRoom:
		return "the room above the drawdown floor"
	}
	return string(r)
}

func (s *script) explainConfidence(r trading.Review) {
	if r.Confidence == nil || *r.Confidence == 100 {
		return
	}
	s.say(fmt.Sprintf("Confidence %d: that is how much of what the checks need I was told, nothing else.", *r.Confidence))
}
