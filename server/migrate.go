package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofrs/flock"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/storage"
)

// Migrator walks the schema of the configured database; it is what `coach
// migrate` uses. On SQLite it holds a lock beside the file while it works, on
// Postgres an advisory one: two may start at once, and the second waits.
type Migrator struct {
	store *storage.Store
	path  string // of the SQLite file; "" on Postgres
}

// MigrationStatus is one migration and whether the database has it.
type MigrationStatus = migrations.Migration

// Migrate opens the configured database for `coach migrate`.
func Migrate(ctx context.Context, c configs.Config) (*Migrator, error) {
	store, err := openStore(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	return newMigrator(store, c), nil
}

func newMigrator(store *storage.Store, c configs.Config) *Migrator {
	path, _ := sqlitePath(c)
	return &Migrator{store: store, path: path}
}

// openMigrated opens the configured database for a command. SQLite's schema is
// brought up to date: the first command on a new machine may well be `coach
// user create`.
func openMigrated(ctx context.Context, c configs.Config, log *slog.Logger) (*storage.Store, error) {
	store, err := openStore(ctx, c, log)
	if err != nil || store.Dialect() != storage.SQLite {
		return store, err
	}
	if err := newMigrator(store, c).upIfBehind(ctx); err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}

// Close ends the connection.
func (m *Migrator) Close() error { return m.store.Close() }

func (m *Migrator) dialect() migrations.Dialect { return migrations.Dialect(m.store.Dialect()) }

// Up brings the schema to the newest version this program knows; a database
// that is newer is refused.
func (m *Migrator) Up(ctx context.Context) error {
	return m.locked(ctx, func() error {
		_, err := migrations.Up(ctx, m.store.DB(), m.dialect())
		return err
	})
}

func (m *Migrator) upIfBehind(ctx context.Context) error {
	current, latest, err := m.Version(ctx)
	if err != nil || current >= latest {
		return err
	}
	return m.Up(ctx)
}

// Down takes the newest migration back.
func (m *Migrator) Down(ctx context.Context) error {
	return m.locked(ctx, func() error { return migrations.Down(ctx, m.store.DB(), m.dialect()) })
}

// Redo takes the newest migration back and applies it again.
func (m *Migrator) Redo(ctx context.Context) error {
	return m.locked(ctx, func() error { return migrations.Redo(ctx, m.store.DB(), m.dialect()) })
}

// Status lists every migration this program knows.
func (m *Migrator) Status(ctx context.Context) ([]MigrationStatus, error) {
	return migrations.Status(ctx, m.store.DB(), m.dialect())
}

// Version tells the schema's version (0: none) and the newest this program knows.
func (m *Migrator) Version(ctx context.Context) (current, latest int64, err error) {
	return migrations.Version(ctx, m.store.DB(), m.dialect())
}

// Pending lists what Up would apply.
func (m *Migrator) Pending(ctx context.Context) ([]MigrationStatus, error) {
	all, err := m.Status(ctx)
	var out []MigrationStatus
	for _, st := range all {
		if !st.Applied {
			out = append(out, st)
		}
	}
	return out, err
}

func (m *Migrator) locked(ctx context.Context, fn func() error) error {
	if m.path == "" {
		return fn()
	}
	lock := flock.New(m.path + ".migrate.lock")
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return fmt.Errorf("wait for another migration of %s: %w", m.path, err)
	}
	defer func() { _ = lock.Unlock() }()
	return fn()
}
