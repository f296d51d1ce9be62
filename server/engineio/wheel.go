package engineio

import (
	"sync"
	"time"
)

// wheelSlots times the grain is how far ahead a look fits in one turn of the
// wheel; what lies further simply stays for another turn.
const wheelSlots = 512

// wheel remembers when to look at each session: one ticker for all of them
// instead of a timer each. Setting and removing cost a few pointers.
type wheel struct {
	grain time.Duration

	mu    sync.Mutex
	turn  int64 // the last tick that was handled
	slots [wheelSlots]*Session
}

// entry is a session's place in a slot's list. It is guarded by the wheel's
// mutex, which may be taken while a session's is held, never the other way round.
type entry struct {
	due        int64
	prev, next *Session
	in         bool
}

// newWheel chooses a grain of a twentieth of the shorter time: 10 ms for the
// 300/200 ms of the protocol's test suite, at most 250 ms.
func newWheel(interval, timeout time.Duration) *wheel {
	grain := min(interval, timeout) / 20
	return &wheel{grain: min(max(grain, 5*time.Millisecond), 250*time.Millisecond)}
}

// set looks at s at the first tick that is not before at.
func (w *wheel) set(s *Session, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(s)
	e := &s.schedule
	e.due = max(int64((at+w.grain-1)/w.grain), w.turn+1)
	head := &w.slots[e.due%wheelSlots]
	e.prev, e.next, e.in = nil, *head, true
	if *head != nil {
		(*head).schedule.prev = s
	}
	*head = s
}

// remove forgets s.
func (w *wheel) remove(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(s)
}

func (w *wheel) unlink(s *Session) {
	e := &s.schedule
	if !e.in {
		return
	}
	if e.prev != nil {
		e.prev.schedule.next = e.next
	} else {
		w.slots[e.due%wheelSlots] = e.next
	}
	if e.next != nil {
		e.next.schedule.prev = e.prev
	}
	*e = entry{}
}

// advance takes out every session that is due at now.
func (w *wheel) advance(now time.Duration) (due []*Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	target := int64(now / w.grain)
	// After a long pause one turn over all slots finds everything.
	for t := max(w.turn+1, target-wheelSlots+1); t <= target; t++ {
		due = w.collect(due, t%wheelSlots, target)
	}
	w.turn = max(w.turn, target)
	return due
}

func (w *wheel) collect(due []*Session, slot, target int64) []*Session {
	for s := w.slots[slot]; s != nil; {
		next := s.schedule.next
		if s.schedule.due <= target {
			w.unlink(s)
			due = append(due, s)
		}
		s = next
	}
	return due
}
