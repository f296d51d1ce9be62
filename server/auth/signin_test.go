package auth_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const wrong = "Wrong-Horse-9"

// clock is a clock that a test sets.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(storage.Now().UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Milliseconds()) }

func fail(t *testing.T, s *auth.Service, identifier string, c auth.Client, times int) {
	t.Helper()
	for range times {
		_, err := s.Login(context.Background(), identifier, wrong, c)
		refused(t, err, fault.InvalidCredentials)
	}
}

func TestLogin(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		register(t, s, "ann")
		t.Run("nobody and a wrong password say and cost the same", func(t *testing.T) {
			s, hashes := node(t, store, nil), 0
			s.OnHash(func() { hashes++ })
			_, nobody := s.Login(ctx, "nobody", password, home)
			_, mistyped := s.Login(ctx, "ann", wrong, home)
			if diff := cmp.Diff(refused(t, nobody, fault.InvalidCredentials), refused(t, mistyped, fault.InvalidCredentials)); diff != "" {
				t.Errorf("told apart:\n%s", diff)
			}
			if hashes != 2 {
				t.Errorf("%d hashes for two tries", hashes)
			}
		})
		t.Run("what cannot be an identifier is nobody", func(t *testing.T) {
			for i, identifier := range []string{"a\x00b", "\xff\xfe", strings.Repeat("a", 1<<20), "' OR 1=1 --", "%", "ann\n\n x"} {
				_, err := s.Login(ctx, identifier, password, auth.Client{Address: fmt.Sprint("192.0.2.", i)})
				refused(t, err, fault.InvalidCredentials)
			}
		})
		t.Run("a password that cannot be is wrong", func(t *testing.T) {
			for _, p := range []string{strings.Repeat("a", 1<<20), "\x00", "\xff"} {
				_, err := s.Login(ctx, "ann", p, away)
				refused(t, err, fault.InvalidCredentials)
			}
		})
		t.Run("what is missing is named", func(t *testing.T) {
			_, err := s.Login(ctx, "  ", "", home)
			if d := refused(t, err, fault.Validation).Details; len(d) != 2 {
				t.Errorf("details %v", d)
			}
		})
		t.Run("disabled is told only to who knows the password", func(t *testing.T) {
			register(t, s, "dora")
			if _, err := s.Disable(ctx, auth.By{Name: "test"}, "dora"); err != nil {
				t.Fatal(err)
			}
			fail(t, s, "dora", home, 1)
			_, err := s.Login(ctx, "dora", password, home)
			refused(t, err, fault.AccountDisabled)
		})
		t.Run("another cost is stored at the next sign-in", func(t *testing.T) {
			before, err := s.FindUser(ctx, "ann")
			if err != nil {
				t.Fatal(err)
			}
			dear := nodeWith(t, store, nil, auth.Options{Secret: secret, Argon: auth.Argon{MemoryKiB: 32, Iterations: 1, Parallelism: 1}})
			login(t, dear, "ann", home)
			after, _ := s.FindUser(ctx, "ann")
			if before.PasswordHash == after.PasswordHash || !strings.Contains(after.PasswordHash, "m=32,") {
				t.Errorf("stored as %s", after.PasswordHash)
			}
			login(t, dear, "ann", home)
			if again, _ := s.FindUser(ctx, "ann"); again.PasswordHash != after.PasswordHash {
				t.Error("hashed anew though nothing changed")
			}
		})
	})
}

// Two sign-ins at once, while the cost changes: the one that finds the other's
// new hash must look again and not call the password wrong.
func TestSignInsAtOnceWhileTheCostChanges(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		register(t, node(t, store, nil), "ann")
		dear := nodeWith(t, store, nil, auth.Options{Secret: secret, Argon: auth.Argon{MemoryKiB: 32, Iterations: 1, Parallelism: 1}})
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = dear.Login(context.Background(), "ann", password, home) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Errorf("a right password: %v", err)
			}
		}
	})
}

func TestRefresh(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now, ExpiresIn: time.Hour})
		g := register(t, s, "ann")
		a := verify(t, s, g)
		clock.advance(30 * time.Minute)
		next, err := s.Refresh(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		b := verify(t, s, next)
		if b.SessionID != a.SessionID || b.ExpiresAt.Sub(a.ExpiresAt) != 30*time.Minute || next.Token == g.Token {
			t.Errorf("from %+v to %+v", a, b)
		}
		clock.advance(31 * time.Minute)
		// Fault 51: expired was reported as invalid.
		_, err = s.Verify(ctx, g.Token)
		refused(t, err, fault.TokenExpired)
		verify(t, s, next)
		if sessions, err := s.Sessions(ctx, b); err != nil || len(sessions) != 1 {
			t.Errorf("sessions %v, %v", sessions, err)
		}
		if err := s.Logout(ctx, b); err != nil {
			t.Fatal(err)
		}
		_, err = s.Refresh(ctx, b)
		refused(t, err, fault.SessionRevoked)
	})
}

func TestSessionsOfMine(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		g := register(t, s, "ann")
		a, other := verify(t, s, g), login(t, s, "ann", away)
		bob := verify(t, s, register(t, s, "bob"))
		t.Run("listed", func(t *testing.T) {
			list, err := s.Sessions(ctx, a)
			if err != nil || len(list) != 2 {
				t.Errorf("%v, %v", list, err)
			}
		})
		t.Run("another's cannot be ended, nor found", func(t *testing.T) {
			for _, id := range []string{other.SessionID, storage.NewID(), "x", ""} {
				refused(t, s.RevokeSession(ctx, bob, id), fault.NotFound)
			}
			verify(t, s, other)
		})
		t.Run("one ends, the others stay", func(t *testing.T) {
			if err := s.RevokeSession(ctx, a, other.SessionID); err != nil {
				t.Fatal(err)
			}
			_, err := s.Verify(ctx, other.Token)
			refused(t, err, fault.SessionRevoked)
			verify(t, s, g)
			refused(t, s.RevokeSession(ctx, a, other.SessionID), fault.NotFound)
		})
		t.Run("the oldest beyond a hundred ends", func(t *testing.T) {
			for range 100 {
				login(t, s, "ann", away)
			}
			if list, _ := s.Sessions(ctx, a); len(list) != 100 {
				t.Errorf("%d sessions", len(list))
			}
			// A node that has not cached it.
			_, err := node(t, store, nil).Verify(ctx, g.Token)
			refused(t, err, fault.SessionRevoked)
		})
	})
}

func TestChangePassword(t *testing.T) {
	ctx := context.Background()
	const next = "Better-Horse-10"
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		g := register(t, s, "ann")
		a, other := verify(t, s, g), login(t, s, "ann", away)
		t.Run("every bad field is named", func(t *testing.T) {
			if d := refused(t, s.ChangePassword(ctx, a, "", "short"), fault.Validation).Details; len(d) != 2 {
				t.Errorf("details %v", d)
			}
			refused(t, s.ChangePassword(ctx, a, password, "ANN@example.com"), fault.Validation)
		})
		t.Run("the current one must be right", func(t *testing.T) {
			refused(t, s.ChangePassword(ctx, a, wrong, next), fault.InvalidCredentials)
			verify(t, s, other)
		})
		t.Run("all other sessions end", func(t *testing.T) {
			if err := s.ChangePassword(ctx, a, password, next); err != nil {
				t.Fatal(err)
			}
			verify(t, s, g)
			_, err := s.Verify(ctx, other.Token)
			refused(t, err, fault.SessionRevoked)
			_, err = s.Login(ctx, "ann", password, home)
			refused(t, err, fault.InvalidCredentials)
			if _, err := s.Login(ctx, "ann", next, home); err != nil {
				t.Error(err)
			}
		})
		t.Run("who holds a stolen token guesses five times, and locks nobody else", func(t *testing.T) {
			bob, stolen := register(t, s, "bob"), login(t, s, "bob", away)
			thief := verify(t, s, stolen)
			for range 5 {
				refused(t, s.ChangePassword(ctx, thief, wrong, next), fault.InvalidCredentials)
			}
			refused(t, s.ChangePassword(ctx, thief, password, next), fault.AccountLocked)
			refused(t, s.DeleteMe(ctx, thief, password), fault.AccountLocked)
			if err := s.ChangePassword(ctx, verify(t, s, bob), password, next); err != nil {
				t.Errorf("the owner: %v", err)
			}
		})
	})
}

// A sign-in with the old password that is under way while the password changes
// must not leave a session behind that outlives the change.
func TestASignInUnderWayDoesNotSurviveAChangeOfPassword(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		a := verify(t, s, register(t, s, "ann"))
		slow := node(t, store, nil)
		arrived, free := make(chan struct{}), make(chan struct{})
		var once sync.Once
		slow.OnHash(func() { once.Do(func() { close(arrived); <-free }) })
		got := make(chan error, 1)
		go func() {
			_, err := slow.Login(ctx, "ann", password, away)
			got <- err
		}()
		<-arrived
		if err := s.ChangePassword(ctx, a, password, "Better-Horse-10"); err != nil {
			t.Fatal(err)
		}
		close(free)
		refused(t, <-got, fault.InvalidCredentials)
		if list, err := s.Sessions(ctx, a); err != nil || len(list) != 1 {
			t.Errorf("sessions %v, %v", list, err)
		}
	})
}
