package storagetest_test

import (
	"context"
	"testing"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestEachTestHasRecordsOfItsOwn(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		if err := s.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		var users int
		if err := s.DB().QueryRowContext(ctx, "SELECT count(*) FROM users").Scan(&users); err != nil {
			t.Fatal(err)
		}
		if users != 0 {
			t.Fatalf("a fresh store has %d users", users)
		}
	})
}
