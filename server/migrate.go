package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
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
	store *storage.Store // nil while there is no SQLite file, which only Up makes
	open  func(context.Context) (*storage.Store, error)
	path  string // of the SQLite file; "" on Postgres
}

// MigrationStatus is one migration and whether the database has it.
type MigrationStatus = migrations.Migration

// Migrate opens the configured database for `coach migrate`. Where there is no
// SQLite file, looking makes none.
func Migrate(ctx context.Context, c configs.Config) (*Migrator, error) {
	open := func(ctx context.Context) (*storage.Store, error) { return openStore(ctx, c, nil) }
	path, absent, err := lookFor(c)
	if err != nil {
		return nil, err
	}
	if absent {
		return &Migrator{open: open, path: path}, nil
	}
	store, err := open(ctx)
	if err != nil {
		return nil, err
	}
	return newMigrator(store, c), nil
}

func newMigrator(store *storage.Store, c configs.Config) *Migrator {
	path, _ := sqlitePath(c)
	return &Migrator{store: store, path: path}
}

// Absent is what a command does where there is no SQLite file yet.
type Absent bool

// A command that makes the first of something may well be the first on a new
// machine. Any other one looks in the wrong folder.
const (
	RefuseAbsent Absent = false
	MakeAbsent   Absent = true
)

// openForCommand opens the configured database for a command. A schema that is
// there is left as it is, for somebody may have taken it back on purpose.
func openForCommand(ctx context.Context, c configs.Config, absent Absent, log *slog.Logger) (*storage.Store, error) {
	path, isNew, err := lookFor(c)
	if err != nil {
		return nil, err
	}
	if isNew && absent == RefuseAbsent {
		return nil, noDatabase(path)
	}
	store, err := openStore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	m := newMigrator(store, c)
	if isNew {
		log.Warn("there was no database, so one is made", "file", path)
		err = m.Up(ctx)
	} else {
		err = m.refuseBehind(ctx)
	}
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}

func noDatabase(path string) error {
	return fmt.Errorf("there is no database at %s: name the server's folder with --data-dir or COACH_DATA_DIR; `coach serve`, `coach migrate up` and `coach user create` make a new one", path)
}

// lookFor says whether a database has to be made first, and where.
func lookFor(c configs.Config) (path string, absent bool, err error) {
	path, ok := sqlitePath(c)
	if !ok {
		return "", false, nil
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", false, err
	}
	_, err = os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return path, false, fmt.Errorf("look for the database: %w", err)
	}
	return path, err != nil, nil
}

func (m *Migrator) refuseBehind(ctx context.Context) error {
	current, latest, err := m.Version(ctx)
	if err != nil || current >= latest {
		return err
	}
	return fmt.Errorf("the database is at schema %d and this program needs %d: run `coach migrate up` first", current, latest)
}

// Missing is where the SQLite file would be, or "" if there is a database.
func (m *Migrator) Missing() string {
	if m.store != nil {
		return ""
	}
	return m.path
}

// Close ends the connection.
func (m *Migrator) Close() error {
	if m.store == nil {
		return nil
	}
	return m.store.Close()
}

func (m *Migrator) dialect() migrations.Dialect { return migrations.Dialect(m.store.Dialect()) }

// Up brings the schema to the newest version this program knows; a database
// that is newer is refused.
func (m *Migrator) Up(ctx context.Context) error {
	if m.store == nil {
		store, err := m.open(ctx)
		if err != nil {
			return err
		}
		m.store = store
	}
	return m.locked(ctx, func() error {
		_, err := migrations.Up(ctx, m.store.DB(), m.dialect())
		return err
	})
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
	if m.store == nil {
		return migrations.Known(migrations.SQLite)
	}
	return migrations.Status(ctx, m.store.DB(), m.dialect())
}

// Version tells the schema's version (0: none) and the newest this program knows.
func (m *Migrator) Version(ctx context.Context) (current, latest int64, err error) {
	if m.store == nil {
		latest, err = migrations.Latest(migrations.SQLite)
		return 0, latest, err
	}
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
	if m.store == nil {
		return noDatabase(m.path)
	}
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
