package auth

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

const (
	// touchEvery is how exact lastUsedAt and lastActiveAt are; a write for
	// every request would cost more than many a request.
	touchEvery = time.Minute
	// maxTouches bounds what waits to be written; beyond it a note is lost,
	// and made again by the next request.
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

// note remembers a use, once a minute per session.
func (t *touched) note(e *entry, at time.Time) {
	last := e.touched.Load()
	if at.UnixNano()-last < int64(touchEvery) || !e.touched.CompareAndSwap(last, at.UnixNano()) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) >= maxTouches {
		return
	}
	t.pending[e.actor.SessionID] = storage.Touch{SessionID: e.actor.SessionID, UserID: e.actor.UserID, At: at}
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
// no retry, and the next request notes it again.
func (s *Service) writeTouches(ctx context.Context) {
	for batch := range slices.Chunk(s.touched.take(), touchBatch) {
		err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.TouchSessions(ctx, batch) })
		if err != nil {
			s.log.Warn("the last use of some sessions was not written down", "sessions", len(batch), "err", err)
			return
		}
	}
}
