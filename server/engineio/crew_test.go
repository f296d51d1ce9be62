package engineio

import (
	"testing"
	"testing/synctest"
)

// The hand that worked last works next, as many stay as are kept, and those
// that come back after the end are not kept.
func TestCrewKeepsItsHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c crew
		first, second := c.take(), c.take()
		c.put(first)
		c.put(second)
		if again := c.take(); again != second {
			t.Error("the hand that worked last is not the next to work")
		}
		c.put(second)
		var many []*hand
		for range crewKept + 5 {
			many = append(many, c.take())
		}
		for _, h := range many {
			c.put(h)
		}
		if len(c.idle) != crewKept {
			t.Errorf("%d hands are idle, want %d", len(c.idle), crewKept)
		}
		late := c.take()
		c.dismiss()
		c.put(late)
		if len(c.idle) != 0 {
			t.Errorf("%d hands are idle after the end", len(c.idle))
		}
		synctest.Wait() // a hand that stayed would fail the bubble
	})
}
