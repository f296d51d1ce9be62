package engineio

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWheel holds the wheel against a plain map, for any order of sets,
// removals and pauses.
func TestWheel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWheel(300*time.Millisecond, 200*time.Millisecond)
		sessions := make([]*Session, 20)
		for i := range sessions {
			sessions[i] = &Session{}
		}
		want := map[*Session]time.Duration{}
		now := time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			s := rapid.SampledFrom(sessions).Draw(t, "session")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				at := now + time.Duration(rapid.IntRange(-100, 20_000).Draw(t, "at"))*time.Millisecond
				w.set(s, at)
				want[s] = at
			case 2:
				w.remove(s)
				delete(want, s)
			case 3:
				now += time.Duration(rapid.IntRange(0, 15_000).Draw(t, "pause")) * time.Millisecond
				checkDue(t, w, want, now)
			}
		}
		checkDue(t, w, want, now+time.Hour)
		if len(want) > 0 {
			t.Fatalf("%d were never due", len(want))
		}
	})
}

// checkDue: nobody early, nobody later than a grain (or the next tick, when the
// time had passed already).
func checkDue(t *rapid.T, w *wheel, want map[*Session]time.Duration, now time.Duration) {
	for _, s := range w.advance(now) {
		at, known := want[s]
		if !known || at > now {
			t.Fatalf("due at %v: known %v, wanted %v", now, known, at)
		}
		delete(want, s)
	}
	for s, at := range want {
		if at >= 0 && at+2*w.grain <= now && s.schedule.due*int64(w.grain) <= int64(now) {
			t.Fatalf("at %v one of %v is still waiting", now, at)
		}
	}
}

func TestWheelGrain(t *testing.T) {
	for _, test := range []struct{ interval, timeout, want time.Duration }{
		{300 * time.Millisecond, 200 * time.Millisecond, 10 * time.Millisecond},
		{25 * time.Second, 20 * time.Second, 250 * time.Millisecond},
		{20 * time.Millisecond, 20 * time.Millisecond, 5 * time.Millisecond},
	} {
		if got := newWheel(test.interval, test.timeout).grain; got != test.want {
			t.Errorf("%v/%v: grain %v", test.interval, test.timeout, got)
		}
	}
}
