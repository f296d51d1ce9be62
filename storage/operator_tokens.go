package storage

import (
	"context"
	"time"
)

// OperatorToken is what a tool of the operators' shows instead of a sign-in.
type OperatorToken struct {
	ID     string
	Name   string // unique among those that are not revoked
	Scope  string // admin, read-only
	Prefix string // how the secret begins
	Digest string // of the secret, which is kept nowhere

	CreatedAt  time.Time
	CreatedBy  string
	LastUsedAt time.Time // to a minute or so
	ExpiresAt  time.Time
	RevokedAt  time.Time
}

const operatorTokenColumns = `t.id, t.name, t.scope, t.prefix, t.digest, t.created_at, t.created_by, t.last_used_at, t.expires_at, t.revoked_at`

func scanOperatorToken(row scanner) (OperatorToken, error) {
	var t OperatorToken
	err := row.Scan(&t.ID, &t.Name, &t.Scope, &t.Prefix, &t.Digest, (*usec)(&t.CreatedAt), &t.CreatedBy,
		(*usec)(&t.LastUsedAt), (*usec)(&t.ExpiresAt), (*usec)(&t.RevokedAt))
	return t, err
}

// OperatorTokens lists them, the revoked and the expired too, newest first.
func (r Reader) OperatorTokens(ctx context.Context) ([]OperatorToken, error) {
	return collect(ctx, r, "list operator tokens", scanOperatorToken, `SELECT `+operatorTokenColumns+` FROM operator_tokens t ORDER BY t.id DESC`)
}

// OperatorTokenByDigest finds the one whose secret has this digest, however it
// stands.
func (r Reader) OperatorTokenByDigest(ctx context.Context, digest string) (OperatorToken, error) {
	t, err := scanOperatorToken(r.q.QueryRowContext(ctx, `SELECT `+operatorTokenColumns+` FROM operator_tokens t WHERE t.digest = $1`, digest))
	return t, r.wrap("find operator token", err)
}

// InsertOperatorToken stores a new one; ErrConflict: the name is taken.
func (tx *Tx) InsertOperatorToken(ctx context.Context, t OperatorToken) error {
	_, err := tx.count(ctx, "insert operator token", `INSERT INTO operator_tokens (id, name, scope, prefix, digest, created_at, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, t.Name, t.Scope, t.Prefix, t.Digest, usec(t.CreatedAt), t.CreatedBy, usec(t.ExpiresAt))
	return err
}

// RevokeOperatorToken ends one; ErrNotFound: none of this id works.
func (tx *Tx) RevokeOperatorToken(ctx context.Context, id string, at time.Time) error {
	return tx.one(ctx, "revoke operator token", `UPDATE operator_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, usec(at))
}

// TouchOperatorToken notes its use; times never go backward.
func (tx *Tx) TouchOperatorToken(ctx context.Context, id string, at time.Time) error {
	_, err := tx.count(ctx, "touch operator token", `UPDATE operator_tokens SET last_used_at = $2
		WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`, id, usec(at))
	return err
}
