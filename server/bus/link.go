package bus

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
)

// errSilent is the end of a connection that brings nothing. On Postgres a
// transaction pooler does that: it takes LISTEN and forgets it.
var errSilent = errors.New("nothing is heard, not even this node's own signs of life (Postgres: LISTEN needs a direct connection, not a transaction pooler)")

// side is one direction of the wire.
type side int

const (
	sending side = iota
	hearingSide
	sides
)

// link knows how the wire stands, and says so in the log once per change.
type link struct {
	log     *slog.Logger
	carrier string

	mu      sync.Mutex
	ok      [sides]bool
	away    bool          // as it was logged
	settled chan struct{} // closed when it is known how the wire stands
}

// settle notes that it is known. The caller holds mu.
func (l *link) settle() {
	select {
	case <-l.settled:
	default:
		close(l.settled)
	}
}

func (l *link) works() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ok[sending] && l.ok[hearingSide]
}

func (l *link) broken(s side, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ok[s] = false
	l.settle()
	if l.away {
		return
	}
	l.away = true
	l.log.Warn("the bus is away: this node goes on by itself, and hears of others' changes when it is back", "bus", l.carrier, "err", err)
}

func (l *link) sound(s side) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ok[s] = true
	if l.ok[sending] && l.ok[hearingSide] {
		l.settle()
	}
	if !l.away || !l.ok[sending] || !l.ok[hearingSide] {
		return
	}
	l.away = false
	l.log.Info("the bus is back; what was missed is read from the database", "bus", l.carrier)
}

// The wait between tries to reach a wire that is away: it doubles, and is
// never quite the same, so that nodes do not try in step.
const shortestWait, longestWait = 50 * time.Millisecond, 2 * time.Second

// backoff belongs to one goroutine.
type backoff struct{ next time.Duration }

func (b *backoff) reset() { b.next = 0 }

// pause waits, longer each time, or until ctx ends.
func (b *backoff) pause(ctx context.Context) {
	b.next = min(max(2*b.next, shortestWait), longestWait)
	deadline.Pause(ctx, b.next/2+rand.N(b.next/2)) //nolint:gosec // spreads tries, hides nothing
}
