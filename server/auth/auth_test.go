package auth_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const password = "Correct-Horse-9"

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	cheap  = auth.Argon{MemoryKiB: 8, Iterations: 1, Parallelism: 1}
	home   = auth.Client{Address: "192.0.2.1", UserAgent: "test"}
	away   = auth.Client{Address: "198.51.100.7", UserAgent: "test"}
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs fn on both databases, each time with a node that is not running.
func run(t *testing.T, fn func(t *testing.T, s *auth.Service, store *storage.Store)) {
	t.Helper()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) { fn(t, node(t, store, nil), store) })
}

func node(t *testing.T, store *storage.Store, b bus.Bus) *auth.Service {
	t.Helper()
	return nodeWith(t, store, b, auth.Options{Secret: secret})
}

func nodeWith(t *testing.T, store *storage.Store, b bus.Bus, o auth.Options) *auth.Service {
	t.Helper()
	if o.Argon == (auth.Argon{}) {
		o.Argon = cheap
	}
	s, err := auth.New(store, b, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs a node until the test ends.
func start(t *testing.T, s *auth.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func register(t *testing.T, s *auth.Service, name string) auth.Grant {
	t.Helper()
	g, err := s.Register(context.Background(), auth.NewAccount{Email: name + "@example.com", Username: name, Password: password}, home)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func login(t *testing.T, s *auth.Service, name string, c auth.Client) auth.Grant {
	t.Helper()
	g, err := s.Login(context.Background(), name, password, c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func verify(t *testing.T, s *auth.Service, g auth.Grant) auth.Actor {
	t.Helper()
	a, err := s.Verify(context.Background(), g.Token)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// refused fails unless err carries the code.
func refused(t *testing.T, err error, code fault.Code) *fault.Error {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
	return fault.From(err)
}

func TestSignIn(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		g := register(t, s, "Ann")
		a := verify(t, s, g)
		want := auth.Actor{UserID: g.User.ID, SessionID: g.SessionID, Username: "Ann", Role: "user", Tier: "free", ExpiresAt: g.ExpiresAt}
		if a != want {
			t.Errorf("actor %+v, want %+v", a, want)
		}
		if left := time.Until(a.ExpiresAt); left < 7*24*time.Hour-time.Minute || left > 7*24*time.Hour {
			t.Errorf("the token is good for %s", left)
		}
		for _, identifier := range []string{"ann", "ANN@example.com", " Ann@Example.COM "} {
			if got := login(t, s, identifier, away); got.User.ID != g.User.ID || got.SessionID == g.SessionID {
				t.Errorf("login as %q: %+v", identifier, got)
			}
		}
		if err := s.Logout(ctx, a); err != nil {
			t.Fatal(err)
		}
		_, err := s.Verify(ctx, g.Token)
		refused(t, err, fault.SessionRevoked)
	})
}
