package auth

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

const (
	houseworkEvery = 5 * time.Second
	purgeEvery     = 10 * time.Minute
	// keepSessions is how long a session that ended is kept: its address stays
	// one that the account knows, and an operator can see what happened.
	keepSessions = 7 * 24 * time.Hour
	// purgeBatch and purgeBatches bound one round, so that it never holds up
	// messages; what is left waits for the next.
	purgeBatch, purgeBatches = 500, 20
)

// housework writes down uses and removes what has had its day.
func (s *Service) housework(ctx context.Context) {
	purge := time.NewTicker(purgeEvery)
	defer purge.Stop()
	for pause(ctx, houseworkEvery) {
		s.writeTouches(ctx)
		select {
		case <-purge.C:
			s.purge(ctx)
		default:
		}
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	s.writeTouches(ctx)
}

func (s *Service) purge(ctx context.Context) {
	err := s.purgeAll(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("old sessions and lockouts were not removed; the next round will", "err", err)
	}
}

func (s *Service) purgeAll(ctx context.Context) error {
	at := s.now()
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := tx.PurgeLockouts(ctx, at.Add(-failureWindow))
		return err
	})
	for left, round := int64(purgeBatch), 0; err == nil && left == purgeBatch && round < purgeBatches; round++ {
		err = s.store.Tx(ctx, func(tx *storage.Tx) error {
			var err error
			left, err = tx.PurgeSessions(ctx, at.Add(-keepSessions), purgeBatch)
			return err
		})
	}
	return err
}
