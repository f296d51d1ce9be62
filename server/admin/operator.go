package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Operator is who asks.
type Operator struct {
	// Name is what the audit log calls them: a username, "token:" and its
	// name, "socket:" and the login of the other end, "cli:" and a login.
	Name    string
	Scope   string // api.ScopeAdmin, api.ScopeReadOnly
	Address string // "" on this machine
}

func (o Operator) by() auth.By { return auth.By{Name: o.Name, Address: o.Address} }

// may refuses a verb to who may only look.
func (o Operator) may() error {
	if o.Scope == api.ScopeAdmin {
		return nil
	}
	return fault.New(fault.Forbidden, "This operator token may only look; use one that was made with --admin.")
}

// Admit finds out which operator holds a token: an account's, if it is an
// admin's, or an operator token. Others are refused: TOKEN_INVALID,
// TOKEN_EXPIRED and the like for who must sign in, FORBIDDEN for who is
// somebody else.
func (r *Records) Admit(ctx context.Context, token, address string) (Operator, error) {
	if strings.HasPrefix(token, secretPrefix) {
		return r.admitToken(ctx, token, address)
	}
	actor, err := r.auth.Verify(ctx, token)
	if err != nil {
		return Operator{}, err
	}
	if !actor.Admin() {
		return Operator{}, fault.New(fault.Forbidden, "Only operators may do this; an admin can make you one with `coach user set-role`.")
	}
	return Operator{Name: actor.Username, Scope: api.ScopeAdmin, Address: address}, nil
}

func (r *Records) admitToken(ctx context.Context, secret, address string) (Operator, error) {
	t, err := r.store.OperatorTokenByDigest(ctx, digest(secret))
	if errors.Is(err, storage.ErrNotFound) {
		return Operator{}, fault.New(fault.TokenInvalid, "There is no such operator token; make one with `coach token create`.")
	}
	now := storage.Now()
	switch {
	case err != nil:
		return Operator{}, err
	case !t.RevokedAt.IsZero():
		return Operator{}, fault.New(fault.SessionRevoked, "This operator token was revoked; make another with `coach token create`.")
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		return Operator{}, fault.New(fault.TokenExpired, "This operator token has expired; make another with `coach token create`.")
	}
	r.noteUse(ctx, t, now)
	return Operator{Name: "token:" + t.Name, Scope: t.Scope, Address: address}, nil
}

// noteUse writes down that a token is used, once a minute. Its failure is no
// reason to turn anybody away.
func (r *Records) noteUse(ctx context.Context, t storage.OperatorToken, now time.Time) {
	if now.Sub(t.LastUsedAt) < time.Minute {
		return
	}
	err := r.store.Tx(ctx, func(tx *storage.Tx) error { return tx.TouchOperatorToken(ctx, t.ID, now) })
	if err != nil {
		r.log.Debug("the use of an operator token was not noted", "token", t.Name, "err", err)
	}
}

// digest is what is kept of a secret. Secrets are random and long, so a plain
// hash cannot be turned back by guessing, and costs each request nothing.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
