package coach

import (
	"fmt"
	"strings"

	"github.com/elite-trading-coach/coach/server/trading"
)

// question asks for one field.
func question(f trading.Field, i trading.Idea) string {
	switch f {
	case trading.FieldSide:
		return "Long or short?"
	case trading.FieldInstrument:
		return "Which instrument do you trade (MES, EURUSD, AAPL, …)?"
	case trading.FieldEntry:
		return "At which price would you enter?"
	case trading.FieldStop:
		return "Where is your stop?"
	case trading.FieldTarget:
		return "Where is your target?"
	case trading.FieldEquity:
		return "How large is your account? Once is enough: put it into your plan, and I will not ask again."
	case trading.FieldPointValue:
		return "What is one point of " + i.Symbol + " worth for one unit, in dollars? It is not in my table, and I do not guess."
	case trading.FieldRate:
		return "Your account is in " + i.Currency + ": what is it in US dollars?"
	case trading.FieldQuantity:
		return "How many?"
	case trading.FieldExit:
		return "At which price did you get out?"
	}
	return "What is the " + string(f) + "?"
}

func missingLine(e trading.Evaluation) string {
	if len(e.Missing) == 0 {
		return ""
	}
	questions := make([]string, len(e.Missing))
	for i, f := range e.Missing {
		questions[i] = question(f, e.Idea)
	}
	return strings.Join(questions, " ")
}

// listOf joins what is missing: "your stop and the size of your account".
func listOf(fields []trading.Field) string {
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = fieldName(f)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func fieldName(f trading.Field) string {
	switch f {
	case trading.FieldSide:
		return "the side"
	case trading.FieldInstrument:
		return "the instrument"
	case trading.FieldEntry:
		return "the entry"
	case trading.FieldStop:
		return "your stop"
	case trading.FieldTarget:
		return "your target"
	case trading.FieldEquity:
		return "the size of your account"
	case trading.FieldPointValue:
		return "the value of a point"
	case trading.FieldRate:
		return "your account in US dollars"
	}
	return "the " + string(f)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "a " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func declinedOrMissing(e trading.Evaluation) string {
	if e.Idea.HasDeclined(trading.FieldStop) {
		return "a stop"
	}
	return listOf(e.Missing)
}
