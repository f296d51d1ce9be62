package storage

import (
	"context"
	"time"
)

// An open answer (pending or streaming) is the job itself: a worker claims it
// by a lease whose clock is the database's, renews the lease while it writes,
// and finishes it only while the lease is its own. Only the oldest open answer
// of a conversation can be claimed, so answers of one conversation come one at
// a time and in order.

// ClaimAnswers leases up to limit open answers that nobody holds to owner and
// returns them with their attempt raised.
func (tx *Tx) ClaimAnswers(ctx context.Context, owner string, lease time.Duration, limit int) ([]Message, error) {
	ids, err := collect(ctx, tx.Reader, "look for answers to write", func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT m.id FROM messages m
		WHERE m.status IN ('pending', 'streaming') AND (m.lease_until IS NULL OR m.lease_until < `+tx.d.now+`)
		AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.conversation_id = m.conversation_id AND o.seq < m.seq AND o.status IN ('pending', 'streaming'))
		ORDER BY m.created_at, m.id LIMIT $1`+tx.d.skipLocked, limit)
	if err != nil {
		return nil, err
	}
	claimed := make([]Message, 0, len(ids))
	for _, id := range ids {
		_, err := tx.count(ctx, "claim answer", `UPDATE messages SET status = 'streaming', attempt = attempt + 1, lease_owner = $2, lease_until = `+tx.d.now+` + $3
			WHERE id = $1 AND status IN ('pending', 'streaming')`, id, owner, lease.Microseconds())
		if err != nil {
			return nil, err
		}
		m, err := tx.Message(ctx, id)
		if err != nil {
			return nil, err
		}
		claimed = append(claimed, m)
	}
	return claimed, nil
}

// OpenAnswers lists the ids of a conversation's answers that are not finished.
func (r Reader) OpenAnswers(ctx context.Context, conversationID string) ([]string, error) {
	return collect(ctx, r, "list open answers", func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT m.id FROM messages m WHERE m.conversation_id = $1 AND m.status IN ('pending', 'streaming') ORDER BY m.seq`, conversationID)
}

// CheckpointAnswer keeps what was written so far and renews the lease. It
// reports whether a stop was asked for; ErrNotFound: the lease is lost.
func (tx *Tx) CheckpointAnswer(ctx context.Context, m Message, lease time.Duration) (stop bool, err error) {
	err = tx.q.QueryRowContext(ctx, `UPDATE messages SET content = $4, lease_until = `+tx.d.now+` + $5
		WHERE id = $1 AND lease_owner = $2 AND attempt = $3 AND status = 'streaming' RETURNING stop_requested`,
		m.ID, m.LeaseOwner, m.Attempt, m.Content, lease.Microseconds()).Scan(&stop)
	return stop, tx.wrap("checkpoint answer", err)
}

// ReleaseLeases lets every open answer be claimed at once. Only a program that
// knows itself alone with the database (SQLite) may do so, at its start.
func (tx *Tx) ReleaseLeases(ctx context.Context) (int64, error) {
	return tx.count(ctx, "release leases", `UPDATE messages SET lease_until = NULL WHERE status IN ('pending', 'streaming') AND lease_until IS NOT NULL`)
}

// ReleaseAnswer gives an unfinished answer back, for another worker to begin
// anew; what was written stays until then.
func (tx *Tx) ReleaseAnswer(ctx context.Context, m Message) error {
	_, err := tx.count(ctx, "release answer", `UPDATE messages SET lease_until = NULL, content = $4
		WHERE id = $1 AND lease_owner = $2 AND attempt = $3 AND status = 'streaming'`, m.ID, m.LeaseOwner, m.Attempt, m.Content)
	return err
}

// TakeAnswer counts one answer of a user's day (UTC, "2006-01-02"), if fewer
// than limit were taken. It reports whether there was one left.
func (tx *Tx) TakeAnswer(ctx context.Context, userID, day string, limit int) (bool, error) {
	if limit <= 0 {
		return false, nil
	}
	n, err := tx.count(ctx, "take answer", `INSERT INTO answer_days (user_id, day, used) VALUES ($1, $2, 1)
		ON CONFLICT (user_id, day) DO UPDATE SET used = answer_days.used + 1 WHERE answer_days.used < $3`, userID, day, limit)
	return n > 0, err
}

// ReturnAnswer gives one answer of a day back.
func (tx *Tx) ReturnAnswer(ctx context.Context, userID, day string) error {
	_, err := tx.count(ctx, "return answer", `UPDATE answer_days SET used = used - 1 WHERE user_id = $1 AND day = $2 AND used > 0`, userID, day)
	return err
}

// AnswersTaken counts a user's answers of a day.
func (r Reader) AnswersTaken(ctx context.Context, userID, day string) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `SELECT coalesce(max(used), 0) FROM answer_days WHERE user_id = $1 AND day = $2`, userID, day).Scan(&n)
	return n, r.wrap("count answers", err)
}
