package storage_test

import (
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestCopyAllBothWaysIsEqual fills one row into every table that is copied,
// with every kind of value, and carries them from SQLite to Postgres and back.
func TestCopyAllBothWaysIsEqual(t *testing.T) {
	lastURL := storagetest.SQLiteURL(t)
	first, middle, last := storagetest.NewSQLite(t), storagetest.NewPostgres(t), storagetest.Open(t, lastURL)
	user, conversation, message := storage.NewID(), storage.NewID(), storage.NewID()
	fill := []string{
		`INSERT INTO users (id, email, email_key, username, username_key, role, tier, created_at, last_active_at, auth_changed_at) VALUES ('` + user + `', 'Ann@Example.org', 'ann@example.org', 'ann', 'ann', 'user', 'free', 1767225600123456, 2, 3)`,
		`INSERT INTO conversations (id, owner_id, title, mode, coach, archived, last_rev, indexed_rev, created_at, updated_at, activity_at) VALUES ('` + conversation + `', '` + user + `', 'é 💎 "x"', 'analysis', 'always', TRUE, 1, 1, 4, 5, 6)`,
		`INSERT INTO messages (id, conversation_id, seq, rev, user_id, type, content, status, mode, created_at, updated_at, stop_requested) VALUES ('` + message + `', '` + conversation + `', 1, 1, '` + user + `', 'user', 'line one
line two, 6000.25 – ''quoted''', 'sent', 'analysis', 7, 8, FALSE)`,
		`INSERT INTO trades (id, user_id, instrument, kind, side, decision, net, fingerprint, opened_at, created_at, updated_at) VALUES ('` + storage.NewID() + `', '` + user + `', 'MES', 'future', 'long', 'taken', '-12.50', 'f', 9, 10, 11)`,
	}
	for _, statement := range fill {
		if _, err := first.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	forth, back := map[string]storage.Moved{}, map[string]storage.Moved{}
	if err := storage.CopyAll(t.Context(), first, middle, func(m storage.Moved) { forth[m.Table] = m }); err != nil {
		t.Fatal(err)
	}
	if err := storage.CopyAll(t.Context(), middle, last, func(m storage.Moved) { back[m.Table] = m }); err != nil {
		t.Fatal(err)
	}
	if forth["messages"].Rows != 1 || forth["trades"].Rows != 1 || len(forth) < 15 {
		t.Errorf("copied %v", forth)
	}
	for name, m := range forth {
		if back[name] != m {
			t.Errorf("%s went as %+v and came back as %+v", name, m, back[name])
		}
	}
	var content string
	var archived bool
	var indexed int64
	row := storagetest.Open(t, lastURL).DB().QueryRowContext(t.Context(), `SELECT m.content, c.archived, c.indexed_rev FROM messages m JOIN conversations c ON c.id = m.conversation_id`)
	if err := row.Scan(&content, &archived, &indexed); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(content, "line one\nline two, 6000.25 – 'quoted'") || !archived || indexed != 0 {
		t.Errorf("content %q, archived %t, indexed up to %d", content, archived, indexed)
	}
}

func TestCopyAllRefusesATargetWithRows(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *storage.Store{"sqlite": storagetest.NewSQLite, "postgres": storagetest.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			from, to := storagetest.NewSQLite(t), open(t)
			_, err := to.DB().ExecContext(t.Context(), `INSERT INTO users (id, role, tier, created_at, last_active_at, auth_changed_at) VALUES ('`+storage.NewID()+`', 'user', 'free', 1, 2, 3)`)
			if err != nil {
				t.Fatal(err)
			}
			err = storage.CopyAll(t.Context(), from, to, func(storage.Moved) {})
			if err == nil || !strings.Contains(err.Error(), "users has rows") {
				t.Errorf("%v", err)
			}
		})
	}
}
