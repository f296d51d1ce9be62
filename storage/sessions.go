package storage

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// nobody is an id that no record has; it sorts before all.
const nobody = "00000000-0000-0000-0000-000000000000"

// Session is one sign-in on one device; tokens name it, and are good only as
// long as it lives.
type Session struct {
	ID, UserID         string
	Address, UserAgent string
	CreatedAt          time.Time
	LastUsedAt         time.Time // to a minute or so
	ExpiresAt          time.Time // when the newest token of it ends
	RevokedAt          time.Time // the database's clock; zero = alive
}

const sessionColumns = `s.id, s.user_id, s.address, s.user_agent, s.created_at, s.last_used_at, s.expires_at, s.revoked_at`

func (s *Session) fields() []any {
	return []any{
		&s.ID, &s.UserID, &s.Address, &s.UserAgent,
		(*usec)(&s.CreatedAt), (*usec)(&s.LastUsedAt), (*usec)(&s.ExpiresAt), (*usec)(&s.RevokedAt),
	}
}

func scanSession(row scanner) (Session, error) {
	var s Session
	err := row.Scan(s.fields()...)
	return s, err
}

// SessionWithUser finds a session, revoked or not, and whose it is.
func (r Reader) SessionWithUser(ctx context.Context, id string) (Session, User, error) {
	var s Session
	var u User
	err := r.q.QueryRowContext(r.brief(ctx), `SELECT `+sessionColumns+`, `+userColumns+`
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`, id).Scan(append(s.fields(), u.fields()...)...)
	return s, u, r.wrap("find session", err)
}

// Sessions lists a user's sessions that are alive at a time, last used first.
func (r Reader) Sessions(ctx context.Context, userID string, at time.Time) ([]Session, error) {
	return collect(ctx, r, "list sessions", scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 ORDER BY s.last_used_at DESC, s.id DESC`, userID, usec(at))
}

// SessionAddresses lists from where a user has signed in, up to limit.
func (r Reader) SessionAddresses(ctx context.Context, userID string, limit int) ([]string, error) {
	return collect(ctx, r, "list addresses", func(row scanner) (string, error) {
		var address string
		return address, row.Scan(&address)
	}, `SELECT DISTINCT s.address FROM sessions s WHERE s.user_id = $1 ORDER BY s.address LIMIT $2`, userID, limit)
}

// SessionsRevokedSince lists the sessions that ended at or after a time of
// [Reader.Clock], in that order.
func (r Reader) SessionsRevokedSince(ctx context.Context, at time.Time) ([]Session, error) {
	return collect(ctx, r, "list revoked sessions", scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.revoked_at >= $1 ORDER BY s.revoked_at, s.id`, usec(at))
}

// InsertSession stores a sign-in and ends the user's least recently used
// sessions beyond keep.
func (tx *Tx) InsertSession(ctx context.Context, s Session, keep int) error {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO sessions (id, user_id, address, user_agent, created_at, last_used_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $5, $6)`, s.ID, s.UserID, s.Address, s.UserAgent, usec(s.CreatedAt), usec(s.ExpiresAt))
	if err != nil {
		return tx.wrap("insert session", err)
	}
	_, err = tx.count(ctx, "end surplus sessions", `UPDATE sessions SET revoked_at = `+tx.d.now+`
		WHERE user_id = $1 AND revoked_at IS NULL AND id <> $2 AND id NOT IN (
			SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND id <> $2 ORDER BY last_used_at DESC, id DESC LIMIT $3)`,
		s.UserID, s.ID, keep-1)
	return err
}

// ExtendSession moves the end of a session that is alive; ErrNotFound: it is not.
func (tx *Tx) ExtendSession(ctx context.Context, id, userID string, at, expires time.Time) error {
	return tx.one(ctx, "extend session", `UPDATE sessions SET last_used_at = $3, expires_at = $4
		WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`, id, userID, usec(at), usec(expires))
}

// RevokeSession ends one session of a user; ErrNotFound: no such one is alive.
func (tx *Tx) RevokeSession(ctx context.Context, id, userID string) error {
	return tx.one(ctx, "revoke session", `UPDATE sessions SET revoked_at = `+tx.d.now+`
		WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`, id, userID)
}

// RevokeSessions ends a user's sessions but the one named except ("" = all)
// and tells how many.
func (tx *Tx) RevokeSessions(ctx context.Context, userID, except string) (int64, error) {
	if except == "" {
		except = nobody
	}
	return tx.count(ctx, "revoke sessions", `UPDATE sessions SET revoked_at = `+tx.d.now+`
		WHERE user_id = $1 AND revoked_at IS NULL AND id <> $2`, userID, except)
}

// Touch says that a session was used.
type Touch struct {
	SessionID, UserID string
	At                time.Time
}

// TouchSessions notes the use of many sessions; times never go backward.
func (tx *Tx) TouchSessions(ctx context.Context, touches []Touch) error {
	// Two nodes that touch the same rows take them in the same order.
	touches = slices.SortedFunc(slices.Values(touches), func(a, b Touch) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.SessionID, b.SessionID))
	})
	for _, t := range touches {
		if _, err := tx.count(ctx, "touch user", `UPDATE users SET last_active_at = $2
			WHERE id = $1 AND last_active_at < $2 AND deleted_at IS NULL`, t.UserID, usec(t.At)); err != nil {
			return err
		}
		if _, err := tx.count(ctx, "touch session", `UPDATE sessions SET last_used_at = $2
			WHERE id = $1 AND last_used_at < $2`, t.SessionID, usec(t.At)); err != nil {
			return err
		}
	}
	return nil
}

// EndIdleSessions ends up to limit sessions that nobody has used since a time.
func (tx *Tx) EndIdleSessions(ctx context.Context, since time.Time, limit int) (int64, error) {
	return tx.count(ctx, "end idle sessions", `UPDATE sessions SET revoked_at = `+tx.d.now+` WHERE id IN (
		SELECT id FROM sessions WHERE last_used_at < $1 AND revoked_at IS NULL LIMIT $2) AND last_used_at < $1`, usec(since), limit)
}

// PurgeSessions removes up to limit sessions that ended before a time. Expired
// and revoked ones are asked for apart, each by its index: together SQLite
// would read every session.
func (tx *Tx) PurgeSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	const expired = `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)`
	const revoked = `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE revoked_at < $1 LIMIT $2)`
	n, err := tx.count(ctx, "purge expired sessions", expired, usec(before), limit)
	if err != nil || n == int64(limit) {
		return n, err
	}
	more, err := tx.count(ctx, "purge revoked sessions", revoked, usec(before), int64(limit)-n)
	return n + more, err
}
