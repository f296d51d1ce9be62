package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const patience = 10 * time.Second

// news is what observers were told.
type news struct {
	revoked chan auth.Revocation
	changed chan auth.Change
}

func observe(s *auth.Service) news {
	n := news{make(chan auth.Revocation, 100), make(chan auth.Change, 100)}
	s.OnRevoked(func(r auth.Revocation) { n.revoked <- r })
	s.OnChanged(func(c auth.Change) { n.changed <- c })
	return n
}

func next[T any](t *testing.T, c chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nobody told the observer")
		panic("unreachable")
	}
}

// startBus runs a bus until the test ends.
func startBus(t *testing.T) *bus.Memory {
	t.Helper()
	b := bus.NewMemory()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return b
}

func TestVerify(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		g := register(t, s, "ann")
		bob := register(t, s, "bob")
		forge := func(sub, sid string) string {
			now := time.Now()
			token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
				"iss": "coach", "aud": "coach", "sub": sub, "sid": sid, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
			}).SignedString(secret)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		for name, test := range map[string]struct {
			token string
			code  fault.Code
		}{
			"no token":                    {"", fault.TokenMissing},
			"garbage":                     {"Bearer " + g.Token, fault.TokenInvalid},
			"a session nobody has":        {forge(g.User.ID, storage.NewID()), fault.SessionRevoked},
			"the session of another user": {forge(g.User.ID, bob.SessionID), fault.TokenInvalid},
		} {
			t.Run(name, func(t *testing.T) {
				for range 2 { // from the database, then from the cache
					_, err := s.Verify(ctx, test.token)
					refused(t, err, test.code)
				}
			})
		}
		t.Run("an account that was disabled and enabled", func(t *testing.T) {
			if _, err := s.Disable(ctx, auth.By{Name: "test"}, "bob"); err != nil {
				t.Fatal(err)
			}
			_, err := s.Verify(ctx, bob.Token)
			refused(t, err, fault.AccountDisabled)
			_, err = s.Refresh(ctx, auth.Actor{UserID: bob.User.ID, SessionID: bob.SessionID})
			refused(t, err, fault.AccountDisabled)
			if _, err := s.Enable(ctx, auth.By{Name: "test"}, "bob"); err != nil {
				t.Fatal(err)
			}
			_, err = s.Verify(ctx, bob.Token)
			refused(t, err, fault.SessionRevoked)
			login(t, s, "bob", home)
		})
	})
}

// Fault 50: with the database down, good tokens were answered with 401 and
// clients threw them away.
func TestADatabaseThatIsAwayCostsNobodyTheToken(t *testing.T) {
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		g := register(t, s, "ann")
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := s.Verify(context.Background(), g.Token)
		f := refused(t, err, fault.Unavailable)
		if !f.Code.Retryable() || strings.Contains(f.Message, "sql") {
			t.Errorf("refusal %+v", f)
		}
	})
}

func TestACachedSessionCostsNoQuery(t *testing.T) {
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		g := register(t, s, "ann")
		verify(t, s, g)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		verify(t, s, g)
	})
}

func TestACallerWhoLeavesIsNotToldAboutTheDatabase(t *testing.T) {
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		g := register(t, s, "ann")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Verify(ctx, g.Token); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// Faults 11 and 12: logout revoked nothing, and open sockets never heard of it.
func TestARevocationReachesEveryNode(t *testing.T) {
	ctx := context.Background()
	for name, buses := range map[string]func(t *testing.T) (here, there bus.Bus){
		"over the bus":     func(t *testing.T) (bus.Bus, bus.Bus) { b := startBus(t); return b, b },
		"without a bus":    func(*testing.T) (bus.Bus, bus.Bus) { return nil, nil },
		"from a dead node": func(t *testing.T) (bus.Bus, bus.Bus) { return bus.NewMemory(), startBus(t) },
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T, store *storage.Store) {
				here, there := buses(t)
				a, b := node(t, store, here), node(t, store, there)
				told := observe(b)
				start(t, b)
				g := register(t, a, "ann")
				verify(t, b, g)
				if err := a.Logout(ctx, verify(t, a, g)); err != nil {
					t.Fatal(err)
				}
				want := auth.Revocation{UserID: g.User.ID, SessionID: g.SessionID, Code: fault.SessionRevoked}
				if got := next(t, told.revoked); got != want {
					t.Errorf("told %+v, want %+v", got, want)
				}
				_, err := b.Verify(ctx, g.Token)
				refused(t, err, fault.SessionRevoked)
			})
		})
	}
}

func TestObserversHearOfEverythingOnceAndInOrder(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		b := startBus(t)
		s := node(t, store, b)
		told := observe(s)
		start(t, s)
		g := register(t, s, "ann")
		a, other := verify(t, s, g), login(t, s, "ann", away)

		if _, err := s.SetTier(ctx, auth.By{Name: "test"}, "ann", "premium"); err != nil {
			t.Fatal(err)
		}
		want := auth.Change{UserID: a.UserID, Tier: "premium", Role: "user", Username: "ann"}
		if got := next(t, told.changed); got != want {
			t.Errorf("told %+v, want %+v", got, want)
		}
		// Fault 27: the tier was read before the user was known.
		if got := verify(t, s, g).Tier; got != "premium" {
			t.Errorf("the next request is %s", got)
		}
		if err := s.ChangePassword(ctx, a, password, "Better-Horse-10"); err != nil {
			t.Fatal(err)
		}
		if got := next(t, told.revoked); got != (auth.Revocation{UserID: a.UserID, SessionID: other.SessionID, Code: fault.SessionRevoked}) {
			t.Errorf("told %+v", got)
		}
		if len(told.changed) != 0 { // accounts are told before sessions
			t.Error("the change of tier was told again")
		}
		if _, err := s.Disable(ctx, auth.By{Name: "test"}, "ann"); err != nil {
			t.Fatal(err)
		}
		if got := next(t, told.revoked); got != (auth.Revocation{UserID: a.UserID, Code: fault.AccountDisabled}) {
			t.Errorf("told %+v first", got)
		}
		if got := next(t, told.revoked); got != (auth.Revocation{UserID: a.UserID, SessionID: g.SessionID, Code: fault.SessionRevoked}) {
			t.Errorf("told %+v second", got)
		}
		if _, err := s.Enable(ctx, auth.By{Name: "test"}, "ann"); err != nil {
			t.Fatal(err)
		}
		if got := next(t, told.changed); got != want {
			t.Errorf("told %+v", got)
		}
		g, err := s.Login(ctx, "ann", "Better-Horse-10", home)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteMe(ctx, verify(t, s, g), "Better-Horse-10"); err != nil {
			t.Fatal(err)
		}
		if got := next(t, told.revoked); got != (auth.Revocation{UserID: a.UserID, Code: fault.SessionRevoked}) {
			t.Errorf("told %+v", got)
		}
		if len(told.revoked)+len(told.changed) != 0 {
			t.Errorf("told more: %d revocations, %d changes", len(told.revoked), len(told.changed))
		}
	})
}

// Fault 46: two writes for every request.
func TestUseIsWrittenDownOnceAMinuteNotPerRequest(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now})
		g := register(t, s, "ann")
		began := clock.now()
		used := func() [2]time.Duration {
			t.Helper()
			s.WriteTouches(ctx)
			session, u, err := store.SessionWithUser(ctx, g.SessionID)
			if err != nil {
				t.Fatal(err)
			}
			return [2]time.Duration{session.LastUsedAt.Sub(began), u.LastActiveAt.Sub(began)}
		}
		for range 100 {
			verify(t, s, g)
		}
		if got := used(); got != [2]time.Duration{} {
			t.Errorf("written within the minute: %v", got)
		}
		clock.advance(time.Minute)
		for range 100 {
			verify(t, s, g)
		}
		if got := used(); got != [2]time.Duration{time.Minute, time.Minute} {
			t.Errorf("after a minute: %v", got)
		}
		clock.advance(30 * time.Second)
		verify(t, s, g)
		if got := used(); got != [2]time.Duration{time.Minute, time.Minute} {
			t.Errorf("half a minute later: %v", got)
		}
	})
}

func TestUseIsWrittenDownWhenTheNodeStops(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now})
		g := register(t, s, "ann")
		clock.advance(time.Hour)
		verify(t, s, g)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		session, _, err := store.SessionWithUser(context.Background(), g.SessionID)
		if err != nil || !session.LastUsedAt.Equal(clock.now()) {
			t.Errorf("last used at %s, %v", session.LastUsedAt, err)
		}
	})
}

// Fault 22: e-mail addresses and identifiers in the logs.
func TestLogsAndRefusalsHoldNothingPersonal(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		var log bytes.Buffer
		s := nodeWith(t, store, bus.NewMemory(), auth.Options{Secret: secret, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		s.SlowLane(func(context.Context, time.Duration) error { return nil })
		g := register(t, s, "ann")
		var said strings.Builder
		note := func(err error) {
			if err != nil {
				said.WriteString(err.Error() + "\n")
			}
		}
		for range 6 {
			_, err := s.Login(ctx, "ann@example.com", wrong, away)
			note(err)
		}
		_, err := s.Register(ctx, auth.NewAccount{Email: "ann@example.com", Username: "ann", Password: password}, home)
		note(err)
		_, err = s.Verify(ctx, g.Token+"x")
		note(err)
		note(s.ChangePassword(ctx, verify(t, s, g), wrong, "Better-Horse-10"))
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		s.WriteTouches(ctx)
		_, err = s.Login(ctx, "ann@example.com", password, home)
		note(err)
		for _, text := range []string{log.String(), said.String()} {
			for _, personal := range []string{"ann@", password, wrong, g.Token[:40], string(secret), "argon2id"} {
				if strings.Contains(text, personal) {
					t.Errorf("%q is in:\n%s", personal, text)
				}
			}
		}
	})
}

func TestNewRefusesWhatIsNotSafe(t *testing.T) {
	store := storagetest.NewSQLite(t)
	for name, o := range map[string]auth.Options{
		"no secret":             {},
		"a short secret":        {Secret: []byte("secret")},
		"tokens of a second":    {Secret: secret, ExpiresIn: time.Second},
		"a hash without memory": {Secret: secret, Argon: auth.Argon{Iterations: 1, Parallelism: 1}},
	} {
		if _, err := auth.New(store, nil, o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	store := storagetest.NewSQLite(b)
	s, err := auth.New(store, nil, auth.Options{Secret: secret, Argon: cheap})
	if err != nil {
		b.Fatal(err)
	}
	g, err := s.Register(context.Background(), auth.NewAccount{Email: "ann@example.com", Username: "ann", Password: password}, home)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(context.Background(), g.Token); err != nil {
			b.Fatal(err)
		}
	}
}

func TestASessionThatNobodyUsesEnds(t *testing.T) {
	ctx := context.Background()
	const idle = 30 * 24 * time.Hour
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now, ExpiresIn: 365 * 24 * time.Hour, Idle: idle})
		ended := observe(s)
		forgotten, asked, chatted := register(t, s, "ann"), register(t, s, "bob"), register(t, s, "cyd")
		onSocket, latest := verify(t, s, chatted), atomic.Int64{}
		clock.advance(idle - time.Minute)
		verify(t, s, asked)
		s.Used(onSocket, &latest)
		s.WriteTouches(ctx)
		clock.advance(2 * time.Minute)

		fresh := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now, ExpiresIn: 365 * 24 * time.Hour, Idle: idle})
		_, err := fresh.Verify(ctx, forgotten.Token) // nobody has swept yet
		refused(t, err, fault.SessionRevoked)
		if n, err := s.EndIdle(ctx, 10); err != nil || n != 1 {
			t.Fatalf("%d ended, %v", n, err)
		}
		start(t, s)
		if r := next(t, ended.revoked); r.SessionID != forgotten.SessionID || r.Code != fault.SessionRevoked {
			t.Errorf("told %+v", r)
		}
		verify(t, s, asked)
		verify(t, s, chatted)
		clock.advance(idle)
		if n, err := s.EndIdle(ctx, 1); err != nil || n != 1 {
			t.Errorf("a step of one ended %d, %v", n, err)
		}
	})
}

func TestWithoutABoundNoSessionIsIdle(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now, ExpiresIn: 365 * 24 * time.Hour})
		g := register(t, s, "ann")
		clock.advance(300 * 24 * time.Hour)
		if n, err := s.EndIdle(context.Background(), 10); err != nil || n != 0 {
			t.Errorf("%d ended, %v", n, err)
		}
		verify(t, s, g)
	})
}

// The sockets of a disabled account are closed for that reason, wherever among
// the questions its disabling is committed.
func TestADisabledAccountIsToldOfBeforeItsEndedSessions(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		first := map[string]fault.Code{}
		s.OnRevoked(func(r auth.Revocation) {
			if first[r.UserID] == "" {
				first[r.UserID] = r.Code
			}
		})
		grants := make([]auth.Grant, 30)
		for i := range grants {
			grants[i] = register(t, s, fmt.Sprintf("ann%d", i))
		}
		s.Ask(ctx)
		asking, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		wg.Go(func() {
			for asking.Err() == nil {
				s.Ask(ctx)
			}
		})
		for i := range grants {
			if _, err := s.Disable(ctx, auth.By{Name: "test"}, fmt.Sprintf("ann%d", i)); err != nil {
				t.Error(err)
			}
		}
		stop()
		wg.Wait()
		s.Ask(ctx)
		for _, g := range grants {
			if got := first[g.User.ID]; got != fault.AccountDisabled {
				t.Errorf("the first that is told of a disabled account is %q", got)
			}
		}
	})
}
