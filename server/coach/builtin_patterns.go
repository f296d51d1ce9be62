package coach

import (
	"fmt"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/trading"
)

// namePattern names at most one pattern, with what triggered it, and gives one
// exercise.
func (s *script) namePattern(patterns []trading.Pattern) {
	p, ok := first(patterns)
	if !ok {
		return
	}
	if p.Tag.Good() {
		s.say(fmt.Sprintf("Worth keeping: %s (%s).", patternName(p.Tag), p.Evidence))
		return
	}
	s.say(fmt.Sprintf("A pattern to look at: %s (%s).", patternName(p.Tag), p.Evidence), s.exerciseLine(p.Tag))
}

// first prefers a pattern to mend over one to keep.
func first(patterns []trading.Pattern) (trading.Pattern, bool) {
	for _, p := range patterns {
		if !p.Tag.Good() {
			return p, true
		}
	}
	if len(patterns) > 0 {
		return patterns[0], true
	}
	return trading.Pattern{}, false
}

func patternName(t trading.PatternTag) string {
	switch t {
	case trading.FOMO:
		return "fear of missing out"
	case trading.RevengeTrading:
		return "trading to win a loss back"
	}
	return strings.ReplaceAll(string(t), "_", " ")
}

// exerciseLine gives one exercise that the coach has not given in the last
// day, and no other when all have been.
func (s *script) exerciseLine(tag trading.PatternTag) string {
	for _, e := range append(exercisesFor(tag), exercisesFor("")...) {
		if !s.saidToday(e) {
			return "Exercise: " + e
		}
	}
	return "No new exercise: you have several from today. Do one of them before anything else."
}

// saidToday says whether the coach has said so in the last day.
func (s *script) saidToday(exercise string) bool {
	for _, turn := range s.prompt.History {
		recent := s.prompt.Now.IsZero() || turn.At.IsZero() || s.prompt.Now.Sub(turn.At) < 24*time.Hour
		if turn.Role == "coach" && recent && strings.Contains(turn.Text, exercise) {
			return true
		}
	}
	return false
}

// exercisesFor are small, concrete things to do; "" gives those that fit
// anyone.
func exercisesFor(tag trading.PatternTag) []string {
	switch tag {
	case trading.RevengeTrading:
		return []string{
			"close the order window and set a timer for 15 minutes. Then write one sentence: would I take this trade if the last one had won?",
			"write the last loss as a multiple of R and read it aloud. If it was about 1 R, it was the price of a planned trade, and nothing has to be won back.",
		}
	case trading.FOMO:
		return []string{
			"write the price at which you would be late, before you look at the chart again. If the market is past it, the trade is gone, and that is a result.",
			"scroll back and find three moves you missed this week. Count how many offered a second entry.",
		}
	case trading.Overtrading:
		return []string{
			"before the next order, write which setup of your plan it is. If it has no name there, do not send it.",
			"for the rest of today, trade at half size, and note before each entry what would make you skip it.",
		}
	case trading.Overconfidence:
		return []string{
			"write down the three ways in which this trade loses. Then look at the size again.",
			"look up your last ten trades that felt certain, and count the winners.",
		}
	case trading.LossAversion:
		return []string{
			"write the stop and the loss in dollars on paper and sign it. Then place it as an order, not in your head.",
			"take the smallest size you can and practise being stopped out on purpose: five trades with the stop where the plan puts it.",
		}
	case trading.DisciplineIssues:
		return []string{
			"name the one rule that was broken and write what you will do in the minute before it tempts you again.",
			"read your plan aloud before the next order, and tick each rule as you go.",
		}
	case trading.EmotionalTrading:
		return []string{
			"stand up, leave the screen for ten minutes and drink a glass of water. Then rate what you feel from 1 to 10; above 5, the day is over.",
			"write for three minutes about what happened, without looking at the account.",
		}
	case trading.AnalysisParalysis:
		return []string{
			"write the two conditions that must be met for an entry. When both are, send the order at the smallest size; when not, walk away.",
			"take everything off the chart but price and one level, and decide within five minutes.",
		}
	case trading.ConfirmationBias:
		return []string{"write the best case against your idea in three sentences, as if you were paid to trade the other side."}
	case trading.Anchoring:
		return []string{"cover your entry price. Decide from the chart alone whether you would open this position now."}
	case trading.RecencyBias:
		return []string{"look at your last 30 trades instead of the last three, and write down the average R."}
	case trading.RiskAversion:
		return []string{"take the next planned trade at a quarter of the size, and leave stop and target alone until one of them is hit."}
	}
	return []string{
		"write the next trade down before you click: side, entry, stop, target, size, and why it is in your plan.",
		"at the end of the day, mark each trade as inside or outside the plan, whatever it made.",
		"before the next entry, take three slow breaths and say the loss in dollars out loud.",
	}
}
