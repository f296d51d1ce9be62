package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/disk"
	"github.com/elite-trading-coach/coach/storage"
)

// openStore connects to the configured database.
func openStore(ctx context.Context, c configs.Config, log *slog.Logger) (*storage.Store, error) {
	return storage.Open(ctx, storeOptions(c, log))
}

func storeOptions(c configs.Config, log *slog.Logger) storage.Options {
	return storage.Options{
		URL: c.Database.URL.Reveal(), MaxConns: c.Database.MaxConns, Synchronous: c.Database.SQLiteSynchronous, Logger: log,
	}
}

// newDiskGuard guards the disks that this node itself writes to: that of the
// data folder, where uploads are, and that of SQLite's file.
func newDiskGuard(c configs.Config, log *slog.Logger) *disk.Guard {
	dirs := []string{c.DataDir}
	if path, ok := sqlitePath(c); ok && filepath.Dir(path) != filepath.Clean(c.DataDir) {
		dirs = append(dirs, filepath.Dir(path))
	}
	if !within(c.DataDir, c.Upload.Dir) {
		dirs = append(dirs, c.Upload.Dir)
	}
	return disk.New(disk.Options{
		Dirs: dirs, Reserve: uint64(c.Housekeeping.DiskReserveMiB) << 20, Logger: log,
		// On a new machine the folders are still to be made, on the disk of what is there.
		Free: func(dir string) (uint64, error) { return disk.Free(existing(dir)) },
	})
}

// within reports whether path is dir or below it, however the two are written;
// a name that only begins alike is another folder.
func within(dir, path string) bool {
	below, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(below)
}

// openLocked connects, and on SQLite makes sure that no other server has the
// file: two would each believe that the leases and the rooms are theirs. The
// lock goes with the process, however it ends.
func openLocked(ctx context.Context, c configs.Config, mayWrite func() error, log *slog.Logger) (*storage.Store, func(), error) {
	unlock := func() {}
	if path, ok := sqlitePath(c); ok {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, nil, fmt.Errorf("make the data folder: %w; choose another with --data-dir", err)
		}
		lock := flock.New(path + ".lock")
		got, err := lock.TryLock()
		if err != nil {
			return nil, nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !got {
			return nil, nil, fmt.Errorf("another coach server is using %s; stop it first, or give this one its own --data-dir", path)
		}
		unlock = func() { _ = lock.Unlock() }
	}
	o := storeOptions(c, log)
	o.MayWrite = mayWrite
	store, err := storage.Open(ctx, o)
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return store, unlock, nil
}

// sqlitePath is the file's path; "" when the database is none.
func sqlitePath(c configs.Config) (path string, ok bool) {
	if path, ok = strings.CutPrefix(c.Database.URL.Reveal(), "sqlite://"); !ok {
		return "", false
	}
	return path, true
}

// checkSchema brings the schema up to date, or says why this program must not
// run on it. It runs on a schema newer than itself unless that says otherwise,
// because a rolling deploy meets one.
func (s *Server) checkSchema(ctx context.Context) error {
	m := newMigrator(s.store, s.Config)
	current, latest, err := m.Version(ctx)
	if err != nil {
		return err
	}
	if current > latest {
		from, err := s.store.CompatibleFrom(ctx)
		if err != nil {
			return err
		}
		if from > latest {
			return fmt.Errorf("the database is at schema %d, which needs a program that knows schema %d; this one knows %d: run the newer program", current, from, latest)
		}
		s.log.Warn("the database is newer than this program, and says they fit", "schema", current, "known", latest)
		return nil
	}
	if current == latest {
		return nil
	}
	if s.store.Dialect() == storage.Postgres && !s.Migrate {
		return fmt.Errorf("the database is at schema %d and this program needs %d: run `coach migrate up`, or start with `coach serve --migrate`", current, latest)
	}
	return m.Up(ctx)
}
