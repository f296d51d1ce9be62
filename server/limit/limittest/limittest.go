// Package limittest is the suite that every limit.Limiter passes.
package limittest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/elite-trading-coach/coach/server/limit"
)

// Clock is a clock that a test sets. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock makes a clock that stands at some time in 2026.
func NewClock() *Clock { return &Clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock, back as well.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Run runs the suite on limiters that make gives: empty, and on the clock.
func Run(t *testing.T, open func(t *testing.T, clock *Clock) limit.Limiter) {
	for name, test := range map[string]func(*testing.T, limit.Limiter, *Clock){
		"a burst, then evenly":                   evenly,
		"keys and rules are apart":               apart,
		"several at once or none":                severalOrNone,
		"what can never pass":                    never,
		"peek uses nothing":                      peek,
		"reset gives it all back":                reset,
		"what was not done is given back":        givenBack,
		"a clock set back locks nobody out":      clockSetBack,
		"a rule narrowed while in use":           narrowed,
		"a rule that makes no sense is an error": nonsense,
		"many at once get exactly the limit":     concurrent,
		"every decision is true":                 truth,
	} {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			test(t, open(t, clock), clock)
		})
	}
}

var tenAMinute = limit.Rule{Name: "messages", Limit: 10, Window: time.Minute}

func allow(t testing.TB, l limit.Limiter, key string, r limit.Rule, n int) limit.Decision {
	t.Helper()
	d, err := l.Allow(context.Background(), key, r, n)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func evenly(t *testing.T, l limit.Limiter, clock *Clock) {
	start := clock.Now()
	for i := 1; i <= 10; i++ {
		same(t, fmt.Sprint("number ", i), allow(t, l, "ann", tenAMinute, 1), limit.Decision{
			Allowed: true, Limit: 10, Remaining: 10 - i, ResetsAt: start.Add(time.Duration(i) * 6 * time.Second),
		})
	}
	denied := limit.Decision{Limit: 10, ResetsAt: start.Add(time.Minute), RetryAfter: 6 * time.Second}
	same(t, "the eleventh", allow(t, l, "ann", tenAMinute, 1), denied)
	same(t, "a refusal costs nothing", allow(t, l, "ann", tenAMinute, 1), denied)
	clock.Advance(6*time.Second - time.Microsecond)
	if d := allow(t, l, "ann", tenAMinute, 1); d.Allowed || d.RetryAfter != time.Microsecond {
		t.Errorf("a moment too early: %+v", d)
	}
	clock.Advance(time.Microsecond)
	if d := allow(t, l, "ann", tenAMinute, 1); !d.Allowed || d.Remaining != 0 {
		t.Errorf("after RetryAfter: %+v", d)
	}
	clock.Advance(time.Hour)
	if d := allow(t, l, "ann", tenAMinute, 1); !d.Allowed || d.Remaining != 9 {
		t.Errorf("after an hour: %+v", d)
	}
}

func apart(t *testing.T, l limit.Limiter, _ *Clock) {
	one := limit.Rule{Name: "one", Limit: 1, Window: time.Minute}
	other := limit.Rule{Name: "other", Limit: 1, Window: time.Minute}
	allow(t, l, "ann", one, 1)
	if allow(t, l, "ann", one, 1).Allowed {
		t.Error("the second passed")
	}
	if !allow(t, l, "bob", one, 1).Allowed {
		t.Error("another key was refused: one bucket for the planet")
	}
	if !allow(t, l, "ann", other, 1).Allowed {
		t.Error("another rule was refused")
	}
}

func severalOrNone(t *testing.T, l limit.Limiter, _ *Clock) {
	if d := allow(t, l, "ann", tenAMinute, 7); !d.Allowed || d.Remaining != 3 {
		t.Errorf("seven: %+v", d)
	}
	if d := allow(t, l, "ann", tenAMinute, 4); d.Allowed || d.Remaining != 3 || d.RetryAfter != 6*time.Second {
		t.Errorf("four more: %+v", d)
	}
	if d := allow(t, l, "ann", tenAMinute, 3); !d.Allowed || d.Remaining != 0 {
		t.Errorf("three more: %+v", d)
	}
	if d := allow(t, l, "ann", tenAMinute, 0); !d.Allowed || d.Remaining != 0 {
		t.Errorf("none at all: %+v", d)
	}
}

func never(t *testing.T, l limit.Limiter, clock *Clock) {
	if d := allow(t, l, "ann", tenAMinute, 11); d.Allowed || d.Remaining != 10 || d.RetryAfter != time.Minute {
		t.Errorf("more than the limit: %+v", d)
	}
	closed := limit.Rule{Name: "closed", Limit: 0, Window: time.Minute}
	same(t, "a limit of nothing", allow(t, l, "ann", closed, 1),
		limit.Decision{ResetsAt: clock.Now().Add(time.Minute), RetryAfter: time.Minute})
}

func peek(t *testing.T, l limit.Limiter, clock *Clock) {
	ctx := context.Background()
	for range 3 {
		d, err := l.Peek(ctx, "ann", tenAMinute)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "untouched", d, limit.Decision{Allowed: true, Limit: 10, Remaining: 10, ResetsAt: clock.Now()})
	}
	allow(t, l, "ann", tenAMinute, 10)
	d, err := l.Peek(ctx, "ann", tenAMinute)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "used up", d, limit.Decision{Limit: 10, ResetsAt: clock.Now().Add(time.Minute), RetryAfter: 6 * time.Second})
}

func reset(t *testing.T, l limit.Limiter, _ *Clock) {
	allow(t, l, "ann", tenAMinute, 10)
	if err := l.Reset(context.Background(), "ann", tenAMinute); err != nil {
		t.Fatal(err)
	}
	if d := allow(t, l, "ann", tenAMinute, 1); d.Remaining != 9 {
		t.Errorf("after a reset: %+v", d)
	}
}

func givenBack(t *testing.T, l limit.Limiter, clock *Clock) {
	ctx := context.Background()
	give := func(n int) {
		t.Helper()
		if err := l.Return(ctx, "ann", tenAMinute, n); err != nil {
			t.Fatal(err)
		}
	}
	give(3) // of nothing
	if d := allow(t, l, "ann", tenAMinute, 10); !d.Allowed || d.Remaining != 0 {
		t.Fatalf("more than the limit was there: %+v", d)
	}
	give(2)
	d := allow(t, l, "ann", tenAMinute, 2)
	same(t, "used again", d, limit.Decision{Allowed: true, Limit: 10, ResetsAt: clock.Now().Add(time.Minute)})
	if d := allow(t, l, "ann", tenAMinute, 1); d.Allowed {
		t.Errorf("one more than was given back: %+v", d)
	}
	give(100)
	if d := allow(t, l, "ann", tenAMinute, 11); d.Allowed {
		t.Errorf("more than the limit came back: %+v", d)
	}
	if d := allow(t, l, "ann", tenAMinute, 10); !d.Allowed {
		t.Errorf("not all of it came back: %+v", d)
	}
	if err := l.Return(ctx, "ann", tenAMinute, -1); !errors.Is(err, limit.ErrRule) {
		t.Errorf("less than nothing given back: %v", err)
	}
}

func clockSetBack(t *testing.T, l limit.Limiter, clock *Clock) {
	allow(t, l, "ann", tenAMinute, 10)
	clock.Advance(-24 * time.Hour)
	if d := allow(t, l, "ann", tenAMinute, 1); d.RetryAfter > time.Minute || d.ResetsAt.After(clock.Now().Add(time.Minute)) {
		t.Errorf("after the clock went back: %+v", d)
	}
	clock.Advance(6 * time.Second)
	if d := allow(t, l, "ann", tenAMinute, 0); d.Remaining > 10 {
		t.Errorf("six seconds later: %+v", d)
	}
}

func narrowed(t *testing.T, l limit.Limiter, clock *Clock) {
	allow(t, l, "ann", tenAMinute, 10)
	narrow := limit.Rule{Name: tenAMinute.Name, Limit: 2, Window: 10 * time.Second}
	if d := allow(t, l, "ann", narrow, 1); d.Allowed || d.Remaining != 0 || d.RetryAfter > 10*time.Second {
		t.Errorf("under the narrow rule: %+v", d)
	}
	clock.Advance(time.Minute)
	if d := allow(t, l, "ann", narrow, 2); !d.Allowed {
		t.Errorf("a minute later: %+v", d)
	}
}

func nonsense(t *testing.T, l limit.Limiter, _ *Clock) {
	ctx := context.Background()
	for _, r := range []limit.Rule{
		{Name: "negative", Limit: -1, Window: time.Second},
		{Name: "no window", Limit: 1},
		{Name: "too dense", Limit: 2, Window: time.Microsecond},
	} {
		if _, err := l.Allow(ctx, "ann", r, 1); !errors.Is(err, limit.ErrRule) {
			t.Errorf("allow, %s: %v", r.Name, err)
		}
		if _, err := l.Peek(ctx, "ann", r); !errors.Is(err, limit.ErrRule) {
			t.Errorf("peek, %s: %v", r.Name, err)
		}
	}
	if _, err := l.Allow(ctx, "ann", tenAMinute, -1); !errors.Is(err, limit.ErrRule) {
		t.Errorf("a negative number: %v", err)
	}
}

func concurrent(t *testing.T, l limit.Limiter, _ *Clock) {
	hundred := limit.Rule{Name: "requests", Limit: 100, Window: time.Hour}
	passed := make(chan int, 8)
	var wg sync.WaitGroup
	for range cap(passed) {
		wg.Go(func() {
			n := 0
			for range 50 {
				if d, err := l.Allow(context.Background(), "ann", hundred, 1); err == nil && d.Allowed {
					n++
				}
			}
			passed <- n
		})
	}
	wg.Wait()
	close(passed)
	sum := 0
	for n := range passed {
		sum += n
	}
	if sum != 100 {
		t.Errorf("%d of 400 passed a limit of 100", sum)
	}
}

// truth: after any history, exactly Remaining more pass at once, waiting
// RetryAfter is exactly enough, and at ResetsAt the whole limit is there.
func truth(t *testing.T, l limit.Limiter, clock *Clock) {
	ctx := context.Background()
	serial := 0
	rapid.Check(t, func(t *rapid.T) {
		serial++
		key := fmt.Sprint("key ", serial)
		r := limit.Rule{
			Name: "r", Limit: rapid.IntRange(1, 60).Draw(t, "limit"),
			Window: time.Duration(rapid.IntRange(60, 900_000_007).Draw(t, "window")) * time.Microsecond,
		}
		try := func(key string, n int) limit.Decision {
			d, err := l.Allow(ctx, key, r, n)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			n := rapid.IntRange(0, r.Limit).Draw(t, "n")
			before := clock.Now()
			d := try(key, n)
			if !d.Allowed {
				clock.Advance(d.RetryAfter - time.Microsecond)
				if early := try(key, n); early.Allowed {
					t.Fatalf("%d passed a moment before RetryAfter %s", n, d.RetryAfter)
				}
				clock.Advance(time.Microsecond)
				d = try(key, n)
				if !d.Allowed {
					t.Fatalf("%d did not pass after RetryAfter: %+v", n, d)
				}
			}
			if d.ResetsAt.After(clock.Now().Add(r.Window)) || d.ResetsAt.Before(before) {
				t.Fatalf("ResetsAt %s at %s, window %s", d.ResetsAt, clock.Now(), r.Window)
			}
			clock.Advance(time.Duration(rapid.IntRange(0, int(r.Window/time.Microsecond)).Draw(t, "wait")) * time.Microsecond)
		}
		d := try(key, 0)
		for range d.Remaining {
			if !try(key, 1).Allowed {
				t.Fatalf("not all of Remaining %d passed", d.Remaining)
			}
		}
		last := try(key, 1)
		if last.Allowed {
			t.Fatalf("more than Remaining %d passed", d.Remaining)
		}
		clock.Advance(last.ResetsAt.Sub(clock.Now()))
		if full := try(key, r.Limit); !full.Allowed {
			t.Fatalf("at ResetsAt only %+v", full)
		}
	})
}
