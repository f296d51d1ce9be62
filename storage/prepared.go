package storage

import (
	"context"
	"database/sql"
	"sync"
)

// preparer is a pool or one connection.
type preparer interface {
	handle
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// prepared keeps each statement it has met, because SQLite would compile it
// anew each time (pgx keeps its own). Queries are constants of this package,
// so what it keeps is bounded.
type prepared struct {
	on    preparer
	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func newPrepared(on preparer) *prepared {
	return &prepared{on: on, stmts: map[string]*sql.Stmt{}}
}

func (p *prepared) stmt(query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st := p.stmts[query]
	p.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	// The statement outlives the caller, so it is not made under its context.
	st, err := p.on.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[query]; first != nil {
		_ = st.Close()
		return first, nil
	}
	p.stmts[query] = st
	return st, nil
}

// close closes the statements and leaves what they are prepared on.
func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, st := range p.stmts {
		_ = st.Close()
	}
	clear(p.stmts)
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (result, error) {
	st, err := p.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (rows, error) {
	st, err := p.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...) //nolint:rowserrcheck // that is the caller's
}

func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) scanner {
	st, err := p.stmt(query)
	if err != nil {
		// database/sql offers no way to make a Row of an error; asked plainly,
		// the same error comes back with it.
		return p.on.QueryRowContext(ctx, query, args...)
	}
	return st.QueryRowContext(ctx, args...)
}
