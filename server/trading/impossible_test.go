package trading

import (
	"strings"
	"testing"
)

// TestOddSizeRoundsDown: what is proposed instead of a size between two steps
// is the lower one, except that no size at all is no proposal.
func TestOddSizeRoundsDown(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"long 2.5 MES at 6000 stop 5994 target 6012", "Do you mean 2 contracts?"},
		{"long 0.5 MES at 6000 stop 5994 target 6012", "Do you mean 1 contract?"},
		{"buy 1.257 lots EURUSD at 1.0850 stop 1.0830 target 1.0890", "Do you mean 1.25 lots?"},
		{"buy 10.5 AAPL at 150 stop 148 target 154", "Do you mean 10 shares?"},
	} {
		i := ParseIdea(tc.text)
		if len(i.Questions) != 1 || i.Questions[0].Field != FieldQuantity || !strings.HasSuffix(i.Questions[0].Text, tc.want) {
			t.Errorf("%q: questions %v; want one that ends in %q", tc.text, i.Questions, tc.want)
		}
	}
}
