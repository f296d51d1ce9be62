package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	return p.try(ctx, path, workshop{dir, dir})
}

// try unpacks a backup and tries its database.
func (p Place) try(ctx context.Context, path string, w workshop) (Proof, error) {
	head, files, err := unpack(path, w, p.Latest)
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Head: head, Files: files}
	schema := head.Schema
	if head.Database == storage.SQLite {
		if schema, err = storage.CheckFile(ctx, filepath.Join(w.database, sqliteName)); err != nil {
			return proof, refuse("%s: %v", path, err)
		}
	} else if proof.Note, err = p.tryDump(ctx, filepath.Join(w.database, dumpName), head.Namespace, &schema); err != nil {
		return proof, err
	}
	if schema != head.Schema {
		return proof, refuse("%s is damaged: its database is at schema %d, and it says %d", path, schema, head.Schema)
	}
	return proof, nil
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
	// Kept is where what was replaced is now: folders, and a schema of
	// Postgres. None when there was nothing.
	Kept []string
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
	w, err := p.workshop()
	if err != nil {
		return Restored{}, err
	}
	defer w.remove()
	proof, err := p.try(ctx, path, w)
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
	kept, back, err := p.replaceFiles(w)
	if err != nil || want == storage.SQLite {
		return Restored{proof, kept}, err
	}
	schema, err := p.replaceSchema(ctx, filepath.Join(w.database, dumpName), proof.Namespace)
	if err != nil {
		return Restored{}, errors.Join(err, back())
	}
	if schema != "" {
		kept = append(kept, "the schema "+schema+" of the same database")
	}
	return Restored{proof, kept}, nil
}

// replaceSchema loads the dump into an empty schema, and takes the step back
// when that fails.
func (p Place) replaceSchema(ctx context.Context, dump, namespace string) (kept string, err error) {
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
	}
	if err := loadDump(ctx, p.URL, dump, namespace); err != nil {
		return "", errors.Join(err, back(context.WithoutCancel(ctx)))
	}
	return kept, nil
}
