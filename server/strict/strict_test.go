package strict_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
)

func TestObject(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "", ` {"a":1,"A":[{"a":2}],"a":null} `: `a=1 A=[{"a":2}] a=null`, `{"\u0061":"x"}`: `a="x"`,
		``: "MALFORMED_JSON", `{"a":1`: "MALFORMED_JSON", `{"a":1}{}`: "MALFORMED_JSON", `[1,`: "MALFORMED_JSON",
		`[]`: "VALIDATION_ERROR", `null`: "VALIDATION_ERROR", `"a"`: "VALIDATION_ERROR",
	} {
		var got []string
		err := strict.Object([]byte(body), func(name string, raw json.RawMessage) { got = append(got, name+"="+string(raw)) })
		if err != nil {
			got = []string{string(fault.From(err).Code)}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s gives %s, want %s", body, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "", `"\ud83d\ude00 \\ud83d"`: "", `7`: strict.NotText, `null`: strict.NotText, ``: strict.NotText,
		`"\ud83d"`: strict.BadUTF8, `"\ude00\ud83d"`: strict.BadUTF8, `"\ud83dx"`: strict.BadUTF8, "\"\xff\"": strict.BadUTF8,
		`"a\u0000"`: strict.BadNUL,
	} {
		if _, problem := strict.Text(json.RawMessage(raw)); problem != want {
			t.Errorf("%q: %q, want %q", raw, problem, want)
		}
	}
}
