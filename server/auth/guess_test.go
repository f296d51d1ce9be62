package auth_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestFiveFailuresLockThePair(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		open := func() *auth.Service {
			s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now})
			s.SlowLane(func(context.Context, time.Duration) error { return nil })
			return s
		}
		s := open()
		register(t, s, "ann")
		register(t, s, "bob")
		locked := func(s *auth.Service, identifier string, c auth.Client) *fault.Error {
			t.Helper()
			_, err := s.Login(ctx, identifier, password, c)
			return refused(t, err, fault.AccountLocked)
		}

		fail(t, s, "ann", away, 5)
		f := locked(s, "ann", away)
		if f.RetryAfter != 15*time.Minute || f.Limit != 5 || !f.Code.Retryable() {
			t.Errorf("refusal %+v", f)
		}
		locked(s, " ANN ", away) // another spelling is the same identifier
		// Fault 25: one bucket for the planet; five bad sign-ins anywhere lock everybody out.
		login(t, s, "bob", away)
		// Fault 28: who knows a name can lock its owner out.
		login(t, s, "ann", home)
		// Fault 67: lockouts were lost on a restart and known to one process only.
		locked(open(), "ann", away)

		clock.advance(10 * time.Minute)
		if f := locked(s, "ann", away); f.RetryAfter != 5*time.Minute {
			t.Errorf("after ten minutes: %s left", f.RetryAfter)
		}
		// Fault 28: the lock never decayed.
		clock.advance(5 * time.Minute)
		login(t, s, "ann", away)
	})
}

func TestFailuresAreForgotten(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now})
		s.SlowLane(func(context.Context, time.Duration) error { return nil })
		register(t, s, "ann")
		t.Run("after a success", func(t *testing.T) {
			fail(t, s, "ann", home, 4)
			login(t, s, "ann", home)
			fail(t, s, "ann", home, 4)
			login(t, s, "ann", home)
		})
		t.Run("after a quarter of an hour", func(t *testing.T) {
			fail(t, s, "ann", home, 4)
			clock.advance(15 * time.Minute)
			fail(t, s, "ann", home, 4)
			login(t, s, "ann", home)
		})
		t.Run("from the database, when they say nothing more", func(t *testing.T) {
			fail(t, s, "zoe", away, 5)
			clock.advance(31 * time.Minute)
			if n, err := s.PurgeFailures(context.Background(), 10); err != nil || n == 0 {
				t.Fatalf("%d removed, %v", n, err)
			}
			found, err := store.Lockouts(context.Background(), "", "")
			if err != nil || len(found) != 0 {
				t.Fatalf("%v, %v", found, err)
			}
			fail(t, s, "zoe", away, 1)
		})
	})
}

func TestNobodyIsLockedLikeAnybody(t *testing.T) {
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		fail(t, s, "nobody", away, 5)
		_, err := s.Login(context.Background(), "nobody", password, away)
		refused(t, err, fault.AccountLocked)
	})
}

// A hundred guesses at once must not all be tried before the first failure is
// written down.
func TestManyGuessesAtOnceAreNoMoreThanFive(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		register(t, s, "ann")
		fail(t, s, "ann", away, 4)
		// The right guess has been found right, but the fifth failure comes
		// before it is written down.
		arrived, free := make(chan struct{}), make(chan struct{})
		var once sync.Once
		s.OnHash(func() {
			first := false
			once.Do(func() { first = true })
			if first {
				close(arrived)
				<-free
			}
		})
		got := make(chan error, 1)
		go func() {
			_, err := s.Login(ctx, "ann", password, away)
			got <- err
		}()
		<-arrived
		fail(t, s, "ann", away, 1)
		close(free)
		refused(t, <-got, fault.AccountLocked)
	})
}

func TestAnIdentifierThatIsGuessedAtIsSlowElsewhere(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		var waits []time.Duration
		s.SlowLane(func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil })
		register(t, s, "ann")
		from := func(n int) auth.Client { return auth.Client{Address: fmt.Sprintf("203.0.113.%d", n)} }
		for n := range 12 { // from everywhere, once each
			fail(t, s, "ann", from(n), 1)
		}
		var want []time.Duration
		for _, ms := range []int64{250, 500, 1000, 2000, 4000, 4000, 4000} {
			want = append(want, time.Duration(ms)*time.Millisecond)
		}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
		waits = nil
		login(t, s, "ann", home)
		if len(waits) != 0 {
			t.Errorf("the owner waited %v at an address the account knows", waits)
		}
		login(t, s, "ann", away)
		if len(waits) != 1 {
			t.Errorf("the owner at a new address waited %v", waits)
		}
		// Nobody hears from the wait whether an account exists.
		waits = nil
		for n := range 6 {
			fail(t, s, "nobody", from(n), 1)
		}
		if len(waits) != 1 {
			t.Errorf("nobody waited %v", waits)
		}
		// Who hangs up while waiting is not tried.
		ctx, cancel := context.WithCancel(ctx)
		s.SlowLane(func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() })
		if _, err := s.Login(ctx, "ann", password, from(99)); err == nil {
			t.Error("signed in after hanging up")
		}
	})
}
