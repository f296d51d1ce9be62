package limit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// ErrAway says that a strict rule cannot be kept, because what the nodes share
// is away.
var ErrAway = errors.New("the shared limits cannot be asked")

// retryAfter is how long a limiter that is away is left alone: nobody's
// request waits for it meanwhile.
const retryAfter = time.Second

// Guarded asks the limiter that the nodes share, and while that is away one of
// this node's own: people are limited, if by each node for itself. Strict
// rules have no such second best; they answer [ErrAway].
type Guarded struct {
	shared, own Limiter
	log         *slog.Logger

	mu   sync.Mutex
	away bool
	next time.Time // when the shared one is tried again
}

// NewGuarded puts own behind shared.
func NewGuarded(shared, own Limiter, log *slog.Logger) *Guarded {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Guarded{shared: shared, own: own, log: log}
}

// Allow implements [Limiter].
func (g *Guarded) Allow(ctx context.Context, key string, r Rule, n int) (Decision, error) {
	return g.ask(ctx, r, func(l Limiter) (Decision, error) { return l.Allow(ctx, key, r, n) })
}

// Return implements [Limiter].
func (g *Guarded) Return(ctx context.Context, key string, r Rule, n int) error {
	_, err := g.ask(ctx, r, func(l Limiter) (Decision, error) { return Decision{}, l.Return(ctx, key, r, n) })
	return err
}

// Peek implements [Limiter].
func (g *Guarded) Peek(ctx context.Context, key string, r Rule) (Decision, error) {
	return g.ask(ctx, r, func(l Limiter) (Decision, error) { return l.Peek(ctx, key, r) })
}

// Reset implements [Limiter].
func (g *Guarded) Reset(ctx context.Context, key string, r Rule) error {
	return errors.Join(g.shared.Reset(ctx, key, r), g.own.Reset(ctx, key, r))
}

// Away reports whether the shared limiter is away.
func (g *Guarded) Away() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.away
}

func (g *Guarded) ask(ctx context.Context, r Rule, question func(Limiter) (Decision, error)) (Decision, error) {
	if g.try() {
		d, err := question(g.shared)
		if err == nil || errors.Is(err, ErrRule) || ctx.Err() != nil {
			g.found()
			return d, err
		}
		g.lost(err)
	}
	if r.Strict {
		return Decision{}, ErrAway
	}
	return question(g.own)
}

// try reports whether the shared limiter is to be asked. While it is away one
// question at a time finds out whether it is back.
func (g *Guarded) try() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.away {
		return true
	}
	now := time.Now()
	if now.Before(g.next) {
		return false
	}
	g.next = now.Add(retryAfter)
	return true
}

func (g *Guarded) lost(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = time.Now().Add(retryAfter)
	if g.away {
		return
	}
	g.away = true
	g.log.Warn("the shared limits are away: each node counts for itself, and nobody can sign in with a password", "err", err)
}

func (g *Guarded) found() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.away {
		g.away = false
		g.log.Info("the shared limits are back")
	}
}
