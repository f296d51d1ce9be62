package loadtest

import (
	"fmt"
	"sync"
)

// listener is what one socket has heard of its conversation. A row's place
// (seq) is one bit in each of two sets: it was announced, and it was finished.
type listener struct {
	socket int

	mu       sync.Mutex
	began    bool  // it has been in the room
	behind   bool  // a catch-up is not complete
	from     int64 // rows up to this seq came before it
	last     int64 // rev of the last durable event, or of the last catch-up
	seen     bits
	finished bits
}

// bits is a set of places, from 1.
type bits []uint64

func (b *bits) add(n int64) {
	for int(n/64) >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b bits) has(n int64) bool { return int(n/64) < len(b) && b[n/64]&(1<<(n%64)) != 0 }

// hearing is what an event was to a listener.
type hearing int

const (
	fresh     hearing = iota
	doubled           // it had come before
	reordered         // something later had come before it
)

// hear takes a durable event. Each raises the conversation's rev, and reaches
// a socket in that order, once.
func (l *listener) hear(r row) hearing {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.knows(r)
	l.note(r)
	late := r.Rev <= l.last
	l.last = max(l.last, r.Rev)
	switch {
	case !late || l.behind:
		return fresh
	case known:
		return doubled
	}
	return reordered
}

// knows reports whether this state of the row was heard of. The caller holds mu.
func (l *listener) knows(r row) bool {
	if r.isAnswer() && !r.open() {
		return l.finished.has(r.Seq)
	}
	return l.seen.has(r.Seq)
}

func (l *listener) note(r row) {
	l.seen.add(r.Seq)
	if r.isAnswer() && !r.open() {
		l.finished.add(r.Seq)
	}
}

// caughtUp takes the answer to join_conversation or sync: rows that changed,
// and how far that goes. It returns the rev to ask from again, or -1 when
// nothing is missing.
func (l *listener) caughtUp(c changes) (again int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.began {
		l.began, l.from = true, c.LastSeq
		l.last = max(l.last, c.LastRev)
		return -1
	}
	for _, r := range c.Messages {
		l.note(r)
		again = max(again, r.Rev)
	}
	if c.Complete || len(c.Messages) == 0 {
		l.behind = false
		l.last = max(l.last, c.LastRev)
		return -1
	}
	l.behind = true
	return again
}

// changes is the answer to join_conversation, and a part of that to sync.
type changes struct {
	Messages         []row
	LastSeq, LastRev int64
	Complete         bool
}

// revision is what to ask from; nil: it was never there.
func (l *listener) revision() *int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.began {
		return nil
	}
	last := l.last
	return &last
}

// misses lists what a socket that is there should have heard by now and has
// not.
func (l *listener) misses(rows []row) (problems []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.began {
		return nil
	}
	for _, r := range rows {
		if r.Seq <= l.from {
			continue
		}
		switch {
		case !l.seen.has(r.Seq):
			problems = append(problems, fmt.Sprintf("socket %d was never given %s (seq %d)", l.socket, r.ID, r.Seq))
		case r.isAnswer() && !r.open() && !l.finished.has(r.Seq):
			problems = append(problems, fmt.Sprintf("socket %d was never given the end of answer %s (seq %d)", l.socket, r.ID, r.Seq))
		}
	}
	return problems
}
