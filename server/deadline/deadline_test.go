package deadline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
)

// TestADeadlineIsAContextsOwn holds a deadline to what context.WithTimeout
// does: asked and waited for in each way that there is, when its time is up,
// when it is given back, and when its parent ends.
func TestADeadlineIsAContextsOwn(t *testing.T) {
	const long = 3 * time.Second
	looks := map[string]func(ctx context.Context) error{
		"asked": func(ctx context.Context) error { return ctx.Err() },
		"waited for": func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			default:
				return nil
			}
		},
		"asked of a child": func(ctx context.Context) error {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			synctest.Wait()
			return child.Err()
		},
		"its cause": context.Cause,
	}
	ends := map[string]func(cancel, parent context.CancelFunc){
		"its time was up":       func(_, _ context.CancelFunc) { time.Sleep(long) },
		"it was given back":     func(cancel, _ context.CancelFunc) { cancel() },
		"its parent had ended":  func(_, parent context.CancelFunc) { parent() },
		"it had not ended":      func(_, _ context.CancelFunc) { time.Sleep(long - time.Nanosecond) },
		"both, the parent last": func(cancel, parent context.CancelFunc) { cancel(); parent() },
		"its time was up, and then it was given back": func(cancel, _ context.CancelFunc) {
			time.Sleep(long)
			synctest.Wait() // context's own ends by a timer of that moment
			cancel()
		},
		"it was given back, and then its time was up": func(cancel, _ context.CancelFunc) {
			cancel()
			time.Sleep(long)
		},
	}
	for makes, make := range map[string]func(context.Context, time.Duration) (context.Context, context.CancelFunc){"context's": context.WithTimeout, "ours": deadline.Within} {
		for how, look := range looks {
			for why, end := range ends {
				for _, early := range []bool{false, true} { // somebody waits from the beginning
					synctest.Test(t, func(t *testing.T) {
						outer, endOuter := context.WithCancel(t.Context())
						defer endOuter()
						ctx, cancel := make(outer, long)
						defer cancel()
						ended := false
						if early {
							defer context.AfterFunc(ctx, func() { ended = true })()
						}
						end(cancel, endOuter)
						synctest.Wait()
						want := map[string]error{
							"its time was up": context.DeadlineExceeded, "it had not ended": nil,
							"its time was up, and then it was given back": context.DeadlineExceeded,
						}
						expected, named := want[why]
						if !named {
							expected = context.Canceled
						}
						if err := look(ctx); !errors.Is(err, expected) {
							t.Errorf("%s, %s, %s, waited for before: %t: %v, want %v", makes, how, why, early, err, expected)
						}
						if early && ended != (expected != nil) {
							t.Errorf("%s, %s, %s: who waited was called: %t", makes, how, why, ended)
						}
					})
				}
			}
		}
	}
}

func TestADeadlineKeepsItsParents(t *testing.T) {
	parent, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	want, _ := parent.Deadline()
	for d, own := range map[time.Duration]bool{time.Minute: true, 2 * time.Hour: false} {
		ctx, end := deadline.Within(parent, d)
		defer end()
		if at, ok := ctx.Deadline(); !ok || at.Equal(want) == own {
			t.Errorf("%s within an hour ends at %s, the hour at %s", d, at, want)
		}
	}
}
