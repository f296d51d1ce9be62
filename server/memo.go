package server

import (
	"context"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// recently is how old the finding of a check may be.
const recently = 250 * time.Millisecond

// memo remembers what a check found. While one caller asks, the others wait
// for the same answer. Its zero value is ready.
type memo struct {
	mu     sync.Mutex
	found  api.Check
	at     time.Time
	asking chan struct{} // closed when the answer is there; nil: nobody asks
}

// check gives what was found recently, or asks. The question outlives a caller
// who hangs up, so that it does not answer "down" to the others; ask bounds it.
func (m *memo) check(ctx context.Context, ask func(ctx context.Context) api.Check) api.Check {
	for {
		found, wait, mine := m.look()
		switch {
		case mine:
			return m.keep(ask(context.WithoutCancel(ctx)))
		case wait == nil:
			return found
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return api.Check{Status: api.StatusDown, Message: "The check took too long."}
		}
	}
}

// look gives the finding; or what to wait for; or the turn to ask.
func (m *memo) look() (found api.Check, wait <-chan struct{}, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.at.IsZero() && time.Since(m.at) < recently:
		return m.found, nil, false
	case m.asking != nil:
		return api.Check{}, m.asking, false
	}
	m.asking = make(chan struct{})
	return api.Check{}, nil, true
}

func (m *memo) keep(found api.Check) api.Check {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found, m.at = found, time.Now()
	close(m.asking)
	m.asking = nil
	return found
}
