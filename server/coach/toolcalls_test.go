package coach

import (
	"encoding/json"
	"strings"
	"testing"

	openai "github.com/sashabaranov/go-openai"
)

// Arguments that are too long are cut, whether they come in many pieces or in one, and so are no JSON any more.
func TestLongArgumentsOfAToolAreCut(t *testing.T) {
	long := `{"text":"` + strings.Repeat("x", 2*maxToolBytes) + `"}`
	for name, size := range map[string]int{"in one piece": len(long), "in pieces": 100} {
		var calls toolCalls
		for rest := long; rest != ""; {
			n := min(size, len(rest))
			at := 0
			calls.add([]openai.ToolCall{{Index: &at, Function: openai.FunctionCall{Arguments: rest[:n]}}})
			rest = rest[n:]
		}
		got := calls.list[0].Function.Arguments
		if len(got) != maxToolBytes || json.Valid([]byte(got)) {
			t.Errorf("%s: %d bytes, JSON %t", name, len(got), json.Valid([]byte(got)))
		}
	}
}
