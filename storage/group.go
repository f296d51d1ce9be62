package storage

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// groupBatch bounds what one commit carries, so that the first of a long
	// queue does not wait for the last.
	groupBatch = 256
	// groupPace is how far apart commits begin that others are likely to share,
	// and groupEnough is how many sharers are not made to wait for more.
	groupPace   = 2 * time.Millisecond
	groupEnough = 8
	// groupCrowd is how many others a batch must lately have had on average.
	groupCrowd = 0.25
	// groupCareful is how long after a job that failed in a batch each job has
	// its savepoint: long enough that who fails on purpose gains nothing.
	groupCareful = time.Second
)

// group is SQLite's one writer. It commits what has queued up in one
// transaction: durability costs one sync per batch, a caller's failure takes
// back only its own work, and a caller returns after the COMMIT that holds its
// rows.
//
// A savepoint for each caller would have SQLite keep every page a second time
// before it is changed, for the few that fail. So a batch in which one fails is
// rolled back and run again, each caller inside a SAVEPOINT then, as in the
// batches of the next second.
//
// There is no goroutine that writes: the first caller of a batch leads, runs
// the work of all, and hands on to the first of those who came meanwhile. A
// message that is alone is stored without a change of goroutines, which would
// cost more than its statements.
//
// Inside the group no statement gets a caller's context, because a cancelled
// one would interrupt the transaction of all; a caller whose context has ended
// is dropped before its turn instead.
type group struct {
	db  *sql.DB
	d   *dialect
	log *slog.Logger

	mu     sync.Mutex
	queue  []*job // in the order they came; whoever leads is the first
	led    bool
	closed bool
	stop   chan struct{} // closed with closed
	done   chan struct{} // closed when nobody leads any more

	// The leader's.
	conn   *sql.Conn
	on     *prepared
	began  time.Time // of the last commit
	crowd  float64   // how many came beside the first of a batch, lately
	failed time.Time // when a job last failed in a batch
	// vanished: SQLite has rolled back, by itself or because it was told to.
	vanished bool
}

// job is one caller's transaction.
type job struct {
	ctx context.Context
	fn  func(*Tx) error
	err error
	// turn tells a caller who waits: true, to lead; false, that it is done.
	turn chan bool
}

// errClosed is ErrBusy for those who come after Close.
var errClosed = fmt.Errorf("the store is closed: %w", ErrBusy)

func newGroup(db *sql.DB, d *dialect, log *slog.Logger) *group {
	return &group{db: db, d: d, log: log, stop: make(chan struct{}), done: make(chan struct{})}
}

// do runs one transaction and returns after its commit.
func (g *group) do(ctx context.Context, fn func(*Tx) error) error {
	j := &job{ctx: ctx, fn: fn}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return errClosed
	}
	g.queue = append(g.queue, j)
	first := !g.led
	if first {
		g.led = true
	} else {
		j.turn = make(chan bool, 1)
	}
	g.mu.Unlock()
	if first || <-j.turn {
		g.lead()
	}
	return j.err
}

// close ends the group after the batch in hand; those who wait are refused.
func (g *group) close() {
	g.mu.Lock()
	first, led := !g.closed, g.led
	g.closed = true
	g.mu.Unlock()
	if first {
		close(g.stop)
		if !led {
			g.end()
		}
	}
	<-g.done
}

// lead commits one batch, the leader's own job first, and hands on.
func (g *group) lead() {
	g.pace()
	batch := g.gather()
	g.crowd += (float64(len(batch)-1) - g.crowd) / 16
	g.began = time.Now()
	g.guard(batch)
	for _, j := range batch[1:] {
		j.turn <- false
	}
	g.handOn()
}

// handOn lets the first of those who wait lead.
func (g *group) handOn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		for _, j := range g.queue {
			j.err = errClosed
			j.turn <- false
		}
		g.queue = nil
		g.end()
	case len(g.queue) > 0:
		g.queue[0].turn <- true
	default:
		g.led = false
	}
}

func (g *group) end() {
	g.disconnect()
	close(g.done)
}

// pace waits for others to share the commit, where there are likely to be some
// and the last one was a moment ago. Whoever writes alone, one transaction
// after the other, finds nobody beside him and never waits.
func (g *group) pace() {
	wait := groupPace - time.Since(g.began)
	if wait <= 0 || g.crowd < groupCrowd || g.waiting() >= groupEnough {
		return
	}
	enough := time.NewTimer(wait)
	defer enough.Stop()
	select {
	case <-enough.C:
	case <-g.stop: // what waits with the leader is still written
	}
}

// waiting counts the callers that no batch has yet.
func (g *group) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

// gather takes what waits already.
func (g *group) gather() []*job {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), groupBatch)
	batch := g.queue[:n:n]
	if g.queue = g.queue[n:]; len(g.queue) == 0 {
		g.queue = nil
	}
	return batch
}
