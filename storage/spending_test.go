package storage_test

import (
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestMoneyIsSetAsideSettledAndFreed(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		answer := storage.NewID()
		u := addUser(t, s, "ann")
		hold := func(attempt int, micros, limit int64, lasts time.Duration) (storage.Hold, bool) {
			h := storage.Hold{ID: storage.NewID(), UserID: u.ID, AnswerID: answer, Attempt: attempt, Month: "2026-03", Micros: micros}
			var ok bool
			err := s.Tx(t.Context(), func(tx *storage.Tx) (err error) { ok, err = tx.Reserve(t.Context(), h, limit, lasts); return err })
			if err != nil {
				t.Fatal(err)
			}
			return h, ok
		}
		settle := func(h storage.Hold, micros int64) {
			if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.Settle(t.Context(), h, micros) }); err != nil {
				t.Fatal(err)
			}
		}
		sweep := func() (n int64) {
			if err := s.Tx(t.Context(), func(tx *storage.Tx) (err error) { n, err = tx.SweepHolds(t.Context()); return err }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		want := func(when string, spent, held int64) {
			t.Helper()
			gotSpent, gotHeld, err := s.Spending(t.Context(), u.ID, "2026-03")
			if err != nil || gotSpent != spent || gotHeld != held {
				t.Fatalf("%s: spent %d, held %d, %v; want %d and %d", when, gotSpent, gotHeld, err, spent, held)
			}
		}
		want("before anything", 0, 0)
		first, ok := hold(1, 60, 100, time.Hour)
		if !ok {
			t.Fatal("60 of 100 were refused")
		}
		if _, ok := hold(1, 41, 100, time.Hour); ok {
			t.Fatal("101 of 100 were given")
		}
		want("one set aside", 0, 60)
		settle(first, 25)
		settle(first, 25)
		want("settled twice", 25, 0)
		if _, ok := hold(1, 75, 100, time.Hour); !ok {
			t.Fatal("the rest was refused")
		}
		if _, ok := hold(2, 75, 100, time.Hour); !ok {
			t.Fatal("a new attempt did not free what the dead one had set aside")
		}
		want("a new attempt", 25, 75)
		if n := sweep(); n != 0 {
			t.Fatalf("%d living holds were swept", n)
		}
		dead, ok := hold(2, 500, -1, -time.Second)
		if !ok {
			t.Fatal("no limit refused")
		}
		want("beyond any limit", 25, 575)
		if n := sweep(); n != 1 {
			t.Fatalf("%d dead holds were swept, want 1", n)
		}
		want("after the sweep", 25, 75)
		settle(dead, 10)
		want("a call that was thought dead", 35, 75)
	})
}
