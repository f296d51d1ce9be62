package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// open gives an empty database, without migrating it.
func open(t *testing.T, url string) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), storage.Options{URL: url, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func onBoth(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, storagetest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, storagetest.PostgresURL(t)) })
}

// texts runs a query whose rows are single texts.
func texts(t *testing.T, s *storage.Store, query string) []string {
	t.Helper()
	rows, err := s.DB().QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// tables lists what a schema holds, goose's own table left out.
func tables(t *testing.T, s *storage.Store) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name`
	if s.Dialect() == storage.Postgres {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> 'goose_db_version' ORDER BY table_name COLLATE "C"`
	}
	return texts(t, s, query)
}

// columns describes each column in words that both databases share: what it
// holds, whether it may be empty, and whether it is part of the primary key.
// Full-text tables are each database's own affair.
func columns(t *testing.T, s *storage.Store) []string {
	t.Helper()
	query := `SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 'required' ELSE 'optional' END || CASE WHEN c.pk > 0 THEN ' key' ELSE '' END
		FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '%_fts%' AND m.name <> 'goose_db_version'`
	if s.Dialect() == storage.Postgres {
		query = `SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type || ' ' || CASE WHEN c.is_nullable = 'NO' THEN 'required' ELSE 'optional' END
			|| CASE WHEN k.column_name IS NOT NULL THEN ' key' ELSE '' END
			FROM information_schema.columns c
			LEFT JOIN (SELECT u.table_name, u.column_name FROM information_schema.table_constraints p
				JOIN information_schema.key_column_usage u ON u.constraint_schema = p.constraint_schema AND u.constraint_name = p.constraint_name
				WHERE p.constraint_type = 'PRIMARY KEY' AND p.table_schema = current_schema()) k
				ON k.table_name = c.table_name AND k.column_name = c.column_name
			WHERE c.table_schema = current_schema() AND c.table_name <> 'goose_db_version' AND c.table_name NOT LIKE '%_fts%'`
	}
	list := texts(t, s, query)
	for i, column := range list {
		column = strings.ToLower(column)
		for name, shared := range map[string]string{" uuid ": " text ", " real ": " double precision "} {
			column = strings.ReplaceAll(column, name, shared)
		}
		list[i] = column
	}
	slices.Sort(list)
	return list
}

// indexes lists the indexes we named.
func indexes(t *testing.T, s *storage.Store) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name NOT LIKE '%_fts%' ORDER BY name`
	if s.Dialect() == storage.Postgres {
		query = `SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'
			AND indexname NOT LIKE '%_fts%' AND tablename <> 'goose_db_version' ORDER BY indexname COLLATE "C"`
	}
	return texts(t, s, query)
}

func TestBothFoldersHaveTheSameFiles(t *testing.T) {
	list := func(dir string) (names []string) {
		t.Helper()
		found, err := fs.Glob(os.DirFS(dir), "*.sql")
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", dir, found, err)
		}
		return found
	}
	sqlite, postgres := list("sqlite"), list("postgres")
	if diff := cmp.Diff(sqlite, postgres); diff != "" {
		t.Errorf("sqlite and postgres (-sqlite +postgres):\n%s", diff)
	}
	for _, d := range []migrations.Dialect{migrations.SQLite, migrations.Postgres} {
		latest, err := migrations.Latest(d)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%05d_", latest); !strings.HasPrefix(sqlite[len(sqlite)-1], want) {
			t.Errorf("latest of %s is %d, the last file is %s", d, latest, sqlite[len(sqlite)-1])
		}
	}
}

func TestNoMigrationDropsWhatPeopleStored(t *testing.T) {
	for _, dir := range []string{"sqlite", "postgres"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			up, _, found := strings.Cut(string(text), "-- +goose Down")
			if !found {
				t.Errorf("%s has no way down", file)
			}
			upper := strings.ToUpper(up)
			for _, word := range []string{"DROP TABLE", "DROP COLUMN", "TRUNCATE", "CASCADE;"} {
				if strings.Contains(upper, word) {
					t.Errorf("%s says %s on its way up", file, word)
				}
			}
		}
	}
}

func TestBothDatabasesHaveTheSameSchema(t *testing.T) {
	sqlite, postgres := storagetest.NewSQLite(t), storagetest.NewPostgres(t)
	got := columns(t, sqlite)
	if len(got) < 50 {
		t.Fatalf("only %d columns were found: %v", len(got), got)
	}
	if diff := cmp.Diff(got, columns(t, postgres)); diff != "" {
		t.Errorf("columns (-sqlite +postgres):\n%s", diff)
	}
	if diff := cmp.Diff(indexes(t, sqlite), indexes(t, postgres)); diff != "" {
		t.Errorf("indexes (-sqlite +postgres):\n%s", diff)
	}
}

func TestWhatIsKnownIsWhatAnEmptyDatabaseLacks(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		known, err := migrations.Known(migrations.Dialect(s.Dialect()))
		if err != nil {
			t.Fatal(err)
		}
		lacks, err := migrations.Status(t.Context(), s.DB(), migrations.Dialect(s.Dialect()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lacks, known); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUpDownUp(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		if _, err := migrations.Up(ctx, s.DB(), migrations.Dialect(s.Dialect())); err != nil {
			t.Fatal(err)
		}
		schema := columns(t, s)
		p, err := migrations.Provider(t.Context(), s.DB(), migrations.Dialect(s.Dialect()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.DownTo(ctx, 0); err != nil {
			t.Fatal(err)
		}
		if left := tables(t, s); len(left) != 0 {
			t.Errorf("left after the way down: %v", left)
		}
		done, err := migrations.Up(ctx, s.DB(), migrations.Dialect(s.Dialect()))
		if err != nil {
			t.Fatal(err)
		}
		if there := len(p.ListSources()); len(done) != there {
			t.Errorf("%d migrations ran, %d are there", len(done), there)
		}
		if diff := cmp.Diff(schema, columns(t, s)); diff != "" {
			t.Errorf("the second time (-first +second):\n%s", diff)
		}
		again, err := migrations.Up(ctx, s.DB(), migrations.Dialect(s.Dialect()))
		if err != nil || len(again) != 0 {
			t.Errorf("with nothing to do: %v, %v", again, err)
		}
	})
}

func TestTwoProgramsMigrateAtOnce(t *testing.T) {
	ctx := context.Background()
	url := storagetest.PostgresURL(t)
	stores := []*storage.Store{open(t, url), open(t, url), open(t, url)}
	ran := make([]int, len(stores))
	errs := make([]error, len(stores))
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			done, err := migrations.Up(ctx, s.DB(), migrations.Dialect(s.Dialect()))
			ran[i], errs[i] = len(done), err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	p, err := migrations.Provider(ctx, stores[0].DB(), migrations.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ran)
	if want := []int{0, 0, len(p.ListSources())}; !slices.Equal(ran, want) {
		t.Errorf("each ran %v, want %v: one does all the work", ran, want)
	}
}

func TestADatabaseFromTheFutureIsRefused(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		if _, err := s.DB().ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)`, true); err != nil {
			t.Fatal(err)
		}
		_, err := migrations.Up(ctx, s.DB(), migrations.Dialect(s.Dialect()))
		if !errors.Is(err, migrations.ErrNewer) || !strings.Contains(err.Error(), "99999") {
			t.Errorf("got %v", err)
		}
	})
}

// TestSQLiteChecksMessagesWithoutTables holds migration 11 to what it is for,
// and its way back to what was there.
func TestSQLiteChecksMessagesWithoutTables(t *testing.T) {
	ctx := t.Context()
	s := open(t, storagetest.SQLiteURL(t))
	p, err := migrations.Provider(ctx, s.DB(), migrations.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(query string) (text string) {
		t.Helper()
		if err := s.DB().QueryRowContext(ctx, query).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	const (
		statement = `SELECT sql FROM sqlite_schema WHERE name = 'messages'`
		version   = `PRAGMA schema_version`
	)
	tables := func() (n int) {
		t.Helper()
		rows, err := s.DB().QueryContext(ctx, `EXPLAIN INSERT INTO messages (id, conversation_id, seq, rev, type, status, verdict, mode, created_at, updated_at)
			VALUES ('m', 'c', 1, 1, 'user', 'sent', 'fire', 'training', 1, 1)`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		var what [8]any
		for rows.Next() {
			if err := rows.Scan(&what[0], &what[1], &what[2], &what[3], &what[4], &what[5], &what[6], &what[7]); err != nil {
				t.Fatal(err)
			}
			if what[1] == "OpenEphemeral" {
				n++
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := p.UpTo(ctx, 10); err != nil {
		t.Fatal(err)
	}
	before, was := ask(statement), ask(version)
	if n := tables(); n != 3 {
		t.Errorf("before, a message took %d tables", n)
	}
	if _, err := p.UpTo(ctx, 11); err != nil {
		t.Fatal(err)
	}
	if n := tables(); n != 0 {
		t.Errorf("a message takes %d tables", n)
	}
	if now := ask(version); now == was {
		t.Errorf("others are not told: the schema's version is still %s", now)
	}
	if got := ask(`PRAGMA integrity_check`); got != "ok" {
		t.Error(got)
	}
	if _, err := p.DownTo(ctx, 10); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, ask(statement)); diff != "" {
		t.Errorf("the way back (-before +after):\n%s", diff)
	}
}

func TestTheDatabaseItselfKnowsTheRules(t *testing.T) {
	ctx := context.Background()
	const (
		user         = `INSERT INTO users (id, role, tier, created_at, last_active_at, auth_changed_at) VALUES ('%s', '%s', 'free', 1, 1, 1)`
		conversation = `INSERT INTO conversations (id, owner_id, mode, coach, created_at, updated_at, activity_at) VALUES ('%s', '%s', '%s', 'always', 1, 1, 1)`
		message      = `INSERT INTO messages (id, conversation_id, seq, rev, user_id, type, status, mode, verdict, confidence, client_message_id, created_at, updated_at)
			VALUES ('%s', '%s', %d, %d, '%s', '%s', '%s', 'analysis', %s, %s, %s, 1, 1)`
	)
	onBoth(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		try := func(query string, args ...any) error {
			_, err := s.DB().ExecContext(ctx, fmt.Sprintf(query, args...))
			return err
		}
		u, c := storage.NewID(), storage.NewID()
		for _, err := range []error{
			try(user, u, "admin"), try(conversation, c, u, "training"),
			try(message, storage.NewID(), c, 1, 1, u, "user", "sent", "'diamond'", "0", "'x'"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for name, err := range map[string]error{
			"a role nobody has":            try(user, storage.NewID(), "founder"),
			"a mode nobody has":            try(conversation, storage.NewID(), u, "gambling"),
			"an owner nobody is":           try(conversation, storage.NewID(), storage.NewID(), "analysis"),
			"a place taken":                try(message, storage.NewID(), c, 1, 2, u, "user", "sent", "NULL", "NULL", "NULL"),
			"a revision taken":             try(message, storage.NewID(), c, 2, 1, u, "user", "sent", "NULL", "NULL", "NULL"),
			"a client's id used":           try(message, storage.NewID(), c, 2, 2, u, "user", "sent", "NULL", "NULL", "'x'"),
			"a type nobody has":            try(message, storage.NewID(), c, 2, 2, u, "robot", "sent", "NULL", "NULL", "NULL"),
			"a status nobody has":          try(message, storage.NewID(), c, 2, 2, u, "user", "deleted", "NULL", "NULL", "NULL"),
			"a verdict nobody gives":       try(message, storage.NewID(), c, 2, 2, u, "user", "sent", "'gold'", "NULL", "NULL"),
			"more confidence than certain": try(message, storage.NewID(), c, 2, 2, u, "user", "sent", "NULL", "101", "NULL"),
		} {
			if err == nil {
				t.Errorf("%s was stored", name)
			}
		}
	})
}
