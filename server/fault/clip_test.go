package fault_test

import (
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/fault"
)

func TestClip(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"short":     {"typing", "typing"},
		"just fits": {strings.Repeat("é", 64), strings.Repeat("é", 64)},
		"longer":    {strings.Repeat("é", 65), strings.Repeat("é", 64) + "…"},
		"no UTF-8":  {"a\xffb", "a\uFFFDb"},
	} {
		if got := fault.Clip(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
