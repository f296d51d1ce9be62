package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

const (
	// grace is how long what looks left behind may be under way.
	grace = time.Hour
	// moment is how long a file stays that no upload shows any more: somebody
	// who has just found it may not have written so yet.
	moment = time.Minute
	// sweepStep is how many files are looked at in one query.
	sweepStep = 100
	// strayEvery is how often the store is looked through.
	strayEvery = 6 * time.Hour
	// briefly is how often what was deleted is removed.
	briefly = time.Minute
)

// Swept is what a sweep removed.
type Swept struct {
	Loose  int64 // uploads that no message took in time
	Files  int   // files that nothing shows
	Strays int   // pictures that no row knows
}

// Run removes, every minute, the bytes of what was deleted, until ctx ends.
// The rest of a sweep is housekeeping's to ask for.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(briefly)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		_, err := s.removeUseless(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, storage.ErrBusy) {
			s.Logger.Warn("deleted images were not removed; it is tried again", "err", err)
		}
	}
}

// SweepStep is Sweep for housekeeping, which asks again as long as limit were
// removed; one call does it all.
func (s *Service) SweepStep(ctx context.Context, limit int) (removed int64, err error) {
	swept, err := s.sweep(ctx, s.strayTime())
	return min(swept.Loose+int64(swept.Files+swept.Strays), int64(limit)-1), err
}

// Sweep removes uploads that no message took, files that nothing shows, and
// pictures in the store that no row knows. A picture that is missing where a
// row says it is takes nothing with it: a disk that is not mounted must not
// cost everybody their images.
func (s *Service) Sweep(ctx context.Context) (Swept, error) { return s.sweep(ctx, withStrays) }

// reach is how much of a sweep is done.
type reach int

const (
	rowsOnly reach = iota
	withStrays
)

// strayTime says whether it is time to look for strays: that lists the whole
// store, which Cloudinary counts.
func (s *Service) strayTime() reach {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if now.Sub(s.strays) < strayEvery {
		return rowsOnly
	}
	s.strays = now
	return withStrays
}

func (s *Service) sweep(ctx context.Context, how reach) (Swept, error) {
	var out Swept
	now := s.Now()
	clearOld(s.Dir, now.Add(-grace))
	err := s.Options.Store.Tx(ctx, func(tx *storage.Tx) (err error) {
		out.Loose, err = tx.DropLooseUploads(ctx, now.Add(-s.Loose), now)
		return err
	})
	if err != nil {
		return out, err
	}
	if out.Files, err = s.removeUseless(ctx); err != nil || how == rowsOnly {
		return out, err
	}
	out.Strays, err = s.removeStrays(ctx, now.Add(-grace))
	return out, err
}

// removeUseless removes files that nothing shows any more, rows last.
func (s *Service) removeUseless(ctx context.Context) (removed int, err error) {
	if err := s.Options.Store.Tx(ctx, func(tx *storage.Tx) error { return tx.ForgetUploads(ctx) }); err != nil {
		return 0, err
	}
	idle := storage.Idle{Unfinished: s.Now().Add(-grace), Unused: s.Now().Add(-moment)}
	for {
		list, err := s.Options.Store.UselessFiles(ctx, idle, sweepStep)
		if err != nil {
			return removed, err
		}
		for _, f := range list {
			if err := s.destroy(ctx, f, idle); err != nil {
				return removed, err
			}
			removed++
		}
		if len(list) < sweepStep {
			return removed, nil
		}
	}
}

// destroy says in the row that the bytes go, removes them, then the row. It
// leaves alone what is not idle any more. Another node may do the same.
func (s *Service) destroy(ctx context.Context, f storage.File, idle storage.Idle) error {
	err := s.Options.Store.Tx(ctx, func(tx *storage.Tx) error { return tx.CondemnFile(ctx, f.ID, idle, s.Now()) })
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, size := range []Size{Original, Thumb, ForModel} {
		if err := s.Objects.Delete(ctx, keyFor(f, size)); err != nil {
			return fmt.Errorf("remove an image: %w", err)
		}
	}
	err = s.Options.Store.Tx(ctx, func(tx *storage.Tx) error { return tx.ForgetFile(ctx, f) })
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// removeStrays removes pictures of files that no row knows.
func (s *Service) removeStrays(ctx context.Context, before time.Time) (removed int, err error) {
	var batch []Key
	flush := func() error {
		ids := make([]string, len(batch))
		for i, k := range batch {
			ids[i] = k.File
		}
		known, err := s.Options.Store.FilesExist(ctx, ids)
		if err != nil {
			return err
		}
		for _, k := range batch {
			if known[k.File] {
				continue
			}
			if err := s.Objects.Delete(ctx, k); err != nil {
				return err
			}
			removed++
		}
		batch = batch[:0]
		return nil
	}
	for o, err := range s.Objects.List(ctx) {
		if err != nil {
			return removed, err
		}
		if o.At.Before(before) {
			batch = append(batch, o.Key)
		}
		if len(batch) == sweepStep {
			if err := flush(); err != nil {
				return removed, err
			}
		}
	}
	return removed, flush()
}
