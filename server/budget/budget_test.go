package budget_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func books(t *testing.T, s *storage.Store, limit int64) (*budget.Service, string) {
	t.Helper()
	u := storage.User{ID: storage.NewID(), Email: "o@example.org", Username: "owner", Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now()}
	if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.InsertUser(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	limitOf := func(context.Context, string) (int64, error) { return limit, nil }
	now := func() time.Time { return time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC) }
	return budget.New(budget.Options{Store: s, Limit: limitOf, Now: now}), u.ID
}

func state(t *testing.T, b *budget.Service, user string) budget.State {
	t.Helper()
	st, err := b.Of(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestAHundredAtOnceWithMoneyForOne: exactly one goes, whoever it is.
func TestAHundredAtOnceWithMoneyForOne(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		b, user := books(t, s, 150)
		var won, refused atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := b.Reserve(t.Context(), budget.Wish{UserID: user, AnswerID: storage.NewID(), Attempt: 1, Micros: 100, For: time.Hour})
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, budget.ErrOut):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || refused.Load() != 99 {
			t.Fatalf("%d went, %d were refused", won.Load(), refused.Load())
		}
		if st := state(t, b, user); st.Held != 100 || st.Remaining() != 50 || !st.ResetsAt.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", st)
		}
	})
}

// TestTwoNodesSettleSweepAndTakeOver does all of it at once to one user's
// month; in the end the books must add up.
func TestTwoNodesSettleSweepAndTakeOver(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		b, user := books(t, s, budget.Unlimited)
		answers := []string{storage.NewID(), storage.NewID(), storage.NewID()}
		var spent atomic.Int64
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for n := range 10 {
					h, err := b.Reserve(t.Context(), budget.Wish{UserID: user, AnswerID: answers[(worker+n)%3], Attempt: n, Micros: 10, For: time.Duration(n%3-1) * time.Hour})
					if err != nil {
						t.Error(err)
						return
					}
					if n%2 == 0 {
						if err := h.Settle(t.Context(), 7); err != nil {
							t.Error(err)
						}
						spent.Add(7)
					}
					if _, err := b.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, id := range answers { // a last attempt frees what all others left
			h, err := b.Reserve(t.Context(), budget.Wish{UserID: user, AnswerID: id, Attempt: 99, Micros: 10, For: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Settle(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if st := state(t, b, user); st.Spent != spent.Load() || st.Held != 0 {
			t.Errorf("spent %d of %d that were booked, held %d", st.Spent, spent.Load(), st.Held)
		}
	})
}
