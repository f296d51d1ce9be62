package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// full is a journal with so many closed trades, on SQLite.
func full(b *testing.B, n int) (*journal.Service, auth.Actor) {
	b.Helper()
	ctx := context.Background()
	s := storagetest.NewSQLite(b)
	u := storage.User{ID: storage.NewID(), Email: "a@example.org", Username: "a", Timezone: "UTC", Role: storage.RoleUser, Tier: "free", CreatedAt: noon}
	if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertUser(ctx, u) }); err != nil {
		b.Fatal(err)
	}
	first := noon.AddDate(-5, 0, 0)
	for done := 0; done < n; done += 5_000 {
		err := s.Tx(ctx, func(tx *storage.Tx) error {
			for i := done; i < min(n, done+5_000); i++ {
				at := first.Add(time.Duration(i) * 20 * time.Minute)
				err := tx.InsertTrade(ctx, storage.Trade{
					ID: storage.NewID(), UserID: u.ID, Instrument: []string{"MES", "NQ", "CL", "AAPL"}[i%4], Kind: "future", Side: "long", Decision: "taken",
					Fills: `[{"side":"buy","quantity":"2","price":"6000","at":"2026-03-10T14:30:00.000Z"},{"side":"sell","quantity":"2","price":"6006.25","at":"2026-03-10T14:40:00.000Z"}]`,
					Fees:  "1.24", Stop: "5994", Targets: "[]", Net: fmt.Sprintf("%d.%02d", i*7919%400-180, i%100), Risk: "60", Tags: "[]", Setup: []string{"orb", "fade", ""}[i%3],
					Fingerprint: fmt.Sprint(i), OpenedAt: at, ClosedAt: at.Add(10 * time.Minute), CreatedAt: at, UpdatedAt: at,
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return journal.New(journal.Options{Store: s, Now: func() time.Time { return noon }}), auth.Actor{UserID: u.ID}
}

// BenchmarkStats100k reads 100 000 closed trades from the store and sums them
// up, altogether and by group.
func BenchmarkStats100k(b *testing.B) {
	s, a := full(b, 100_000)
	for _, by := range []string{"", "instrument", "hour"} {
		b.Run("by="+by, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.Stats(context.Background(), a, "", "", by)
				if err != nil || r.Total.Trades != 100_000 {
					b.Fatalf("%d trades, %v", r.Total.Trades, err)
				}
			}
		})
	}
}

// BenchmarkDesk is what an answer asks of the journal: the plan in force and
// the day, out of 100 000 trades.
func BenchmarkDesk(b *testing.B) {
	s, a := full(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		d, err := s.DeskOf(context.Background(), a.UserID)
		if err != nil || d.Session.TradesToday == 0 && !d.Session.Known {
			b.Fatal(d, err)
		}
	}
}
