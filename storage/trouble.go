package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// probeEvery is how often, while writes fail, somebody's transaction is
// followed by a small write that finds out whether they work again.
const probeEvery = time.Second

// holdFor is how long writes must have worked, without a failure between, to
// be called whole again. A database that is being stopped or started takes a
// write here and there, and each would be another end and beginning.
const holdFor = probeEvery

// trouble remembers that the database takes no writes: it is away, full, or
// held by another program. It says so once in the log when that begins and
// once when it has ended for [holdFor], so that callers need not say it for
// every request.
type trouble struct {
	log *slog.Logger
	now func() time.Time
	on  atomic.Bool // err is not nil, without the lock

	mu     sync.Mutex
	err    error
	since  time.Time
	probed time.Time
	held   time.Time // of the first write since the latest failure; zero: none
}

func newTrouble(log *slog.Logger) *trouble { return &trouble{log: log, now: time.Now} }

// Unwritable tells since when the database has taken no writes, and why; nil
// when they work, and have worked for [holdFor] since they last did not. Reads
// may work all the same.
func (s *Store) Unwritable() (since time.Time, err error) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return s.trouble.since, s.trouble.err
}

// failed learns of a transaction that was not stored.
func (t *trouble) failed(err error) {
	if !errors.Is(err, ErrBusy) || errors.Is(err, errClosed) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = time.Time{}
	if t.err != nil {
		return
	}
	t.err, t.since, t.probed = err, t.now(), t.now()
	t.on.Store(true)
	t.log.Error("the database takes no writes; they are refused as UNAVAILABLE until it does", "err", err)
}

// wrote learns that rows were stored.
func (t *trouble) wrote() {
	if !t.on.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		return
	}
	if t.held.IsZero() {
		t.held = t.now()
	}
	if t.now().Sub(t.held) < holdFor {
		return
	}
	t.log.Info("the database takes writes again", "after", t.held.Sub(t.since).Round(time.Millisecond))
	t.err, t.since, t.held = nil, time.Time{}, time.Time{}
	t.on.Store(false)
}

// due reports, once per probeEvery while there is trouble, that a write should
// be tried.
func (t *trouble) due() bool {
	if !t.on.Load() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil || t.now().Sub(t.probed) < probeEvery {
		return false
	}
	t.probed = t.now()
	return true
}

// probe stores a row and removes it again. What writes nothing, such as the
// look for answers to write, commits on a full disk too and proves nothing;
// and SQLite writes nothing for an UPDATE that changes nothing.
func (s *Store) probe(ctx context.Context) {
	// Its outcome is what Tidy notes.
	_ = s.Tidy(ctx, func(tx *Tx) error {
		key := "probe:" + NewID()
		if _, err := tx.count(ctx, "probe", `INSERT INTO lockouts (key, failures, first_at) VALUES ($1, 0, $2)`, key, usec(s.trouble.now())); err != nil {
			return err
		}
		_, err := tx.count(ctx, "probe", `DELETE FROM lockouts WHERE key = $1`, key)
		return err
	})
}

// counted notes whether a transaction changed any row.
type counted struct {
	querier
	rows *int64
}

func (c counted) ExecContext(ctx context.Context, query string, args ...any) (result, error) {
	res, err := c.querier.ExecContext(ctx, query, args...)
	if err == nil {
		n, _ := res.RowsAffected()
		*c.rows += n
	}
	return res, err
}
