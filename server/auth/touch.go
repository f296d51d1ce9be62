package auth

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

const (
	// touchEvery is how exact lastUsedAt and lastActiveAt are; a write for
	// every request would cost more than many a request.
	touchEvery = time.Minute
	// maxTouches bounds what waits to be written; beyond it a note is lost,
	// and the next one is made a minute later.
	maxTouches = 8192
	// touchBatch bounds one transaction, so that notes never hold up messages.
	touchBatch = 128
)

// touched gathers which sessions were used, until Run writes it down.
type touched struct {
	mu      sync.Mutex
	pending map[string]storage.Touch
}

func newTouched() *touched { return &touched{pending: map[string]storage.Touch{}} }

// Used notes that somebody used a session by an event on a socket. latest is
// the caller's memory of one socket, in nanoseconds: it makes the note one a
// minute. A socket that is only open does not use its session.
func (s *Service) Used(a Actor, latest *atomic.Int64) { s.touched.note(a, latest, s.now()) }

// note remembers a use, once a minute per session.
func (t *touched) note(a Actor, latest *atomic.Int64, at time.Time) {
	last := latest.Load()
	if at.UnixNano()-last < int64(touchEvery) || !latest.CompareAndSwap(last, at.UnixNano()) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) >= maxTouches {
		return
	}
	t.pending[a.SessionID] = storage.Touch{SessionID: a.SessionID, UserID: a.UserID, At: at}
}

func (t *touched) take() []storage.Touch {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]storage.Touch, 0, len(t.pending))
	for _, touch := range t.pending {
		all = append(all, touch)
	}
	clear(t.pending)
	return all
}

// writeTouches writes down what was noted. What fails is dropped: it is worth
// no retry, and who goes on is noted again in a minute.
func (s *Service) writeTouches(ctx context.Context) {
	for batch := range slices.Chunk(s.touched.take(), touchBatch) {
		err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.TouchSessions(ctx, batch) })
		if err != nil {
			s.log.Warn("the last use of some sessions was not written down", "sessions", len(batch), "err", err)
			return
		}
	}
}
