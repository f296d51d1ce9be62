package server

import "testing"

func TestMemoryIsGivenBackWhenItIsQuiet(t *testing.T) {
	const mb = 1 << 20
	l := slack{settled: 30 * mb}
	for i, step := range []struct {
		m    memory
		want bool
		why  string
	}{
		{memory{held: 120 * mb, live: 50 * mb, allocated: 500 * mb}, false, "busy"},
		{memory{held: 120 * mb, live: 50 * mb, allocated: 501 * mb}, true, "quiet, and more in hand than is in use"},
		{memory{held: 60 * mb, live: 50 * mb, allocated: 505 * mb}, false, "given back, and little has come since"},
		{memory{held: 70 * mb, live: 50 * mb, allocated: 520 * mb}, true, "grown again"},
		{memory{held: 66 * mb, live: 60 * mb, allocated: 525 * mb}, false, "what is held is in use"},
		{memory{held: 230 * mb, live: 150 * mb, allocated: 530 * mb}, true, "many have come"},
		{memory{held: 157 * mb, live: 140 * mb, allocated: 535 * mb}, false, "some have gone"},
		{memory{held: 120 * mb, live: 40 * mb, allocated: 540 * mb}, true, "most have gone, though less is held than after the last time"},
		{memory{held: 54 * mb, live: 40 * mb, allocated: 545 * mb}, false, "what stays after that is not tried again"},
	} {
		if got := l.due(step.m); got != step.want {
			t.Errorf("step %d (%s): %t", i, step.why, got)
		} else if got {
			l.settled, l.lived = step.m.live+8*mb, step.m.live
		}
	}
}
