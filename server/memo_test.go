package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

func TestProbesWithoutEndAskTheDatabaseFourTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memo
		asked := 0
		ask := func(context.Context) api.Check {
			asked++
			time.Sleep(time.Millisecond)
			return api.Check{Status: api.StatusOK}
		}
		for range 4 {
			done := make(chan api.Check)
			for range 50 {
				go func() { done <- m.check(t.Context(), ask) }()
			}
			for range 50 {
				if c := <-done; c.Status != api.StatusOK {
					t.Fatalf("found %+v", c)
				}
			}
			time.Sleep(recently)
		}
		if asked != 4 {
			t.Errorf("200 probes asked %d times, want 4", asked)
		}
	})
}

func TestACallerWhoHangsUpDoesNotMakeTheDatabaseDownForOthers(t *testing.T) {
	var m memo
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ask := func(ctx context.Context) api.Check {
		if ctx.Err() != nil {
			return api.Check{Status: api.StatusDown}
		}
		return api.Check{Status: api.StatusOK}
	}
	m.check(ctx, ask)
	if c := m.check(t.Context(), ask); c.Status != api.StatusOK {
		t.Errorf("found %+v", c)
	}
}
