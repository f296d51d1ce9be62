package storage

import (
	"context"
	"time"
)

// ResetCode lets somebody set a new password without the old one, once.
type ResetCode struct {
	Hash, UserID         string // never the code itself
	CreatedAt, ExpiresAt time.Time
}

// InsertResetCode stores a code in place of those the user had before.
func (tx *Tx) InsertResetCode(ctx context.Context, c ResetCode) error {
	if err := tx.ForgetResetCodes(ctx, c.UserID); err != nil {
		return err
	}
	_, err := tx.count(ctx, "insert reset code", `INSERT INTO reset_codes (code_hash, user_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4)`, c.Hash, c.UserID, usec(c.CreatedAt), usec(c.ExpiresAt))
	return err
}

// TakeResetCode uses a code up and tells whose it was. ErrNotFound: there is
// no such code, or it was used, or it had expired at that time.
func (tx *Tx) TakeResetCode(ctx context.Context, hash string, at time.Time) (userID string, err error) {
	err = tx.q.QueryRowContext(ctx, `DELETE FROM reset_codes WHERE code_hash = $1 AND expires_at > $2 RETURNING user_id`,
		hash, usec(at)).Scan(&userID)
	return userID, tx.wrap("take reset code", err)
}

// ForgetResetCodes makes a user's codes worthless.
func (tx *Tx) ForgetResetCodes(ctx context.Context, userID string) error {
	_, err := tx.count(ctx, "forget reset codes", `DELETE FROM reset_codes WHERE user_id = $1`, userID)
	return err
}

// PurgeResetCodes removes up to limit codes that expired before a time.
func (tx *Tx) PurgeResetCodes(ctx context.Context, before time.Time, limit int) (int64, error) {
	return tx.count(ctx, "purge reset codes", `DELETE FROM reset_codes WHERE code_hash IN (
		SELECT code_hash FROM reset_codes WHERE expires_at < $1 LIMIT $2)`, usec(before), limit)
}
