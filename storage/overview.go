package storage

import (
	"context"
	"os"
	"time"
)

// What operators look at: the database itself, and records across people.

// PoolStats is how busy the connections are (on SQLite, the readers').
type PoolStats struct {
	Open, InUse, Idle, Max int
	Waits                  int64         // how often somebody waited for one
	Waited                 time.Duration // how long in all
}

// Pool tells how the connections stand.
func (s *Store) Pool() PoolStats {
	if s.pool != nil {
		st := s.pool.Stat()
		return PoolStats{
			int(st.TotalConns()), int(st.AcquiredConns()), int(st.IdleConns()), int(st.MaxConns()),
			st.EmptyAcquireCount(), st.EmptyAcquireWaitTime(),
		}
	}
	st := s.readDB.Stats()
	return PoolStats{st.OpenConnections, st.InUse, st.Idle, st.MaxOpenConnections, st.WaitCount, st.WaitDuration}
}

// Size is what the database takes, in bytes: SQLite's file and its log beside
// it, or what Postgres says.
func (s *Store) Size(ctx context.Context) (int64, error) {
	if s.d.name == Postgres {
		var n int64
		err := s.q.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&n)
		return n, s.wrap("size of the database", err)
	}
	var path string
	if err := s.q.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		return 0, s.wrap("find the database file", err)
	}
	var total int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			total += info.Size()
		}
	}
	return total, nil
}

// CountUsersByTier counts the accounts of each tier that has some.
func (r Reader) CountUsersByTier(ctx context.Context) (map[string]int64, error) {
	type counted struct {
		tier string
		n    int64
	}
	rows, err := collect(ctx, r, "count users", func(row scanner) (c counted, err error) {
		return c, row.Scan(&c.tier, &c.n)
	}, `SELECT u.tier, count(*) FROM users u WHERE u.deleted_at IS NULL GROUP BY u.tier`)
	all := map[string]int64{}
	for _, c := range rows {
		all[c.tier] = c.n
	}
	return all, err
}

// UnfinishedAnswer is an open answer and who asked for it, without its text.
type UnfinishedAnswer struct {
	ID, ConversationID     string
	UserID, Username, Tier string
	Status, Model          string
	Attempt                int
	StopRequested          bool
	CreatedAt              time.Time
}

// UnfinishedAnswers lists open answers over all conversations, oldest first,
// up to limit.
func (r Reader) UnfinishedAnswers(ctx context.Context, limit int) ([]UnfinishedAnswer, error) {
	return collect(ctx, r, "list unfinished answers", func(row scanner) (UnfinishedAnswer, error) {
		var a UnfinishedAnswer
		err := row.Scan(&a.ID, &a.ConversationID, (*opt)(&a.UserID), (*opt)(&a.Username), (*opt)(&a.Tier), &a.Status, (*opt)(&a.Model),
			&a.Attempt, &a.StopRequested, (*usec)(&a.CreatedAt))
		return a, err
	}, `SELECT m.id, m.conversation_id, m.asked_by, u.username, u.tier, m.status, m.model, m.attempt, m.stop_requested, m.created_at
		FROM messages m LEFT JOIN users u ON u.id = m.asked_by
		WHERE m.status IN ('pending', 'streaming') ORDER BY m.created_at, m.id LIMIT $1`, limit)
}

// CountWaitingAnswers counts the open answers that nobody writes yet. Both
// statuses are named so that the index of open answers is seen to hold them.
func (r Reader) CountWaitingAnswers(ctx context.Context) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM messages m WHERE m.status IN ('pending', 'streaming') AND m.status = 'pending'`).Scan(&n)
	return n, r.wrap("count waiting answers", err)
}

// PasswordlessUsers lists accounts that nobody can sign in to with a password,
// whose username begins with prefix and whose e-mail ends with domain, up to
// limit.
func (r Reader) PasswordlessUsers(ctx context.Context, prefix, domain string, limit int) ([]User, error) {
	return collect(ctx, r, "list users", scanUser, `SELECT `+userColumns+` FROM users u
		WHERE u.deleted_at IS NULL AND u.password_hash = '' AND u.username_key LIKE $1 ESCAPE '\' AND u.email_key LIKE $2 ESCAPE '\'
		ORDER BY u.id LIMIT $3`, startsWith(prefix), endsWith(domain), limit)
}

// ForgetAnswerDay gives a user's answers of a day back.
func (tx *Tx) ForgetAnswerDay(ctx context.Context, userID, day string) error {
	_, err := tx.count(ctx, "forget answers", `DELETE FROM answer_days WHERE user_id = $1 AND day = $2`, userID, day)
	return err
}
