package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/backup"
	"github.com/elite-trading-coach/coach/server/deadline"
)

// What `coach backup` shows.
type (
	// Backup is one that is kept in the folder of backups.
	Backup = backup.Kept
	// BackupProof says what is in a backup, and how far it was tried.
	BackupProof = backup.Proof
	// BackupRestored says what was restored, and where the replaced is.
	BackupRestored = backup.Restored
)

// What to do with a backup of an older schema.
const (
	RefuseOlderBackup  = backup.RefuseOlder
	MigrateOlderBackup = backup.TakeOlder
)

// Backups makes and restores backups of the configured place.
type Backups struct {
	c     configs.Config
	place backup.Place
}

// OpenBackups looks at what the configuration names; nothing is opened yet.
func OpenBackups(c configs.Config, build api.Build) (*Backups, error) {
	dialect := migrations.Postgres
	if _, ok := sqlitePath(c); ok {
		dialect = migrations.SQLite
	}
	latest, err := migrations.Latest(dialect)
	if err != nil {
		return nil, err
	}
	b := &Backups{c: c, place: backup.Place{URL: c.Database.URL.Reveal(), Latest: latest, Version: build.Version}}
	if c.Upload.Cloudinary == (configs.Cloudinary{}) {
		b.place.Images = filepath.Join(c.Upload.Dir, "files")
	}
	return b, nil
}

// Create makes a backup, and tries it; servers may run meanwhile.
func (b *Backups) Create(ctx context.Context) (Backup, BackupProof, error) {
	return backup.Create(ctx, b.place, b.c.Backup.Dir)
}

// List finds the backups, oldest first.
func (b *Backups) List() ([]Backup, error) { return backup.List(b.c.Backup.Dir) }

// Verify tries a backup and leaves nothing behind.
func (b *Backups) Verify(ctx context.Context, path string) (BackupProof, error) {
	if _, err := os.Stat(path); err != nil {
		return BackupProof{}, fmt.Errorf("read the backup: %w", err)
	}
	return backup.Verify(ctx, b.place, path)
}

// Prune removes all but the newest keep.
func (b *Backups) Prune(keep int) ([]Backup, error) { return backup.Prune(b.c.Backup.Dir, keep) }

// Restore puts a backup in the place of what is there, which is kept. On
// SQLite it makes sure that no server runs; on Postgres whoever calls it must.
// A backup of an older schema is migrated if that is asked for.
func (b *Backups) Restore(ctx context.Context, path string, older backup.Older) (BackupRestored, error) {
	unlock, err := b.lock()
	if err != nil {
		return BackupRestored{}, err
	}
	defer unlock()
	restored, err := backup.Restore(ctx, b.place, path, older)
	if err != nil || restored.Schema == b.place.Latest {
		return restored, err
	}
	m, err := Migrate(ctx, b.c)
	if err != nil {
		return restored, err
	}
	if err := errors.Join(m.Up(ctx), m.Close()); err != nil {
		return restored, fmt.Errorf("bring what was restored up to date (what it replaced is in %s): %w", strings.Join(restored.Kept, ", "), err)
	}
	return restored, nil
}

func (b *Backups) lock() (unlock func(), err error) {
	path, ok := sqlitePath(b.c)
	if !ok {
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock := flock.New(path + ".lock")
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !got {
		return nil, fmt.Errorf("a coach server is using %s; stop it before you restore", path)
	}
	return func() { _ = lock.Unlock() }, nil
}

// backupRetry is when a backup that failed is tried again.
const backupRetry = 10 * time.Minute

// keepBackups makes a backup whenever the newest is older than the
// configuration wants, and removes the oldest.
func (s *Server) keepBackups(ctx context.Context) error {
	b, err := OpenBackups(s.Config, s.Build)
	if err != nil {
		return err
	}
	for {
		wait := time.NewTimer(b.due(s.Config.Backup.Every))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil
		}
		if err := s.backUp(ctx, b); err != nil && ctx.Err() == nil {
			s.lastBackup.Store(&backupFailure{err})
			s.log.Error("a scheduled backup failed; it is tried again", "in", backupRetry, "err", err)
			if !deadline.Pause(ctx, backupRetry) {
				return nil
			}
		}
	}
}

// backupFailure is why the latest scheduled backup was not made.
type backupFailure struct{ err error }

func (s *Server) backUp(ctx context.Context, b *Backups) error {
	kept, proof, err := b.Create(ctx)
	if err != nil {
		return err
	}
	s.lastBackup.Store(nil)
	gone, err := b.Prune(s.Config.Backup.Keep)
	s.log.Info("a backup was made and tried", "file", kept.Path, "bytes", kept.Bytes, "files", proof.Files, "note", proof.Note, "removed", len(gone))
	return err
}

// due is how long until the next backup.
func (b *Backups) due(every time.Duration) time.Duration {
	all, err := b.List()
	if err != nil || len(all) == 0 {
		return 0
	}
	return max(0, time.Until(all[len(all)-1].CreatedAt.Add(every)))
}

// checkBackups says whether the schedule of backups is kept.
func (s *Server) checkBackups(context.Context) api.Check {
	switch failed := s.lastBackup.Load(); {
	case s.Config.Backup.Every == 0:
		return api.Check{Status: api.StatusOK, Message: "No backups are scheduled."}
	case failed != nil:
		return api.Check{Status: api.StatusDegraded, Message: "The latest scheduled backup failed; the log says why."}
	}
	return api.Check{Status: api.StatusOK, Message: "Backups are made as scheduled."}
}
