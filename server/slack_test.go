package server

import (
	"testing"
	"time"
)

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
		if got := l.due(step.m, time.Now()); got != step.want {
			t.Errorf("step %d (%s): %t", i, step.why, got)
		} else if got {
			l.gave(memory{held: step.m.live + 8*mb, live: step.m.live})
		}
	}
}

// Of sockets that went nothing is seen to be free before a collection; one is
// made when they can come back no more.
func TestMemoryIsGivenBackWhenManySocketsHaveGone(t *testing.T) {
	const mb = 1 << 20
	l := slack{linger: 2 * time.Minute}
	start := time.Now()
	at := func(after time.Duration, sockets int) bool {
		return l.due(memory{held: 180 * mb, live: 170 * mb, allocated: 500 * mb, sockets: sockets}, start.Add(after))
	}
	l.gave(memory{held: 180 * mb, live: 170 * mb})
	for i, step := range []struct {
		after   time.Duration
		sockets int
		want    bool
		why     string
	}{
		{0, 19_000, false, "all are there"},
		{time.Minute, 15_000, false, "some have gone"},
		{2 * time.Minute, 10, false, "nearly all have gone, and may come back"},
		{3 * time.Minute, 19_000, false, "they have come back"},
		{4 * time.Minute, 10, false, "gone again"},
		{6 * time.Minute, 10, true, "for good"},
	} {
		if got := at(step.after, step.sockets); got != step.want {
			t.Errorf("step %d (%s): %t", i, step.why, got)
		}
	}
	l.gave(memory{held: 180 * mb, live: 170 * mb, sockets: 10})
	if at(20*time.Minute, 0) {
		t.Error("what stays after that is tried again")
	}
}
