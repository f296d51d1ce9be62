package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

// Verify reads a backup whole, holds each file against its list, and restores
// its database into a place of its own, which it removes after.
func Verify(ctx context.Context, p Place, path string) (Proof, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".trying-")
	if err != nil {
		return Proof{}, fmt.Errorf("try the backup: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return p.try(ctx, path, dir)
}

// try unpacks a backup into a folder and tries its database.
func (p Place) try(ctx context.Context, path, dir string) (Proof, error) {
	head, err := unpack(path, dir, p.Latest)
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Head: head, Files: countFiles(dir)}
	schema := head.Schema
	if head.Database == storage.SQLite {
		if schema, err = storage.CheckFile(ctx, filepath.Join(dir, sqliteName)); err != nil {
			return proof, refuse("%s: %v", path, err)
		}
	} else if proof.Note, err = p.tryDump(ctx, filepath.Join(dir, dumpName), head.Namespace, &schema); err != nil {
		return proof, err
	}
	if schema != head.Schema {
		return proof, refuse("%s is damaged: its database is at schema %d, and it says %d", path, schema, head.Schema)
	}
	return proof, nil
}

func countFiles(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return nil
	})
	return n
}

// tryDump restores a dump of Postgres into a database of its own on the same
// server. Where that may not be made, the dump is at least read to its end.
func (p Place) tryDump(ctx context.Context, dump, namespace string, schema *int64) (note string, err error) {
	if _, here := p.sqlite(); here {
		return "it is of Postgres and this configuration is not: only read, not restored", readDump(ctx, p.URL, dump)
	}
	store, err := storage.Open(ctx, storage.Options{URL: p.URL, MaxConns: 2})
	if err != nil {
		return "", err
	}
	defer func() { _ = store.Close() }()
	name, drop, err := store.CreateScratch(ctx)
	if errors.Is(err, storage.ErrNotAllowed) {
		return "the database role may not make a database to try it in: only read, not restored", readDump(ctx, p.URL, dump)
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	scratch, err := storage.InDatabase(p.URL, name)
	if err != nil {
		return "", err
	}
	restored, err := storage.Open(ctx, storage.Options{URL: scratch, MaxConns: 2})
	if err != nil {
		return "", err
	}
	defer func() { _ = restored.Close() }()
	if err := restored.EnsureSchema(ctx, namespace); err != nil {
		return "", err
	}
	if err := loadDump(ctx, scratch, dump, namespace); err != nil {
		return "", err
	}
	*schema, err = restored.SchemaVersion(ctx)
	return "", err
}

// readDump has every block of a dump read and decoded.
func readDump(ctx context.Context, url, dump string) error {
	return pgTool(ctx, url, "pg_restore", "--file="+os.DevNull, dump)
}

// loadDump restores a dump into the database of a URL, all of it or nothing.
func loadDump(ctx context.Context, url, dump, namespace string) error {
	// An empty connection string is all from the environment.
	return pgTool(ctx, url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--schema="+namespace, "--dbname=", dump)
}

// Restored says what restoring did.
type Restored struct {
	Proof
	// Kept is where what was replaced is now: a folder, or a schema of
	// Postgres. "" when there was nothing.
	Kept string
}

// Older is how Restore is told what to do with a backup of an older schema.
type Older string

// The choices: to refuse it, or to take it as it is for the caller to migrate.
const (
	RefuseOlder Older = "refuse"
	TakeOlder   Older = "take"
)

// Restore puts a backup in the place of what is there, after it has been
// tried. What is replaced is kept. The caller makes sure that no server runs.
func Restore(ctx context.Context, p Place, path string, older Older) (Restored, error) {
	parent, err := p.workshop()
	if err != nil {
		return Restored{}, err
	}
	dir, err := os.MkdirTemp(parent, ".restoring-")
	if err != nil {
		return Restored{}, fmt.Errorf("unpack the backup: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	proof, err := p.try(ctx, path, dir)
	if err != nil {
		return Restored{}, err
	}
	want := storage.Postgres
	if _, ok := p.sqlite(); ok {
		want = storage.SQLite
	}
	switch {
	case proof.Database != want:
		return Restored{}, refuse("%s is of %s, and DATABASE_URL names %s; restore it there, then move it with `coach db copy`", path, proof.Database, want)
	case proof.Schema < p.Latest && older == RefuseOlder:
		return Restored{}, refuse("%s was made at schema %d and this program works with %d: add --migrate to bring it up to date after restoring", path, proof.Schema, p.Latest)
	}
	if want == storage.SQLite {
		kept, err := p.replaceFiles(dir)
		return Restored{proof, kept}, err
	}
	kept, err := p.replaceSchema(ctx, dir, proof.Namespace)
	return Restored{proof, kept}, err
}

// workshop is a folder on the disk that things will be moved to.
func (p Place) workshop() (string, error) {
	parent := p.Images
	if path, ok := p.sqlite(); ok {
		parent = path
	}
	if parent == "" {
		return os.TempDir(), nil
	}
	parent = filepath.Dir(parent)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", fmt.Errorf("make %s: %w", parent, err)
	}
	return parent, nil
}

// replaceSchema loads the dump into an empty schema, and takes the step back
// when that fails.
func (p Place) replaceSchema(ctx context.Context, dir, namespace string) (kept string, err error) {
	store, err := storage.Open(ctx, storage.Options{URL: p.URL, MaxConns: 2})
	if err != nil {
		return "", err
	}
	defer func() { _ = store.Close() }()
	here, err := store.CurrentSchema(ctx)
	if err != nil {
		return "", err
	}
	if here != namespace {
		return "", refuse("the backup is of the Postgres schema %q, and DATABASE_URL means %q: set search_path in it", namespace, here)
	}
	tables, err := store.Tables(ctx)
	if err != nil {
		return "", err
	}
	back := func(context.Context) error { return nil }
	if tables > 0 {
		if kept, back, err = store.SetSchemaAside(ctx); err != nil {
			return "", err
		}
		kept = "the schema " + kept + " of the same database"
	}
	if err := loadDump(ctx, p.URL, filepath.Join(dir, dumpName), namespace); err != nil {
		return "", errors.Join(err, back(context.WithoutCancel(ctx)))
	}
	images, err := p.replaceFiles(dir)
	if images != "" {
		kept += ", and " + images
	}
	return kept, err
}

// replaceFiles moves what is there into a folder of its own, and what was
// unpacked into its place.
func (p Place) replaceFiles(dir string) (kept string, err error) {
	moves := map[string]string{} // from the unpacked to its place
	var old []string
	if path, ok := p.sqlite(); ok {
		moves[filepath.Join(dir, sqliteName)] = path
		old = append(old, path, path+"-wal", path+"-shm")
	}
	if p.Images != "" {
		moves[filepath.Join(dir, filepath.Clean(imageFolder))] = p.Images
		old = append(old, p.Images)
	}
	if len(old) > 0 {
		if kept, err = setAside(old, filepath.Join(filepath.Dir(old[0]), "replaced-"+time.Now().UTC().Format("20060102T150405.000Z"))); err != nil {
			return kept, err
		}
	}
	for from, to := range moves {
		if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) { // a backup without images has no such folder
			return kept, fmt.Errorf("put what was restored in its place (what it replaces is in %s): %w", kept, err)
		}
	}
	return kept, nil
}

// setAside moves those of the paths that exist into a new folder; "" when none
// does.
func setAside(paths []string, folder string) (kept string, err error) {
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return kept, fmt.Errorf("keep what is replaced: %w", err)
		}
		kept = folder
		if err := os.Rename(path, filepath.Join(folder, filepath.Base(path))); err != nil {
			return kept, fmt.Errorf("keep what is replaced: %w", err)
		}
	}
	return kept, nil
}
