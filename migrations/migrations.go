// Package migrations holds the schema's history, once per database, and the
// provider that walks it.
//
// The two folders describe the same tables: a file in one has a twin with the
// same name in the other, and a test holds the resulting columns against each
// other. Migrations only ever add or transform; down removes only what its up
// added. schema_info.compatible_from tells an older program whether it may run
// on a newer schema, as it must during a rolling deploy.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Dialect names a database as the folders here are named.
type Dialect string

// The databases coach runs on.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// ErrNewer says that the database has seen migrations this program does not know.
var ErrNewer = errors.New("the database is newer than this program")

// Provider walks db through the migrations of its dialect. On Postgres it
// holds an advisory lock while it works, so that two programs may start at
// once; on SQLite the caller holds the file's lock.
func Provider(ctx context.Context, db *sql.DB, d Dialect) (*goose.Provider, error) {
	dir, err := fs.Sub(files, string(d))
	if err != nil {
		return nil, fmt.Errorf("open migrations of %s: %w", d, err)
	}
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == Postgres {
		dialect = goose.DialectPostgres
		id, err := lockID(ctx, db)
		if err != nil {
			return nil, err
		}
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(id), lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, fmt.Errorf("make migration lock: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, dir, opts...)
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", d, err)
	}
	return p, nil
}

// Up brings db to the newest version this program knows. It refuses, with
// [ErrNewer], a database that is further on already.
func Up(ctx context.Context, db *sql.DB, d Dialect) ([]*goose.MigrationResult, error) {
	p, err := Provider(ctx, db, d)
	if err != nil {
		return nil, err
	}
	if err := refuseNewer(ctx, p); err != nil {
		return nil, err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return done, fmt.Errorf("migrate up: %w", err)
	}
	return done, nil
}

// Latest is the newest version in the folder of d.
func Latest(d Dialect) (int64, error) {
	entries, err := files.ReadDir(string(d))
	if err != nil {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	return goose.NumericComponent(entries[len(entries)-1].Name())
}

// lockID keeps two schemas of one Postgres apart: each has a lock of its own.
func lockID(ctx context.Context, db *sql.DB) (int64, error) {
	var schema sql.Null[string]
	if err := db.QueryRowContext(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return 0, fmt.Errorf("read current schema: %w", err)
	}
	h := fnv.New64a()
	h.Write([]byte("coach migrations in " + schema.V))
	return int64(h.Sum64() >> 1), nil
}

func refuseNewer(ctx context.Context, p *goose.Provider) error {
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > target {
		return fmt.Errorf("%w: it is at version %d, this program knows up to %d; run the newer program", ErrNewer, current, target)
	}
	return nil
}
