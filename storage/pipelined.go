package storage

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rollbackWithin bounds the wait for the end of a transaction that failed; its
// connection is given up afterwards.
const rollbackWithin = 5 * time.Second

// pipelined is a transaction on Postgres that takes few round trips. BEGIN goes
// along with the first statement, and a statement whose answer nobody waits for
// along with the next one or with COMMIT, in the order in which they came
// (PostgreSQL, 55.2.4, Pipelining): a message is stored in two.
type pipelined struct {
	conn     *pgx.Conn
	classify func(error) error
	begun    bool // BEGIN was sent
	held     []heldBack
	over     bool // COMMIT has been answered
}

// heldBack is a statement that is sent with the next one.
type heldBack struct {
	doing, query string
	args         []any
	rows         int64 // how many it must change; anyNumber: whatever it does
}

const anyNumber = -1

// check tells whether a statement that was held back did what it must.
func (h heldBack) check(tag pgconn.CommandTag, err error, classify func(error) error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", h.doing, classify(err))
	case h.rows != anyNumber && tag.RowsAffected() != h.rows:
		return fmt.Errorf("%s: %w", h.doing, ErrNotFound)
	}
	return nil
}

// send sends what is held back with one more statement, and reads the answers
// of all before it. The caller reads that statement's own, and closes.
func (p *pipelined) send(ctx context.Context, query string, args []any) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	first := !p.begun
	if first {
		batch.Queue("BEGIN")
	}
	for _, h := range p.held {
		batch.Queue(h.query, h.args...)
	}
	batch.Queue(query, args...)
	held := p.held
	p.begun, p.held = true, nil
	answers := p.conn.SendBatch(ctx, batch)
	if first {
		if _, err := answers.Exec(); err != nil {
			_ = answers.Close()
			return nil, fmt.Errorf("begin: %w", p.classify(err))
		}
	}
	for _, h := range held {
		tag, err := answers.Exec()
		if err := h.check(tag, err, p.classify); err != nil {
			_ = answers.Close()
			return nil, err
		}
	}
	return answers, nil
}

// ExecContext implements querier.
func (p *pipelined) ExecContext(ctx context.Context, query string, args ...any) (result, error) {
	answers, err := p.send(ctx, query, args)
	if err != nil {
		return nil, err
	}
	tag, err := answers.Exec()
	if end := answers.Close(); err == nil {
		err = end
	}
	return driver.RowsAffected(tag.RowsAffected()), err
}

// QueryContext implements querier. The rows must be closed before the next
// statement.
func (p *pipelined) QueryContext(ctx context.Context, query string, args ...any) (rows, error) {
	answers, err := p.send(ctx, query, args)
	if err != nil {
		return nil, err
	}
	list, err := answers.Query()
	if err != nil {
		_ = answers.Close()
		return nil, err
	}
	return &pipelinedRows{list, answers}, nil
}

// QueryRowContext implements querier.
func (p *pipelined) QueryRowContext(ctx context.Context, query string, args ...any) scanner {
	answers, err := p.send(ctx, query, args)
	return pipelinedRow{answers, err}
}

type pipelinedRows struct {
	pgx.Rows
	answers pgx.BatchResults
}

// Close ends the rows and the round trip that brought them.
func (r *pipelinedRows) Close() error {
	r.Rows.Close()
	return r.answers.Close()
}

type pipelinedRow struct {
	answers pgx.BatchResults
	err     error
}

func (r pipelinedRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.answers.QueryRow().Scan(dest...)
	if end := r.answers.Close(); err == nil {
		err = end
	}
	return err
}

// commit sends what is held back, and COMMIT.
func (p *pipelined) commit(ctx context.Context) error {
	if !p.begun && len(p.held) == 0 {
		return nil
	}
	answers, err := p.send(ctx, "COMMIT", nil)
	if err != nil {
		return err
	}
	tag, err := answers.Exec()
	if end := answers.Close(); err == nil {
		err = end
	}
	switch {
	case err != nil:
		return fmt.Errorf("commit: %w", p.classify(err))
	case tag.String() != "COMMIT": // of a transaction in which a statement failed
		return fmt.Errorf("commit: it was rolled back: %w", pgx.ErrTxCommitRollback)
	}
	p.over = true
	return nil
}

// rollback ends a transaction that was not committed. Where that fails too, the
// pool gives the connection up.
func (p *pipelined) rollback(ctx context.Context) {
	if !p.begun || p.over || p.conn.IsClosed() || p.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
	defer cancel()
	_, _ = p.conn.Exec(ctx, "ROLLBACK")
}
