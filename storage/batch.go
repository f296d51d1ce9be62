package storage

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
)

// What the leader of the group does with a batch: it runs the jobs in one
// transaction, on the one connection that writes.

// errGone says that the transaction itself vanished (interrupt, full disk,
// I/O error) and took everybody's work with it.
var errGone = errors.New("the transaction is gone")

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
			return g.lost("run", fmt.Errorf("%w: %w", errGone, cmp.Or(j.err, sql.ErrTxDone)))
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

// takeBack ends the transaction in which a job failed with cause.
func (g *group) takeBack(cause error) error {
	if err := g.exec("ROLLBACK"); err != nil {
		return g.lost("roll back", fmt.Errorf("%w: %w", err, cause))
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
