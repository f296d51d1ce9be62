package storage

import (
	"context"
	"time"
)

// Lockout counts the failures of sign-in under a key. What the key means is
// the caller's; it should not be readable (a hash), because a typed identifier
// may be somebody's e-mail address.
type Lockout struct {
	Key         string
	Failures    int
	FirstAt     time.Time // when the counting began
	LockedUntil time.Time // zero = not locked
}

const lockoutColumns = `key, failures, first_at, locked_until`

func scanLockout(row scanner) (Lockout, error) {
	var l Lockout
	err := row.Scan(&l.Key, &l.Failures, (*usec)(&l.FirstAt), (*usec)(&l.LockedUntil))
	return l, err
}

// LockoutRule says how many failures within Window lock a key, and for how
// long; Failures 0 counts without ever locking.
type LockoutRule struct {
	Failures     int
	Window, Lock time.Duration
}

// Lockouts finds what is counted under two keys; a key nobody failed under is
// missing in the answer.
func (r Reader) Lockouts(ctx context.Context, key, other string) (map[string]Lockout, error) {
	rows, err := collect(ctx, r, "find lockouts", scanLockout, `SELECT `+lockoutColumns+` FROM lockouts WHERE key = $1 OR key = $2`, key, other)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Lockout, len(rows))
	for _, l := range rows {
		found[l.Key] = l
	}
	return found, nil
}

// CountFailure adds a failure at a time and tells how the key stands now.
// Failures older than the rule's window, and locks that are over, begin anew.
func (tx *Tx) CountFailure(ctx context.Context, key string, at time.Time, rule LockoutRule) (Lockout, error) {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO lockouts (key, failures, first_at) VALUES ($1, 1, $2)
		ON CONFLICT (key) DO UPDATE SET
			failures = CASE WHEN lockouts.locked_until <= $2 OR (lockouts.locked_until IS NULL AND lockouts.first_at <= $3) THEN 1 ELSE lockouts.failures + 1 END,
			first_at = CASE WHEN lockouts.locked_until <= $2 OR (lockouts.locked_until IS NULL AND lockouts.first_at <= $3) THEN $2 ELSE lockouts.first_at END,
			locked_until = CASE WHEN lockouts.locked_until <= $2 THEN NULL ELSE lockouts.locked_until END`,
		key, usec(at), usec(at.Add(-rule.Window)))
	if err != nil {
		return Lockout{}, tx.wrap("count failure", err)
	}
	if rule.Failures > 0 {
		if _, err := tx.count(ctx, "lock", `UPDATE lockouts SET locked_until = $2 WHERE key = $1 AND failures >= $3 AND locked_until IS NULL`,
			key, usec(at.Add(rule.Lock)), rule.Failures); err != nil {
			return Lockout{}, err
		}
	}
	l, err := scanLockout(tx.q.QueryRowContext(ctx, `SELECT `+lockoutColumns+` FROM lockouts WHERE key = $1`, key))
	return l, tx.wrap("find lockout", err)
}

// ForgetFailures begins the count of a key anew.
func (tx *Tx) ForgetFailures(ctx context.Context, key string) error {
	_, err := tx.count(ctx, "forget failures", `DELETE FROM lockouts WHERE key = $1`, key)
	return err
}

// ForgetFailuresUnder begins anew every count whose key starts with prefix,
// which must end in an ASCII character.
func (tx *Tx) ForgetFailuresUnder(ctx context.Context, prefix string) (int64, error) {
	return tx.count(ctx, "forget failures", `DELETE FROM lockouts WHERE key LIKE $1 ESCAPE '\'`, startsWith(prefix))
}

// PurgeLockouts removes up to limit of those that say nothing any more: counts
// begun before a time, unless they lock beyond it.
func (tx *Tx) PurgeLockouts(ctx context.Context, before time.Time, limit int) (int64, error) {
	return tx.count(ctx, "purge lockouts", `DELETE FROM lockouts WHERE key IN (
		SELECT key FROM lockouts WHERE first_at < $1 AND (locked_until IS NULL OR locked_until < $1) LIMIT $2)`, usec(before), limit)
}

// startsWith makes a LIKE pattern (ESCAPE '\') for a text at the start.
func startsWith(s string) string { return contains(s)[1:] }
