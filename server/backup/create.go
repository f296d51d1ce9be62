package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

// Place is what is backed up, or restored to.
type Place struct {
	// URL is the database's, sqlite:// or postgres://.
	URL string
	// Images is the folder of the images kept on this machine; "" where they
	// are kept elsewhere, which a backup then says nothing of.
	Images string
	// Latest is the newest schema that this program knows, Version its own.
	Latest  int64
	Version string
}

func (p Place) sqlite() (path string, ok bool) { return strings.CutPrefix(p.URL, "sqlite://") }

// Proof says how far a backup was tried.
type Proof struct {
	Head
	Files int
	// Note tells what could not be tried, "" when everything was.
	Note string
}

// Create makes a backup in a folder, and tries it before it says so.
func Create(ctx context.Context, p Place, folder string) (Kept, Proof, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Kept{}, Proof{}, fmt.Errorf("make the folder of backups: %w", err)
	}
	work, err := os.MkdirTemp(folder, ".making-")
	if err != nil {
		return Kept{}, Proof{}, fmt.Errorf("make a backup: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	made := filepath.Join(work, "archive")
	if err := p.pack(ctx, made, work, now); err != nil {
		return Kept{}, Proof{}, err
	}
	proof, err := Verify(ctx, p, made)
	if err != nil {
		return Kept{}, Proof{}, fmt.Errorf("the new backup was tried, and is no good: %w", err)
	}
	info, err := os.Stat(made)
	if err != nil {
		return Kept{}, Proof{}, err
	}
	k := Kept{Path: filepath.Join(folder, name(now)), CreatedAt: now, Bytes: info.Size()}
	if err := os.Rename(made, k.Path); err != nil {
		return Kept{}, Proof{}, fmt.Errorf("put the backup in its place: %w", err)
	}
	return k, proof, nil
}

// pack writes the archive. The database comes before the images, so that each
// image that it knows of is there: images never change, and go after their rows.
func (p Place) pack(ctx context.Context, path, work string, now time.Time) error {
	head, dumped, err := p.dump(ctx, work)
	if err != nil {
		return err
	}
	head.Kind, head.Format, head.CreatedAt, head.Version = kind, format, now, p.Version
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make a backup: %w", err)
	}
	defer func() { _ = out.Close() }()
	w := newWriter(out, now)
	err = errors.Join(
		w.value(headName, head),
		w.file(filepath.Base(dumped), dumped),
	)
	if err == nil && p.Images != "" {
		err = w.folder(imageFolder, p.Images)
	}
	if err = errors.Join(err, w.end(), out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// dump writes the database into a file of the folder, and says what it is.
func (p Place) dump(ctx context.Context, work string) (Head, string, error) {
	from, ok := p.sqlite()
	if !ok {
		return p.dumpPostgres(ctx, filepath.Join(work, dumpName))
	}
	if _, err := os.Stat(from); err != nil {
		return Head{}, "", fmt.Errorf("there is no database at %s: %w", from, err)
	}
	path := filepath.Join(work, sqliteName)
	if err := storage.CopySQLite(ctx, from, path); err != nil {
		return Head{}, "", err
	}
	schema, err := storage.CheckFile(ctx, path)
	return Head{Database: storage.SQLite, Schema: schema}, path, err
}

func (p Place) dumpPostgres(ctx context.Context, path string) (Head, string, error) {
	head := Head{Database: storage.Postgres}
	store, err := storage.Open(ctx, storage.Options{URL: p.URL, MaxConns: 2})
	if err != nil {
		return head, "", err
	}
	defer func() { _ = store.Close() }()
	if head.Namespace, err = store.CurrentSchema(ctx); err != nil {
		return head, "", err
	}
	if head.Schema, err = store.SchemaVersion(ctx); err != nil {
		return head, "", err
	}
	// pg_dump takes a pattern, in which quotes make a name of it.
	err = pgTool(ctx, p.URL, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", `--schema="`+head.Namespace+`"`, "--file="+path)
	return head, path, err
}
