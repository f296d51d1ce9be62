package coach

import (
	"strings"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
)

// manuscript is what a model has written, and how much of it the room was told.
// The model adds to it from its own goroutine; whoever tells the room is woken
// when something is due, and not for each piece.
type manuscript struct {
	// now has a value when text is due that came later than deltaEvery after the
	// room was told last, later when text is due that had to wait.
	now   chan struct{}
	later *time.Timer

	mu    sync.Mutex
	text  strings.Builder
	units int       // of text
	sent  int       // units of text that the room was told
	cut   int       // bytes of text that the room was told
	told  time.Time // when that was
	due   bool      // now or later will tell of what is written
	pace  pace      // read without mu once the model has ended
}

func newManuscript() *manuscript {
	m := &manuscript{now: make(chan struct{}, 1), later: time.NewTimer(time.Hour), pace: startPace()}
	m.later.Stop()
	return m
}

// add takes the next piece.
func (m *manuscript) add(piece string) {
	at := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pace.text(at)
	m.text.WriteString(piece)
	m.units += chat.Units(piece)
	if m.due {
		return
	}
	m.due = true
	if early := deltaEvery - at.Sub(m.told); early > 0 {
		m.later.Reset(early)
		return
	}
	select {
	case m.now <- struct{}{}:
	default:
	}
}

// untold is the text that the room has not been told, and how many units are
// before it. Whoever takes it tells the room.
func (m *manuscript) untold() (offset int, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.later.Stop()
	select {
	case <-m.now: // somebody else asked for what it was to tell of
	default:
	}
	m.due = false
	if m.sent == m.units {
		return m.sent, ""
	}
	offset, text = m.sent, m.text.String()[m.cut:]
	m.sent, m.cut, m.told = m.units, m.text.Len(), time.Now()
	return offset, text
}

// all is the whole text so far.
func (m *manuscript) all() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

// heard is the text that the room was told.
func (m *manuscript) heard() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()[:m.cut]
}
