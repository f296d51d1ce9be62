package server

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/server/sweep"
	"github.com/elite-trading-coach/coach/storage"
)

// sweeps is everything that is removed by and by. A room that keeps what has
// its day adds its line here.
func (s *Server) sweeps() []sweep.Sweep {
	keep := s.Config.Housekeeping
	return []sweep.Sweep{
		{Name: "idleSessions", Step: s.auth.EndIdle},
		{Name: "sessions", Step: s.olderThan(keep.Sessions, (*storage.Tx).PurgeSessions)},
		{Name: "failedSignIns", Step: s.auth.PurgeFailures},
		{Name: "resetCodes", Step: s.olderThan(time.Second, (*storage.Tx).PurgeResetCodes)},
		{Name: "audit", Step: s.olderThan(keep.Audit, (*storage.Tx).PurgeAudit)},
		{Name: "deletedConversations", Step: s.chat.Purge},
		{Name: "images", Step: s.uploads.SweepStep},
	}
}

// olderThan removes rows of which all that matters is their age; keep 0 keeps
// them for ever.
func (s *Server) olderThan(keep time.Duration, purge func(tx *storage.Tx, ctx context.Context, before time.Time, limit int) (int64, error)) func(context.Context, int) (int64, error) {
	return func(ctx context.Context, limit int) (removed int64, err error) {
		if keep == 0 {
			return 0, nil
		}
		err = s.store.Tidy(ctx, func(tx *storage.Tx) error {
			removed, err = purge(tx, ctx, storage.Now().Add(-keep), limit)
			return err
		})
		return removed, err
	}
}

func (s *Server) runSweeps(ctx context.Context) error {
	return sweep.Run(ctx, s.Config.Housekeeping.Every, s.log, s.sweeps()...)
}
