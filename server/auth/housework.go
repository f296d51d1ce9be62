package auth

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/storage"
)

const houseworkEvery = 5 * time.Second

// housework writes down uses.
func (s *Service) housework(ctx context.Context) {
	for deadline.Pause(ctx, houseworkEvery) {
		s.writeTouches(ctx)
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	s.writeTouches(ctx)
}

// EndIdle ends up to limit sessions that nobody has used for Options.Idle, as
// a sign-out would: their sockets are closed on every node. It tells how many.
func (s *Service) EndIdle(ctx context.Context, limit int) (ended int64, err error) {
	if s.idle == 0 {
		return 0, nil
	}
	err = s.store.Tidy(ctx, func(tx *storage.Tx) error {
		ended, err = tx.EndIdleSessions(ctx, s.now().Add(-s.idle), limit)
		return err
	})
	if err == nil && ended > 0 {
		s.announceAll(ctx)
	}
	return ended, err
}

// PurgeFailures removes up to limit counts of failed sign-ins that no longer
// lock or slow anybody, and tells how many.
func (s *Service) PurgeFailures(ctx context.Context, limit int) (removed int64, err error) {
	err = s.store.Tidy(ctx, func(tx *storage.Tx) error {
		removed, err = tx.PurgeLockouts(ctx, s.now().Add(-failureWindow), limit)
		return err
	})
	return removed, err
}
