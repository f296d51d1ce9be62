package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

func openPostgres(ctx context.Context, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// pgx masks the password in its own message.
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	// pgx's own default is the number of cores: a sender would wait for a
	// connection while the others wait for the network.
	switch {
	case o.MaxConns > 0:
		cfg.MaxConns = int32(min(o.MaxConns, 10_000))
	case !strings.Contains(o.URL, "pool_max_conns"):
		cfg.MaxConns = 16
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		// A host that swallows packets must not hold whoever asks for minutes.
		cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open Postgres: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	d := &postgresDialect
	return &Store{Reader: Reader{q: plain{db}, d: d}, d: d, readDB: db, db: db, pool: pool, trouble: newTrouble(o.Logger)}, nil
}

// postgresTx retries what Postgres itself asks to be retried; a commit whose
// outcome is unknown is not, it answers ErrBusy.
func (s *Store) postgresTx(ctx context.Context, fn func(tx *Tx) error) error {
	const tries = 4
	var err error
	for range tries {
		err = s.postgresTxOnce(ctx, fn)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || (pg.Code != "40001" && pg.Code != "40P01") {
			return err
		}
	}
	return err
}

func (s *Store) postgresTxOnce(ctx context.Context, fn func(tx *Tx) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return s.wrap("connect", err)
	}
	defer conn.Release() // ends a connection on which a transaction is still open
	p := &pipelined{conn: conn.Conn(), classify: s.d.classify}
	defer p.rollback(ctx)
	if err := fn(&Tx{Reader: Reader{q: p, d: s.d}, pipe: p}); err != nil {
		return err
	}
	return p.commit(ctx)
}
