package trading

import "testing"

// TestStopsThatMove: of a stop that was moved both prices are read, so that
// one moved away from the entry is a miss.
func TestStopsThatMove(t *testing.T) {
	for _, tc := range []struct {
		text, stop, prior string
		missed            bool
	}{
		{"already long 2 MES at 6000, target 6030, stop was 5994, now 5990", "5990", "5994", true},
		{"I'm long 2 MES from 6000, moving my stop from 5994 to 5990, target 6030", "5990", "5994", true},
		{"I'm long 2 MES from 6000, target 6030, stop from 5994 to 5990", "5990", "5994", true},
		{"I'm long 2 MES from 6000, stop moved up from 5994 to 5997, target 6030", "5997", "5994", false},
		{"I'm short 2 MES at 6000, stop was at 6006, is now 6010, target 5970", "6010", "6006", true},
		{"I'm long 2 MES from 6000, moved my stop to 5990 from 5994, target 6030", "5990", "5994", true},
		{"I'm long 2 MES from 6000, stop was 5994 but I moved it to 5990, target 6030", "5990", "5994", true},
		{"I'm long 2 MES from 6000, stop now 5990 (was 5994), target 6030", "5990", "5994", true},
	} {
		i := ParseIdea(tc.text)
		if i.Stop == nil || i.PriorStop == nil || i.Stop.Value.String() != tc.stop || i.PriorStop.String() != tc.prior || len(i.Targets) != 1 || len(i.Questions) > 0 {
			t.Errorf("%q: %s, stop before %v; want stop %s, before %s", tc.text, render(i), i.PriorStop, tc.stop, tc.prior)
			continue
		}
		if c := check(Evaluate(i, DefaultPlan(), SessionState{}), RuleWideningStops); c == nil || c.Missed() != tc.missed {
			t.Errorf("%q: %+v, want missed %v", tc.text, c, tc.missed)
		}
	}
}

// TestStopsThatMayMove are asked about, and yes takes the new price.
func TestStopsThatMayMove(t *testing.T) {
	i := ParseIdea("I'm long 2 MES from 6000, stop was 5994 yesterday, now 5990, target 6030")
	if len(i.Questions) != 1 || i.Questions[0].Field != FieldStop {
		t.Fatalf("%s; want a question about the stop", render(i))
	}
	next, _ := Continue(i, []Field{FieldStop}, "yes")
	if next.Stop.Value.String() != "5990" || next.PriorStop == nil || next.PriorStop.String() != "5994" {
		t.Errorf("after yes: %s, stop before %v", render(next), next.PriorStop)
	}
	for _, text := range []string{
		"I'm long 2 MES from 6000, stop from 10 points to 15 points, target 6030",
		"I'm long 2 MES from 6000, my stop was 5994. at 6003 now 6002, target 6030",
	} {
		if i := ParseIdea(text); len(i.Questions) != 1 || i.Questions[0].Field != FieldStop {
			t.Errorf("%q: %s; want a question about the stop", text, render(i))
		}
	}
}
