// Package budget keeps what language models may cost a user in a month.
//
// Before a call its dearest outcome is set aside; after it what it really cost
// is booked and the rest is free again. Setting aside is one conditional
// write, so a hundred answers at once cannot spend the same dollar. A server
// that dies in the middle leaves money set aside that nobody will settle: the
// next attempt at the answer frees it, or its time runs out and the sweep
// does. Then nothing is booked: a crash is not the user's fault.
//
// Amounts are integer micro-dollars, and a month is UTC's, as days are.
package budget

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// sweepEvery is how soon money is found that nobody will settle.
const sweepEvery = 30 * time.Second

// Unlimited is a limit that never binds; what is spent is counted all the same.
const Unlimited = -1

// ErrOut says that the month has not enough left for a call.
var ErrOut = fault.New(fault.BudgetExhausted, "The budget of this month for language models is used up.")

// Options is what the books need.
type Options struct {
	Store *storage.Store
	// Limit is what a user may spend in a month, in micro-dollars, or
	// Unlimited.
	Limit func(ctx context.Context, userID string) (int64, error)
	// Now is the clock that says which month it is; nil: the real one.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service is the books. Its methods are safe for concurrent use, also by
// several nodes.
type Service struct {
	store *storage.Store
	limit func(ctx context.Context, userID string) (int64, error)
	now   func() time.Time
	log   *slog.Logger
}

// New makes the books; Run sweeps them.
func New(o Options) *Service {
	s := &Service{store: o.Store, limit: o.Limit, now: o.Now, log: o.Logger}
	if s.now == nil {
		s.now = storage.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Wish is a call that somebody is to pay for.
type Wish struct {
	UserID   string
	AnswerID string // what the call is for
	Attempt  int    // what older attempts at it had set aside is freed
	Micros   int64  // the most that it can cost
	// For is how long the call can take: after that it is taken for dead.
	For time.Duration
}

// Hold is money set aside for one call. A nil one is of a call that nobody
// pays for.
type Hold struct {
	service *Service
	row     storage.Hold
}

// Reserve sets money aside. ErrOut: there is not enough left.
func (s *Service) Reserve(ctx context.Context, w Wish) (*Hold, error) {
	limit, err := s.limit(ctx, w.UserID)
	if err != nil {
		return nil, err
	}
	h := &Hold{service: s, row: storage.Hold{
		ID: storage.NewID(), UserID: w.UserID, AnswerID: w.AnswerID, Attempt: w.Attempt, Month: month(s.now()), Micros: w.Micros,
	}}
	var enough bool
	err = s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		enough, err = tx.Reserve(ctx, h.row, limit, w.For)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !enough {
		return nil, ErrOut
	}
	return h, nil
}

// Settle books what the call cost, 0 for nothing, and frees the rest. Settling
// twice books once.
func (h *Hold) Settle(ctx context.Context, micros int64) error {
	if h == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := h.service.store.Tx(ctx, func(tx *storage.Tx) error { return tx.Settle(ctx, h.row, micros) })
		if err == nil || !errors.Is(err, storage.ErrBusy) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// State is a user's month.
type State struct {
	Limit    int64 // micro-dollars, or Unlimited
	Spent    int64
	Held     int64 // set aside for calls under way
	ResetsAt time.Time
}

// Remaining is what can still be set aside; 0 under a limit that is used up or
// was lowered.
func (s State) Remaining() int64 {
	return max(0, s.Limit-s.Spent-s.Held)
}

// Of reads a user's month.
func (s *Service) Of(ctx context.Context, userID string) (State, error) {
	limit, err := s.limit(ctx, userID)
	if err != nil {
		return State{}, err
	}
	return s.Under(ctx, userID, limit)
}

// Under is Of for one whose limit is known.
func (s *Service) Under(ctx context.Context, userID string, limit int64) (State, error) {
	now := s.now()
	spent, held, err := s.store.Spending(ctx, userID, month(now))
	return State{Limit: limit, Spent: spent, Held: held, ResetsAt: NextMonth(now)}, err
}

// Run frees what dead calls had set aside, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if n, err := s.Sweep(ctx); err != nil && ctx.Err() == nil && !fault.Is(err, fault.Unavailable) {
			s.log.Warn("money set aside by dead calls was not freed; it is tried again", "err", err)
		} else if n > 0 {
			s.log.Info("money set aside by dead calls was freed", "calls", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Sweep frees what has run out and tells how many calls that were.
func (s *Service) Sweep(ctx context.Context) (n int64, err error) {
	err = s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		n, err = tx.SweepHolds(ctx)
		return err
	})
	return n, err
}

// month is the month a call counts for.
func month(t time.Time) string { return t.UTC().Format("2006-01") }

// NextMonth is when the budget is whole again.
func NextMonth(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
