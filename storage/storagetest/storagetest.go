// Package storagetest gives a test a fresh, migrated store: a file of its own
// on SQLite, a schema of its own on Postgres, both gone when the test ends.
//
// Whatever holds on one database must hold on the other, so a test of storage
// says [Run] and gets a subtest for each. Postgres is the one at
// COACH_TEST_POSTGRES (default: the local one, as user postgres). Where there
// is none the subtest is skipped, unless COACH_TEST_REQUIRE, a comma list of
// services that must be there, names postgres.
package storagetest

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	defaultPostgres = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	// maxConns keeps the stores of parallel tests below a server's usual hundred.
	maxConns = 8
	patience = 10 * time.Second
)

// Run runs fn as one subtest per database, each with a store of its own.
func Run(t *testing.T, fn func(t *testing.T, s *storage.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, NewSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, NewPostgres(t)) })
}

// NewSQLite opens a migrated store in the test's own folder.
func NewSQLite(t testing.TB) *storage.Store {
	t.Helper()
	return Open(t, SQLiteURL(t))
}

// NewPostgres opens a migrated store in a schema of its own.
func NewPostgres(t testing.TB) *storage.Store {
	t.Helper()
	return Open(t, PostgresURL(t))
}

// SQLiteURL names a database file that does not exist yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "coach.db")
}

// PostgresURL makes an empty schema, which is dropped after the test, and
// names it as the search path of the URL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("COACH_TEST_POSTGRES")
	if base == "" {
		base = defaultPostgres
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("COACH_TEST_POSTGRES is not a URL: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin, err := storage.Open(ctx, storage.Options{URL: base, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Ping(ctx); err != nil {
		_ = admin.Close()
		needs.Absent(t, "postgres", "it does not answer (COACH_TEST_POSTGRES says where it is): "+err.Error())
	}
	schema := "coach_test_" + strings.ReplaceAll(storage.NewID(), "-", "")
	if _, err := admin.DB().ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("make a schema: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := admin.DB().ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Errorf("drop the schema: %v", err)
		}
		_ = admin.Close()
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// Open opens the database at url, migrates it, and closes it after the test. A
// second Open of one URL is a second node on the same records.
func Open(t testing.TB, url string) *storage.Store {
	t.Helper()
	ctx := context.Background()
	s, err := storage.Open(ctx, storage.Options{URL: url, MaxConns: maxConns})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := migrations.Up(ctx, s.DB(), migrations.Dialect(s.Dialect())); err != nil {
		t.Fatal(err)
	}
	return s
}
