package limit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/limit/limittest"
	"github.com/elite-trading-coach/coach/server/needs"
)

func TestRedis(t *testing.T) {
	limittest.Run(t, func(t *testing.T, clock *limittest.Clock) limit.Limiter {
		return limit.NewRedisAt(realRedis(t), prefix(), clock.Now)
	})
}

// TestMiniRedis is the same without any service on the machine.
func TestMiniRedis(t *testing.T) {
	limittest.Run(t, func(t *testing.T, clock *limittest.Clock) limit.Limiter {
		return limit.NewRedisAt(client(t, miniredis.RunT(t).Addr()), prefix(), clock.Now)
	})
}

func TestGuardedIsTheSharedLimiter(t *testing.T) {
	limittest.Run(t, func(t *testing.T, clock *limittest.Clock) limit.Limiter {
		shared := limit.NewRedisAt(client(t, miniredis.RunT(t).Addr()), prefix(), clock.Now)
		return limit.NewGuarded(shared, limit.NewMemoryAt(clock.Now), nil)
	})
}

func TestRedisForgetsWhatIsWholeAgain(t *testing.T) {
	server := miniredis.RunT(t)
	l := limit.NewRedis(client(t, server.Addr()), prefix())
	rule := limit.Rule{Name: "r", Limit: 2, Window: time.Second}
	if d, err := l.Allow(t.Context(), "ann", rule, 1); err != nil || !d.Allowed {
		t.Fatalf("%+v, %v", d, err)
	}
	if n := len(server.Keys()); n != 1 {
		t.Fatalf("%d keys", n)
	}
	server.FastForward(time.Second)
	if keys := server.Keys(); len(keys) != 0 {
		t.Errorf("still there: %v", keys)
	}
}

func TestNodesShareOneCount(t *testing.T) {
	redis, p := realRedis(t), prefix()
	one, other := limit.NewRedis(redis, p), limit.NewRedis(redis, p)
	rule := limit.Rule{Name: "messages", Limit: 3, Window: time.Minute}
	for i, l := range []limit.Limiter{one, other, one} {
		if d, err := l.Allow(t.Context(), "ann", rule, 1); err != nil || !d.Allowed {
			t.Errorf("number %d: %+v, %v", i, d, err)
		}
	}
	if d, err := other.Allow(t.Context(), "ann", rule, 1); err != nil || d.Allowed {
		t.Errorf("the fourth: %+v, %v", d, err)
	}
	if d, err := limit.NewRedis(redis, prefix()).Allow(t.Context(), "ann", rule, 1); err != nil || !d.Allowed {
		t.Errorf("another site's: %+v, %v", d, err)
	}
}

// TestWithoutRedisEachNodeCountsForItself, and sign-ins, which guard passwords, fail closed.
func TestWithoutRedisEachNodeCountsForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		shared := &moody{away: true}
		g := limit.NewGuarded(shared, limit.NewMemory(), slog.New(slog.NewTextHandler(&log, nil)))
		rule := limit.Rule{Name: "messages", Limit: 1, Window: time.Minute}
		for i, want := range []bool{true, false} {
			if d, err := g.Allow(t.Context(), "ann", rule, 1); err != nil || d.Allowed != want {
				t.Errorf("number %d: %+v, %v", i, d, err)
			}
		}
		if _, err := g.Allow(t.Context(), "address", limit.SignIn(), 1); !errors.Is(err, limit.ErrAway) {
			t.Errorf("a sign-in: %v", err)
		}
		if shared.asked != 1 || !g.Away() {
			t.Errorf("asked %d times within the same second, away %t", shared.asked, g.Away())
		}
		time.Sleep(time.Second) // the bubble's clock
		shared.away = false
		if d, err := g.Allow(t.Context(), "address", limit.SignIn(), 1); err != nil || !d.Allowed || g.Away() {
			t.Errorf("a second later: %+v, %v, away %t", d, err, g.Away())
		}
		if text := log.String(); strings.Count(text, "are away") != 1 || strings.Count(text, "are back") != 1 {
			t.Errorf("the log:\n%s", text)
		}
	})
}

// moody is a limiter that is away at will, and lets everything pass.
type moody struct {
	limit.Limiter // none: it is only asked to allow
	away          bool
	asked         int
}

func (m *moody) Allow(_ context.Context, _ string, r limit.Rule, _ int) (limit.Decision, error) {
	m.asked++
	if m.away {
		return limit.Decision{}, errors.New("connection refused")
	}
	return limit.Decision{Allowed: true, Limit: r.Limit, Remaining: r.Limit}, nil
}

func BenchmarkRedis(b *testing.B) {
	l := limit.NewRedis(realRedis(b), prefix())
	rule := limit.Rule{Name: "r", Limit: 1_000_000, Window: time.Minute}
	for b.Loop() {
		if _, err := l.Allow(b.Context(), "ann", rule, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func prefix() string { return "coach-test:" + uuid.NewString() + ":" }

func client(t testing.TB, address string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: address})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// realRedis is a client of this machine's Redis.
func realRedis(t testing.TB) *redis.Client {
	t.Helper()
	return client(t, needs.Redis(t))
}
