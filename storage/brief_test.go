package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// A read that is too short to be watched is not begun for a caller who has left.
func TestAShortReadIsNotBegunForACallerWhoHasLeft(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Membership(ctx, storage.NewID(), storage.NewID()); !errors.Is(err, context.Canceled) {
			t.Errorf("the read says %v", err)
		}
	})
}
