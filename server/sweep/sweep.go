// Package sweep removes what has had its day.
//
// A [Sweep] is one kind of thing (ended sessions, old audit entries, rows of
// deleted conversations); its room knows what may go, this one when and how
// fast. Everything goes in small steps with pauses as long as the steps, so
// that whoever writes meanwhile waits for one step at most, and half of the
// database's time stays theirs. Several nodes may sweep the same database:
// what one has removed the other does not find.
package sweep

import (
	"context"
	"log/slog"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
)

const (
	// batch bounds what one step removes, in rows.
	batch = 500
	// leastPause follows each step, however quick it was.
	leastPause = 10 * time.Millisecond
)

// Sweep is one kind of thing that is removed.
type Sweep struct {
	// Name says what is removed, in the log: "sessions".
	Name string
	// Step removes up to limit of them and tells how many it did; fewer than
	// limit means that none are left.
	Step func(ctx context.Context, limit int) (removed int64, err error)
}

// Run does all sweeps at once and then again and again, every so often, until
// ctx ends. What a round removed is one line of the log.
func Run(ctx context.Context, every time.Duration, log *slog.Logger, sweeps ...Sweep) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		round(ctx, log, sweeps)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// round does each sweep once. One that fails does not keep the others.
func round(ctx context.Context, log *slog.Logger, sweeps []Sweep) {
	began, total := time.Now(), int64(0)
	var counts []any
	for _, s := range sweeps {
		n, err := s.all(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			log.Warn("a sweep ended early; the next round goes on", "sweep", s.Name, "err", err)
		}
		counts = append(counts, slog.Int64(s.Name, n))
		total += n
	}
	level := slog.LevelDebug
	if total > 0 {
		level = slog.LevelInfo
	}
	log.Log(ctx, level, "swept", append(counts, "took", time.Since(began).Round(time.Millisecond))...)
}

// all steps until nothing is left.
func (s Sweep) all(ctx context.Context) (total int64, err error) {
	for ctx.Err() == nil {
		began := time.Now()
		n, err := s.Step(ctx, batch)
		total += n
		if err != nil || n < batch {
			return total, err
		}
		deadline.Pause(ctx, max(leastPause, time.Since(began)))
	}
	return total, ctx.Err()
}
