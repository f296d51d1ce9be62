// Package deadline bounds what mostly ends long before, and waits for no longer
// than a context lasts.
package deadline

import (
	"context"
	"sync"
	"time"
)

// deadline is [context.WithDeadline], but for a timer, a channel and a place
// among its parent's children, which it takes when somebody waits for its end:
// most requests are answered before anybody does.
type deadline struct {
	context.Context // the parent
	at              time.Time

	mu     sync.Mutex
	waited context.Context // made by who waited first
	end    context.CancelFunc
	ended  error // once somebody was told, or it was given back: it stays so
}

// Within is ctx for as long; end is to be called when it is not needed any
// more. It is [context.WithTimeout] for what is rarely waited for; contexts made
// of it may end a moment after end has returned.
func Within(ctx context.Context, d time.Duration) (_ context.Context, end context.CancelFunc) {
	c := &deadline{Context: ctx, at: time.Now().Add(d)}
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(c.at) {
		c.at = earlier
	}
	return c, c.cancel
}

func (c *deadline) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waited != nil {
		c.end()
		return
	}
	if c.look() == nil {
		c.ended = context.Canceled
	}
}

// look is how it has ended, where nobody waits. The caller holds mu.
func (c *deadline) look() error {
	if c.ended == nil {
		c.ended = c.Context.Err()
	}
	if c.ended == nil && !time.Now().Before(c.at) {
		c.ended = context.DeadlineExceeded
	}
	return c.ended
}

// real is the context that it stands for.
func (c *deadline) real() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waited == nil {
		c.waited, c.end = context.WithDeadline(c.Context, c.at)
		if c.ended != nil {
			c.end()
		}
	}
	return c.waited
}

// Deadline implements [context.Context].
func (c *deadline) Deadline() (time.Time, bool) { return c.at, true }

// Done implements [context.Context].
func (c *deadline) Done() <-chan struct{} { return c.real().Done() }

// AfterFunc spares those made of it a goroutine each, see [context.AfterFunc].
func (c *deadline) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.real(), f) }

// Err implements [context.Context].
func (c *deadline) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil && c.waited != nil {
		return c.waited.Err()
	}
	return c.look()
}
