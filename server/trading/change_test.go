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
		{"a size that splits evenly", "long 3 MES at 6000, stop 5994, targets 6010 and 6014", "0", ChangeSize, "2", "", Diamond},
		{"the same, short", "short 3 MES at 6000, stop 6006, targets 5990 and 5986", "0", ChangeSize, "2", "", Diamond},
		{"the same, above what is allowed", "long 9 MES at 6000, stop 5994, targets 6010 and 6014", "0", ChangeSize, "8", "", Diamond},
		{"an allowed size that does not split is better all the same", "long 8 MES at 6000, stop 5994, targets 6010 and 6014", "2.5", ChangeSize, "7", "", Fire},
		{"thirds", "long 5 MES at 6000, stop 5994, targets 6008, 6012 and 6016", "0", ChangeSize, "3", "", Diamond},
		{"portions in quarters", "long 7 MES at 6000, stop 5994, target 50% at 6010, 25% at 6012, 25% at 6016", "0", ChangeSize, "4", "", Diamond},
		{"no size reaches the ratio", "long 3 MES at 6000, stop 5994, targets 6008 and 6014", "0", ChangeEntry, "", "5999.25", Diamond},
		{"one target", "long 3 MES at 6000, stop 5994, target 6011", "0", ChangeEntry, "", "5999.5", Diamond},
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
