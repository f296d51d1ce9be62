package storage_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

var errFull = errors.New("there is no room")

// Only SQLite's file is on our own disk.
func TestWhereNobodyMayWriteReadsAndTidyingGoOn(t *testing.T) {
	ctx := t.Context()
	s, err := storage.Open(ctx, storage.Options{URL: storagetest.SQLiteURL(t), MayWrite: func() error { return errFull }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	write := func(tx *storage.Tx) error { t.Error("somebody wrote"); return nil }
	if err := s.Tx(ctx, write); !errors.Is(err, errFull) {
		t.Errorf("Tx answers %v", err)
	}
	if _, err := s.Unwritable(); err != nil {
		t.Errorf("the database itself is blamed: %v", err)
	}
	if err := s.Ping(ctx); err != nil {
		t.Errorf("Ping answers %v", err)
	}
	ran := false
	if err := s.Tidy(ctx, func(*storage.Tx) error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("Tidy ran %t, %v", ran, err)
	}

	p, err := storage.Open(ctx, storage.Options{URL: storagetest.PostgresURL(t), MayWrite: func() error { return errFull }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := p.Tx(ctx, func(*storage.Tx) error { return nil }); err != nil {
		t.Errorf("Postgres, whose disk is another, answers %v", err)
	}
}

func TestIdleSessionsEndInSteps(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ann := addUser(t, s, "ann")
		var ids []string
		for i := range 5 {
			session := newSession(ann.ID)
			session.CreatedAt = start.Add(time.Duration(i) * time.Hour)
			session.ExpiresAt = start.Add(1000 * time.Hour)
			ids = append(ids, session.ID)
			tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertSession(ctx, session, 100) })
		}
		end := func(since time.Time) (n int64) {
			t.Helper()
			tx(t, s, func(ctx context.Context, tx *storage.Tx) (err error) {
				n, err = tx.EndIdleSessions(ctx, since, 2)
				return err
			})
			return n
		}
		since := start.Add(2*time.Hour + time.Minute)
		same(t, "first step", end(since), int64(2))
		same(t, "second step", end(since), int64(1))
		same(t, "third step", end(since), int64(0))
		list, err := s.Sessions(context.Background(), ann.ID, start)
		if err != nil {
			t.Fatal(err)
		}
		var alive []string
		for _, session := range list {
			alive = append(alive, session.ID)
		}
		slices.Reverse(alive)
		same(t, "alive", alive, ids[3:])
	})
}

func TestDeletedConversationsGoInSteps(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		k := newTalk(t, s)
		k.answer(t, s)
		all := []string{k.id, storage.NewID(), storage.NewID()}
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			for _, id := range all[1:] {
				c := storage.Conversation{ID: id, OwnerID: k.owner, Mode: "analysis", Coach: "always", CreatedAt: start}
				if err := tx.InsertConversation(ctx, c); err != nil {
					return err
				}
			}
			return errors.Join(tx.DeleteConversation(ctx, all[0], start), tx.DeleteConversation(ctx, all[1], start))
		})
		var steps []int64
		for len(steps) == 0 || steps[len(steps)-1] == 2 {
			tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
				n, err := tx.PurgeDeleted(ctx, 2)
				steps = append(steps, n)
				return err
			})
		}
		same(t, "steps", steps, []int64{2, 2, 0}) // two messages, two conversations
		if _, err := s.Membership(context.Background(), all[2], k.owner); err != nil {
			t.Errorf("one that nobody deleted: %v", err)
		}
	})
}

func TestSweepsReadNoMoreThanTheyRemove(t *testing.T) {
	s := storagetest.NewSQLite(t)
	for name, query := range map[string]string{
		"expired":       `SELECT id FROM sessions WHERE expires_at < 1 LIMIT 9`,
		"revoked":       `SELECT id FROM sessions WHERE revoked_at < 1 LIMIT 9`,
		"idle sessions": `SELECT id FROM sessions WHERE last_used_at < 1 AND revoked_at IS NULL LIMIT 9`,
		"failures":      `SELECT key FROM lockouts WHERE first_at < 1 AND (locked_until IS NULL OR locked_until < 1) LIMIT 9`,
		"audit":         `SELECT id FROM audit WHERE at < 1 LIMIT 9`,
	} {
		t.Run(name, func(t *testing.T) {
			if plan := explain(t, s, query); strings.Contains(plan, "SCAN sessions") || strings.Contains(plan, "SCAN lockouts") || strings.Contains(plan, "SCAN audit") {
				t.Errorf("it reads everything:\n%s", plan)
			}
		})
	}
}

func explain(t *testing.T, s *storage.Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
