package coach

import (
	"strings"

	"github.com/elite-trading-coach/coach/server/trading"
)

// reflect is psychology mode without an idea: questions, one pattern, one
// exercise, and no verdict.
func (s *script) reflect(patterns []trading.Pattern) {
	if asksForPrediction(s.prompt.Text) {
		s.say("I do not predict prices or pick trades. Let us look at what makes the question pressing.")
	}
	p, ok := first(patterns)
	switch {
	case ok:
		s.ask(append([][]string{questionsFor(p)}, stages()[1:]...))
		s.namePattern([]trading.Pattern{p})
	case says(s.prompt.Text, "thank", "thx", "bye", "good night"):
		s.say("You are welcome. Come back with the next moment that felt hard; one sentence is enough.")
	default:
		s.nextQuestion()
	}
}

// nextQuestion leads from the moment to the rule: what happened, what the plan
// says, one if-then sentence, and when to look at it again. How far the talk
// has come is read from what the coach said before.
func (s *script) nextQuestion() {
	switch s.ask(stages()) {
	case 0:
		s.say(s.exerciseLine(""))
	case -1:
		s.say("Then there is nothing to add today. Keep the sentence, and tell me after the next trade whether it held.")
	}
}

// ask puts the first questions that were not asked today, and says which they
// were; -1 when all were.
func (s *script) ask(all [][]string) int {
	for n, questions := range all {
		if !s.saidToday(questions[0]) {
			s.say(questions...)
			return n
		}
	}
	return -1
}

func stages() [][]string {
	return [][]string{
		{"Tell me about the moment itself: what happened just before, what did you feel, and what did you do with the position?", "And what does your plan say about that moment?"},
		{"If a friend had told you this, what would you say to them?", "And which single rule would have helped, had it been in front of you?"},
		{"Put that into one sentence: “If … happens, I will …”. Write the sentence here, and on paper beside the screen."},
		{"Good. Which sign will tell you, in the moment, that it is time for that sentence: a thought, a feeling in the body, a number on the screen?"},
	}
}

// says hears any of the words in a short message.
func says(text string, words ...string) bool {
	plain := strings.ToLower(text)
	for _, w := range words {
		if len(plain) < 60 && strings.Contains(plain, w) {
			return true
		}
	}
	return false
}

// questionsFor are two questions about one pattern.
func questionsFor(p trading.Pattern) []string {
	switch p.Tag {
	case trading.RevengeTrading:
		return []string{"What would winning it back today change that next week would not?", "How large was that loss in R, and did the trade follow your plan?"}
	case trading.FOMO:
		return []string{"What exactly would you miss, and what does your plan say about an entry this late?", "Where would you have entered, had you been calm?"}
	case trading.EmotionalTrading:
		return []string{"Where in the day did the feeling start, and what happened just before?", "What would you tell a friend who felt this and wanted to trade?"}
	case trading.LossAversion:
		return []string{"If you had no position, would you open this one now, at this price?", "What did you plan to do at the stop, before the trade was on?"}
	case trading.Overconfidence:
		return []string{"What would have to happen for you to say that you were wrong?", "How many of your certain trades of this month won?"}
	case trading.Overtrading:
		return []string{"Which of today's trades would you take again, looking only at the plan?", "What were you looking for in the last one: a setup, or something to do?"}
	case trading.DisciplineIssues:
		return []string{"Which rule was it, and what did you tell yourself in the minute before?", "Is the rule wrong, or was the moment too strong? Only one of the two is a reason to change it."}
	case trading.AnalysisParalysis:
		return []string{"What would you have to see to enter, in one sentence?", "What did the last three trades that you did not take cost or save you, in R?"}
	case trading.ConfirmationBias:
		return []string{"What have you read or seen today that speaks against the idea?", "At which price is the idea wrong, whatever anybody says?"}
	case trading.Anchoring:
		return []string{"If you had never seen that price, what would you do here?", "What has changed since the market was there?"}
	case trading.RecencyBias:
		return []string{"What do your last 30 trades say that the last three do not?", "Would you change anything if those results had come in another order?"}
	case trading.RiskAversion:
		return []string{"What loss, in dollars, would you accept without thinking about it tonight?", "What happened the last time you left a planned trade alone?"}
	}
	return []string{"What made it possible to do that today?", "How will you make it as easy the next time?"}
}
