package trading

import "testing"

// TestSmallestChange: what is proposed is the first in the order that earns a
// better verdict, and no cheaper one is passed over.
func TestSmallestChange(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		costs      string
		kind       ChangeKind
		size       string
		entry      string
		verdict    Verdict
	}{
		{"an entry that one contract fits", "long ES at 6000, stop 5994, target 6012", "0", ChangeEntry, "", "5999", Diamond},
		{"an entry that one contract fits with its costs", "long ES at 6000, stop 5994, target 6012", "2.5", ChangeEntry, "", "5998.75", Diamond},
		{"the same, short", "short ES at 6000, stop 6006, target 5988", "2.5", ChangeEntry, "", "6001.25", Diamond},
		{"costs that leave nothing", "long ES at 6000, stop 5994, target 6012", "125", ChangeSkip, "", "", NoVerdict},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := DefaultPlan()
			plan.Account.Equity = ptr("25000")
			plan.Account.Costs.PerContractSide = dec(tc.costs)
			c := Evaluate(ParseIdea(tc.text), plan, SessionState{}).Numbers.Change
			if c == nil || c.Kind != tc.kind || c.Verdict != tc.verdict {
				t.Fatalf("change %+v; want %s for %s", c, tc.kind, tc.verdict)
			}
			if tc.size != "" {
				equal(t, "size", *c.Size, tc.size)
			}
			if tc.entry != "" {
				equal(t, "entry", *c.Entry, tc.entry)
			}
		})
	}
}
