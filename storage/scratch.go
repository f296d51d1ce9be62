package storage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// What restoring into Postgres needs of it, beside the records.

// ErrNotAllowed says that the role may not do that in this Postgres.
var ErrNotAllowed = errors.New("the database role is not allowed to")

// CurrentSchema is the Postgres schema that unqualified names mean.
func (s *Store) CurrentSchema(ctx context.Context) (string, error) {
	var name string
	err := s.db.QueryRowContext(ctx, `SELECT coalesce(current_schema(), '')`).Scan(&name)
	return name, s.wrap("find the schema", err)
}

// EnsureSchema makes a schema of Postgres unless it is there.
func (s *Store) EnsureSchema(ctx context.Context, name string) error {
	_, err := s.db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+quoted(name))
	return s.wrap("make a schema", err)
}

// CreateScratch makes an empty Postgres database beside this one, and gives
// its name and what removes it. A role that may not gets [ErrNotAllowed].
func (s *Store) CreateScratch(ctx context.Context) (name string, drop func(context.Context) error, err error) {
	name = "coach_scratch_" + strings.ReplaceAll(NewID(), "-", "")
	if _, err := s.db.ExecContext(ctx, `CREATE DATABASE `+name); err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "42501" {
			return "", nil, fmt.Errorf("%w make a database: %w", ErrNotAllowed, err)
		}
		return "", nil, s.wrap("make a scratch database", err)
	}
	return name, func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
		return s.wrap("drop the scratch database", err)
	}, nil
}

// Tables counts the tables of the current schema.
func (s *Store) Tables(ctx context.Context) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()`).Scan(&n)
	return n, s.wrap("count tables", err)
}

// SetSchemaAside renames the current Postgres schema, with all that is in it,
// and puts an empty one in its place. It gives the name under which the old
// one is kept, and what takes the step back.
func (s *Store) SetSchemaAside(ctx context.Context) (kept string, undo func(context.Context) error, err error) {
	schema, err := s.CurrentSchema(ctx)
	if err != nil {
		return "", nil, err
	}
	kept = schema + "_replaced_" + time.Now().UTC().Format("20060102t150405")
	swap := func(ctx context.Context, statements ...string) error {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return s.wrap("set the schema aside", err)
		}
		defer func() { _ = tx.Rollback() }()
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return s.wrap("set the schema aside", err)
			}
		}
		return s.wrap("set the schema aside", tx.Commit())
	}
	err = swap(ctx, `ALTER SCHEMA `+quoted(schema)+` RENAME TO `+quoted(kept), `CREATE SCHEMA `+quoted(schema))
	return kept, func(ctx context.Context) error {
		return swap(ctx, `DROP SCHEMA `+quoted(schema)+` CASCADE`, `ALTER SCHEMA `+quoted(kept)+` RENAME TO `+quoted(schema))
	}, err
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// InDatabase is a Postgres URL with the name of another database in it.
func InDatabase(dbURL, name string) (string, error) {
	u, err := url.Parse(dbURL)
	if err != nil {
		return "", errors.New("the database URL cannot be read")
	}
	u.Path = "/" + name
	q := u.Query()
	q.Del("dbname")
	u.RawQuery = q.Encode()
	return u.String(), nil
}
