package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func newTrade(userID string, n int) storage.Trade {
	at := start.Add(time.Duration(n) * time.Minute)
	return storage.Trade{
		ID: storage.NewID(), UserID: userID, Instrument: "MES", Kind: "future", Side: "long", Decision: "taken", Fills: `[{"x":1}]`, Fees: "1.24",
		Stop: "5994", Targets: `["6012"]`, Net: "58.76", Risk: "60", Tags: "[]", Setup: "orb", Emotion: "calm", Note: "ünïcode",
		Fingerprint: "f", OpenedAt: at, ClosedAt: at.Add(30 * time.Second), CreatedAt: start, UpdatedAt: start,
	}
}

func TestPlans(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
		if none, err := s.PlansSince(ctx, ann.ID, start); err != nil || len(none) != 0 {
			t.Fatalf("before the first: %v, %v", none, err)
		}
		for n, at := range []time.Duration{-3 * time.Hour, -2 * time.Hour, time.Hour, 2 * time.Hour} {
			tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
				return tx.InsertPlan(ctx, storage.PlanVersion{UserID: ann.ID, Version: int64(n + 1), Body: `{"n":1}`, CreatedAt: start.Add(at)})
			})
		}
		since, err := s.PlansSince(ctx, ann.ID, start)
		if err != nil {
			t.Fatal(err)
		}
		var versions []int64
		for _, p := range since {
			versions = append(versions, p.Version)
		}
		same(t, "the one that stood and those since", versions, []int64{2, 3, 4})
		one, err := s.Plan(ctx, ann.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "plan", one, storage.PlanVersion{UserID: ann.ID, Version: 1, Body: `{"n":1}`, CreatedAt: start.Add(-3 * time.Hour)})
		if _, err := s.Plan(ctx, bob.ID, 1); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another's plan: %v", err)
		}
		err = s.Tx(ctx, func(tx *storage.Tx) error {
			return tx.InsertPlan(ctx, storage.PlanVersion{UserID: ann.ID, Version: 4, Body: "{}", CreatedAt: start})
		})
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a version twice: %v", err)
		}
	})
}

func TestTrades(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
		trades := make([]storage.Trade, 5)
		for n := range trades {
			trades[n] = newTrade(ann.ID, n)
		}
		trades[1].Instrument, trades[2].ClosedAt, trades[3].Decision = "NQ", time.Time{}, "skipped"
		trades[3].ClosedAt = time.Time{}
		trades[4].ImportedAs, trades[4].ImportedN, trades[4].Fingerprint = "f", 1, "g"
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			for _, one := range trades {
				if err := tx.InsertTrade(ctx, one); err != nil {
					return err
				}
			}
			return nil
		})
		got, err := s.Trade(ctx, ann.ID, trades[4].ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "trade", got, trades[4])
		if _, err := s.Trade(ctx, bob.ID, trades[0].ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another's trade: %v", err)
		}

		page := storage.TradePage{UserID: ann.ID, Limit: 2}
		first, err := s.Trades(ctx, page)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "newest first", ids(first), []string{trades[4].ID, trades[3].ID})
		page.AfterOpened, page.AfterID = first[1].OpenedAt, first[1].ID
		second, err := s.Trades(ctx, page)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the next page", ids(second), []string{trades[2].ID, trades[1].ID})
		some, err := s.Trades(ctx, storage.TradePage{UserID: ann.ID, Ascending: true, Instrument: "MES", Decision: "taken", From: trades[1].OpenedAt, To: trades[4].OpenedAt, Limit: 9})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "filtered", ids(some), []string{trades[2].ID})

		recent, err := s.RecentTrades(ctx, ann.ID, trades[4].OpenedAt, 9)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "still on, or of today", ids(recent), []string{trades[4].ID, trades[2].ID})
		if n, err := s.CountLike(ctx, ann.ID, "f"); err != nil || n != 5 {
			t.Errorf("equal trades: %d, %v", n, err)
		}
		twin := newTrade(ann.ID, 9)
		twin.ImportedAs, twin.ImportedN = "f", 1
		if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertTrade(ctx, twin) }); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a row imported twice: %v", err)
		}

		changed := trades[2]
		changed.ClosedAt, changed.Net, changed.UpdatedAt = start.Add(time.Hour), "-12.5", start.Add(time.Second)
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.UpdateTrade(ctx, changed, start) })
		if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.UpdateTrade(ctx, changed, start) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a change on an older state: %v", err)
		}
		results, err := results(ctx, s, storage.ResultPage{UserID: ann.ID, Key: "setup"})
		if err != nil || len(results) != 4 || results[3].Net != "-12.5" || results[3].Key != "orb" {
			t.Errorf("results %+v, %v", results, err)
		}

		if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.DeleteTrade(ctx, bob.ID, trades[0].ID) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another's trade was deleted: %v", err)
		}
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.DeleteJournalOf(ctx, ann.ID) })
		if there, err := s.HasTrades(ctx, ann.ID); err != nil || there {
			t.Errorf("after the account: %v, %v", there, err)
		}
	})
}

func results(ctx context.Context, s *storage.Store, p storage.ResultPage) (all []storage.Result, err error) {
	err = s.EachResult(ctx, p, func(r storage.Result) { all = append(all, r) })
	return all, err
}

func ids(trades []storage.Trade) []string {
	out := make([]string, len(trades))
	for n, one := range trades {
		out[n] = one.ID
	}
	return out
}

func TestVerdictsAreSealed(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
		confidence := 83
		question := storage.NewID()
		older := storage.Verdict{
			MessageID: storage.NewID(), QuestionID: question, UserID: ann.ID, PlanVersion: 2, Verdict: "fire", Confidence: &confidence,
			Missed: `["minRewardRisk"]`, SealedAt: start,
		}
		newer := older
		newer.MessageID, newer.Verdict, newer.Confidence, newer.SealedAt = storage.NewID(), "diamond", nil, start.Add(time.Minute)
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			return errors.Join(tx.SealVerdict(ctx, older), tx.SealVerdict(ctx, newer))
		})
		if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.SealVerdict(ctx, older) }); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("sealed twice: %v", err)
		}
		for message, want := range map[string]storage.Verdict{older.MessageID: older, question: newer} {
			got, err := s.Verdict(ctx, ann.ID, message)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "verdict", got, want)
		}
		if _, err := s.Verdict(ctx, bob.ID, question); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another's verdict: %v", err)
		}
		trade := newTrade(ann.ID, 1)
		trade.VerdictID = older.MessageID
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertTrade(ctx, trade) })
		results, err := results(ctx, s, storage.ResultPage{UserID: ann.ID, From: start, To: start.Add(time.Hour), Verdicts: storage.With})
		if err != nil || len(results) != 1 || results[0].Verdict != "fire" || !results[0].SealedAt.Equal(start) {
			t.Errorf("results %+v, %v", results, err)
		}
		counts, err := s.CountVerdicts(ctx, ann.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "counts", counts, map[string]int64{"fire": 1, "diamond": 1})
	})
}
