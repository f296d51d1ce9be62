package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// groupQueue bounds the transactions that wait for the writer; a caller
	// beyond it waits in line itself.
	groupQueue = 1024
	// groupBatch bounds what one commit carries, so that the first of a long
	// queue does not wait for the last.
	groupBatch = 256
	// groupPace is how far apart commits begin that others are likely to share,
	// and groupEnough is how many sharers are not made to wait for more.
	groupPace   = 2 * time.Millisecond
	groupEnough = 8
	// groupCrowd is how many others a batch must lately have had on average.
	groupCrowd = 0.25
)

// group is SQLite's one writer. It commits what has queued up in one
// transaction, each caller inside a SAVEPOINT of its own: durability costs one
// sync per batch, a caller's failure takes back only its own work, and a
// caller returns after the COMMIT that holds its rows.
//
// Inside the group no statement gets a caller's context, because a cancelled
// one would interrupt the transaction of all; a caller whose context has ended
// is dropped before its turn instead.
type group struct {
	db    *sql.DB
	d     *dialect
	log   *slog.Logger
	jobs  chan *job
	stop  chan struct{}
	once  sync.Once
	done  chan struct{}
	start sync.Once
	conn  *sql.Conn
	on    *prepared

	began time.Time // of the last commit
	crowd float64   // how many came beside the first of a batch, lately
}

// job is one caller's transaction.
type job struct {
	ctx context.Context
	fn  func(*Tx) error
	err error
	end chan struct{}
}

// errGone says that the transaction itself vanished (interrupt, full disk,
// I/O error) and took everybody's work with it.
var errGone = errors.New("the transaction is gone")

// errClosed is ErrBusy for those who come after Close.
var errClosed = fmt.Errorf("the store is closed: %w", ErrBusy)

func newGroup(db *sql.DB, d *dialect, log *slog.Logger) *group {
	return &group{
		db: db, d: d, log: log,
		jobs: make(chan *job, groupQueue), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// do queues one transaction and waits for its commit.
func (g *group) do(ctx context.Context, fn func(*Tx) error) error {
	g.start.Do(func() { go g.run() })
	j := &job{ctx: ctx, fn: fn, end: make(chan struct{})}
	select {
	case <-g.stop:
		return errClosed
	default:
	}
	select {
	case g.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.stop:
		return errClosed
	}
	select {
	case <-j.end:
		return j.err
	case <-g.done:
		// The writer ended; it answered every job it took.
		select {
		case <-j.end:
			return j.err
		default:
			return errClosed
		}
	}
}

// close ends the writer after the batch in hand.
func (g *group) close() {
	g.once.Do(func() { close(g.stop) })
	g.start.Do(func() { close(g.done) })
	<-g.done
}

func (g *group) run() {
	defer close(g.done)
	defer g.disconnect()
	batch := make([]*job, 0, groupBatch)
	for {
		select {
		case j := <-g.jobs:
			g.pace()
			batch = g.gather(append(batch[:0], j))
			g.crowd += (float64(len(batch)-1) - g.crowd) / 16
			g.began = time.Now()
			g.commit(batch)
			for _, j := range batch {
				close(j.end)
			}
			clear(batch)
		case <-g.stop:
			return
		}
	}
}

// pace waits for others to share the commit, where there are likely to be some
// and the last one was a moment ago. Whoever writes alone, one transaction
// after the other, finds nobody beside him and never waits.
func (g *group) pace() {
	wait := groupPace - time.Since(g.began)
	if wait <= 0 || g.crowd < groupCrowd || len(g.jobs)+1 >= groupEnough {
		return
	}
	select {
	case <-time.After(wait):
	case <-g.stop: // what waits is still written
	}
}

// gather takes what waits already.
func (g *group) gather(batch []*job) []*job {
	for len(batch) < groupBatch {
		select {
		case j := <-g.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
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
	if err := g.connect(); err != nil {
		return err
	}
	if err := g.exec("BEGIN IMMEDIATE"); err != nil {
		return g.lost("begin", err)
	}
	if len(jobs) == 1 {
		// Nobody else's work could be taken back with it: no savepoint.
		if jobs[0].err = g.call(jobs[0].fn); jobs[0].err != nil {
			return g.takeBack(jobs[0].err)
		}
	} else {
		for _, j := range jobs {
			if err := g.inSavepoint(j); err != nil {
				return g.lost("run", err)
			}
		}
	}
	if err := g.exec("COMMIT"); err != nil {
		return g.lost("commit", err)
	}
	return nil
}

// takeBack ends the transaction of a single job that failed with cause. Like
// a savepoint's rollback it finds out whether the transaction was still there.
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
	return fn(&Tx{Reader: Reader{q: calm{g.on}, d: g.d}})
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
	return nil
}

func (g *group) disconnect() {
	if g.conn == nil {
		return
	}
	for _, st := range g.on.stmts {
		_ = st.Close()
	}
	_ = g.conn.Close()
	g.conn, g.on = nil, nil
}

// calm drops callers' contexts: inside the group nobody may interrupt.
type calm struct{ on *prepared }

func (c calm) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	return c.on.ExecContext(context.Background(), query, args...)
}

func (c calm) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.on.QueryContext(context.Background(), query, args...)
}

func (c calm) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	return c.on.QueryRowContext(context.Background(), query, args...)
}
