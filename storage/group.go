package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"modernc.org/sqlite"
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

// errGone says that the transaction itself vanished (interrupt, full disk,
// I/O error) and took everybody's work with it.
var errGone = errors.New("the transaction is gone")

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

// guard commits a batch. A panic of the driver's is the error of all of it: it
// must neither end as success nor leave the others waiting for a leader.
func (g *group) guard(batch []*job) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("writing to the database panicked; its connection is given up", "panic", p)
			for _, j := range batch {
				j.err = fmt.Errorf("write: panic: %v: %w", p, ErrBusy)
			}
			g.discard()
		}
	}()
	g.commit(batch)
}

// commit runs a batch in one transaction. If that transaction vanishes, every
// caller runs again alone: what one saw of another's vanished rows must not
// decide its answer.
func (g *group) commit(batch []*job) {
	live := batch[:0:0]
	for _, j := range batch {
		if j.err = j.ctx.Err(); j.err == nil {
			live = append(live, j)
		}
	}
	if len(live) == 0 {
		return
	}
	err := g.together(live)
	if err == nil {
		return
	}
	if len(live) == 1 {
		live[0].err = err
		return
	}
	g.log.Debug("a group of transactions was rolled back; each runs alone", "transactions", len(live), "err", err)
	for _, j := range live {
		j.err = nil
		if err := g.together([]*job{j}); err != nil {
			j.err = err
		}
	}
}

// together runs the jobs in one transaction. An error means that nothing of
// any of them is stored; a job's own error stands in the job.
func (g *group) together(jobs []*job) error {
	if err := g.begin(); err != nil {
		return err
	}
	if len(jobs) > 1 && time.Since(g.failed) < groupCareful {
		return g.carefully(jobs)
	}
	for _, j := range jobs {
		j.err = g.call(j.fn)
		switch {
		case g.vanished: // what the next one wrote would be committed by itself
			return g.lost("run", fmt.Errorf("%w: %w", errGone, orRolledBack(j.err)))
		case j.err == nil:
			continue
		}
		if err := g.takeBack(j.err); err != nil || len(jobs) == 1 {
			return err
		}
		g.failed = time.Now()
		if err := g.begin(); err != nil {
			return err
		}
		return g.carefully(jobs)
	}
	return g.finish()
}

func (g *group) begin() error {
	if err := g.connect(); err != nil {
		return err
	}
	g.vanished = false
	if err := g.exec("BEGIN IMMEDIATE"); err != nil {
		return g.lost("begin", err)
	}
	return nil
}

// orRolledBack is err, or what to say when a job did not notice.
func orRolledBack(err error) error {
	if err != nil {
		return err
	}
	return sql.ErrTxDone
}

// carefully runs the jobs of a transaction that has begun, each in a savepoint.
func (g *group) carefully(jobs []*job) error {
	for _, j := range jobs {
		if err := g.inSavepoint(j); err != nil {
			return g.lost("run", err)
		}
	}
	return g.finish()
}

func (g *group) finish() error {
	if err := g.exec("COMMIT"); err != nil {
		return g.lost("commit", err)
	}
	return nil
}

// takeBack ends the transaction in which a job failed with cause. Like a
// savepoint's rollback it finds out whether the transaction was still there.
func (g *group) takeBack(cause error) error {
	if err := g.exec("ROLLBACK"); err != nil {
		return g.lost("run", fmt.Errorf("%w: %w", errGone, cause))
	}
	return nil
}

// inSavepoint runs one job so that its failure takes back only its own work.
func (g *group) inSavepoint(j *job) error {
	if err := g.exec("SAVEPOINT job"); err != nil {
		return err
	}
	j.err = g.call(j.fn)
	if j.err != nil {
		if err := g.exec("ROLLBACK TO job"); err != nil {
			return fmt.Errorf("%w: %w", errGone, j.err)
		}
	}
	return g.exec("RELEASE job")
}

// call keeps one caller's panic from ending the writer.
func (g *group) call(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return fn(&Tx{Reader: Reader{q: calm{g}, d: g.d}})
}

func (g *group) exec(query string) error {
	_, err := g.on.ExecContext(context.Background(), query)
	return err
}

// lost rolls back what may be left of the transaction and gives up a
// connection on which even that fails.
func (g *group) lost(doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, g.d.classify(err))
	if _, rollback := g.conn.ExecContext(context.Background(), "ROLLBACK"); rollback != nil && errors.Is(rollback, sql.ErrConnDone) {
		g.disconnect()
	}
	return err
}

func (g *group) connect() error {
	if g.conn != nil {
		return nil
	}
	conn, err := g.db.Conn(context.Background())
	if err != nil {
		return fmt.Errorf("connect: %w", g.d.classify(err))
	}
	g.conn, g.on = conn, newPrepared(conn)
	return conn.Raw(func(driver any) error {
		driver.(sqlite.HookRegisterer).RegisterRollbackHook(func() { g.vanished = true })
		return nil
	})
}

// discard disconnects so that the connection, on which a transaction may be
// open, does not go back to the pool. One whose statements are open would not
// be closed.
func (g *group) discard() {
	if g.conn == nil {
		return
	}
	g.on.close()
	_ = g.conn.Raw(func(any) error { return driver.ErrBadConn })
	g.conn, g.on = nil, nil
}

func (g *group) disconnect() {
	if g.conn == nil {
		return
	}
	g.on.close()
	_ = g.conn.Close()
	g.conn, g.on = nil, nil
}

// calm drops callers' contexts: inside the group nobody may interrupt. Of a
// transaction that has vanished it lets nothing more through, for it would be
// committed by itself.
type calm struct{ g *group }

func (c calm) ExecContext(_ context.Context, query string, args ...any) (result, error) {
	if c.g.vanished {
		return nil, errGone
	}
	return c.g.on.ExecContext(context.Background(), query, args...)
}

func (c calm) QueryContext(_ context.Context, query string, args ...any) (rows, error) {
	if c.g.vanished {
		return nil, errGone
	}
	return c.g.on.QueryContext(context.Background(), query, args...)
}

func (c calm) QueryRowContext(_ context.Context, query string, args ...any) scanner {
	if c.g.vanished {
		return noRow{}
	}
	return c.g.on.QueryRowContext(context.Background(), query, args...)
}

// noRow is the row of a transaction that has vanished.
type noRow struct{}

func (noRow) Scan(...any) error { return errGone }
