// Package storage keeps coach's records and is the only room where SQL is
// written.
//
// One [Store] stands on SQLite or on Postgres; nobody mocks it. Each query is
// written once, with $1…$n placeholders that both databases take; dialect.go
// holds the few places where they differ. Every verb that reads hangs on
// [Reader], which both the Store and a running transaction carry; every verb
// that writes hangs on [Tx], which only [Store.Tx] hands out. On SQLite all
// transactions go through one group writer (group.go), so that a burst of
// messages costs one sync instead of one each.
//
// Times are stored as microseconds since 1970 UTC and come from Go, except for
// leases, whose clock is the database's. Ids are UUIDv7 text. A string field
// that is "" is NULL in an optional column, a zero time likewise.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options says where the records are.
type Options struct {
	// URL is sqlite://path/to/coach.db or postgres://… as pgx reads it.
	URL string
	// MaxConns bounds the connections (readers on SQLite); 0: a default that
	// suits the machine.
	MaxConns int
	// Synchronous is SQLite's FULL (default) or NORMAL; with NORMAL a power
	// cut, though not a crash of the program, may take the last commits.
	Synchronous string
	// MayWrite is asked before each transaction on SQLite, whose file is on our
	// own disk; what it answers is the transaction's error. nil: all may.
	MayWrite func() error
	Logger   *slog.Logger
}

// Store is the records. Its methods are safe for concurrent use.
type Store struct {
	Reader
	d      *dialect
	readDB *sql.DB
	db     *sql.DB       // Postgres: the same pool as readDB; SQLite: the writer's handle
	group  *group        // SQLite only
	pool   *pgxpool.Pool // Postgres only, under readDB

	mayWrite func() error
	trouble  *trouble
	changes  *changes // SQLite only
}

// Open connects and, on SQLite, makes the file when there is none. It does not
// migrate; see [Store.Migrate].
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case strings.HasPrefix(o.URL, "sqlite://"):
		if path := strings.TrimPrefix(o.URL, "sqlite://"); path != "" {
			keepPrivate(path, o.Logger)
		}
		return openSQLite(ctx, o)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		return openPostgres(ctx, o)
	}
	return nil, fmt.Errorf("open database: the URL must begin with sqlite:// or postgres://, not %q", scheme(o.URL))
}

func scheme(url string) string {
	before, _, found := strings.Cut(url, "://")
	if !found {
		return "(no scheme)"
	}
	return before + "://"
}

// Dialect names the database underneath, SQLite or Postgres.
func (s *Store) Dialect() string { return s.d.name }

// DB is the handle for migrations and for nothing else: on SQLite it is the
// writer's own, with one connection.
func (s *Store) DB() *sql.DB { return s.db }

// Ping asks the database whether it answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.wrap("ping", s.q.QueryRowContext(ctx, "SELECT 1").Scan(&one))
}

// Tx runs fn in one transaction and returns after its commit. fn may be run
// more than once, must do nothing but SQL through tx, and must not use the
// Store. An error of fn rolls back what fn did and is returned as it is.
func (s *Store) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	if s.mayWrite != nil {
		if err := s.mayWrite(); err != nil {
			return err
		}
	}
	return s.Tidy(ctx, fn)
}

// Tidy is Tx for what makes room: it goes on where MayWrite refuses.
func (s *Store) Tidy(ctx context.Context, fn func(tx *Tx) error) error {
	var rows int64
	var changed []string
	err := s.run(ctx, func(tx *Tx) error {
		rows, changed = 0, changed[:0]
		return fn(&Tx{Reader: Reader{q: counted{tx.q, &rows}, d: tx.d}, changed: &changed, wrote: &rows, pipe: tx.pipe})
	})
	if s.changes != nil {
		s.changes.happened(changed) // after an error too: it may be stored all the same
	}
	switch {
	case err != nil:
		s.trouble.failed(err)
	case rows > 0:
		s.trouble.wrote()
	case s.trouble.due():
		s.probe(ctx)
	}
	return err
}

func (s *Store) run(ctx context.Context, fn func(tx *Tx) error) error {
	if s.group != nil {
		return s.group.do(ctx, fn)
	}
	return s.postgresTx(ctx, fn)
}

// Close ends all connections; transactions that wait are refused with ErrBusy.
func (s *Store) Close() error {
	if s.group != nil {
		s.group.close()
	}
	err := s.readDB.Close()
	if s.db != s.readDB {
		err = errors.Join(err, s.db.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	return err
}

// NewID makes a UUIDv7: unique, and later ones sort after earlier ones.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// ValidID reports whether id is a UUID in the form that NewID gives. Ids from
// callers are checked with it before they reach a query.
func ValidID(id string) bool {
	if len(id) != 36 {
		return false
	}
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id
}

// querier runs SQL: a pool, a transaction, or the group writer.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (result, error)
	QueryContext(ctx context.Context, query string, args ...any) (rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) scanner
}

// result is what a statement did.
type result interface{ RowsAffected() (int64, error) }

// rows are read one after the other, as [sql.Rows] are.
type rows interface {
	scanner
	Next() bool
	Err() error
	Close() error
}

// handle is a pool, connection or transaction of database/sql.
type handle interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// plain is the querier of a handle.
type plain struct{ on handle }

func (p plain) ExecContext(ctx context.Context, query string, args ...any) (result, error) {
	return p.on.ExecContext(ctx, query, args...)
}

func (p plain) QueryContext(ctx context.Context, query string, args ...any) (rows, error) {
	return p.on.QueryContext(ctx, query, args...) //nolint:rowserrcheck // that is the caller's
}

func (p plain) QueryRowContext(ctx context.Context, query string, args ...any) scanner {
	return p.on.QueryRowContext(ctx, query, args...)
}

// Reader carries every verb that reads. A Tx is one too, and then reads what
// its own transaction wrote.
type Reader struct {
	q querier
	d *dialect
}

// Tx carries every verb that writes; see [Store.Tx].
type Tx struct {
	Reader
	changed *[]string  // conversations, and users whose memberships changed
	wrote   *int64     // how many rows
	pipe    *pipelined // Postgres only
}

// note remembers what was changed, for [Store.WatchConversations].
func (tx *Tx) note(ids ...string) {
	if tx.changed != nil {
		*tx.changed = append(*tx.changed, ids...)
	}
}

// brief is the context of a read that an index makes short. SQLite's driver
// and database/sql would each start a goroutine to watch a context that can
// end, which costs as much as the read; on Postgres the context stays, since a
// network lies between. It also stays where it has ended, so that the read
// fails, and where all connections are in use, so that the wait for one can be
// given up.
func (r Reader) brief(ctx context.Context) context.Context {
	if r.d.name != SQLite || ctx.Err() != nil || isCrowded(r.q) {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// isCrowded reports whether the next read waits for a connection of a pool; a
// transaction has its own.
func isCrowded(q querier) bool {
	p, ok := q.(*prepared)
	if !ok {
		return false
	}
	pool, ok := p.on.(*sql.DB)
	if !ok {
		return false
	}
	stats := pool.Stats()
	return stats.MaxOpenConnections > 0 && stats.InUse >= stats.MaxOpenConnections
}

// wrap names what was being done and turns driver errors into the sentinels.
func (r Reader) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	}
	return fmt.Errorf("%s: %w", doing, r.d.classify(err))
}

// one runs a statement that must touch exactly one row.
func (tx *Tx) one(ctx context.Context, doing, query string, args ...any) error {
	res, err := tx.q.ExecContext(ctx, query, args...)
	if err != nil {
		return tx.wrap(doing, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return tx.wrap(doing, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	}
	return nil
}

// later is one for a statement of which nobody waits to hear: its error may be
// that of the transaction. On Postgres that spares a round trip.
func (tx *Tx) later(ctx context.Context, doing, query string, args ...any) error {
	if tx.pipe == nil {
		return tx.one(ctx, doing, query, args...)
	}
	tx.hold(heldBack{doing, query, args, 1})
	return nil
}

// laterAny is later for a statement that may change any number of rows.
func (tx *Tx) laterAny(ctx context.Context, doing, query string, args ...any) error {
	if tx.pipe == nil {
		_, err := tx.count(ctx, doing, query, args...)
		return err
	}
	tx.hold(heldBack{doing, query, args, anyNumber})
	return nil
}

func (tx *Tx) hold(h heldBack) {
	tx.pipe.held = append(tx.pipe.held, h)
	if tx.wrote != nil {
		*tx.wrote++
	}
}

// count runs a statement and tells how many rows it touched.
func (tx *Tx) count(ctx context.Context, doing, query string, args ...any) (int64, error) {
	res, err := tx.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, tx.wrap(doing, err)
	}
	n, err := res.RowsAffected()
	return n, tx.wrap(doing, err)
}

// scanner is a row to scan, of one or of many.
type scanner interface{ Scan(dest ...any) error }

// collect scans every row of a query.
func collect[T any](ctx context.Context, r Reader, doing string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, r.wrap(doing, err)
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, r.wrap(doing, err)
		}
		out = append(out, v)
	}
	return out, r.wrap(doing, rows.Err())
}
