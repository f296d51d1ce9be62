package admin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// secretPrefix tells an operator token from a sign-in's, for us and for
	// programs that look for leaked secrets.
	secretPrefix = "coach_op_"
	// shownPrefix is how much of a secret a list shows.
	shownPrefix  = len(secretPrefix) + 4
	maxTokenName = 50
	maxTokenLife = 10 * 365 * 24 * time.Hour
)

// CreateToken makes an operator token. Its secret is told this once.
func (r *Records) CreateToken(ctx context.Context, who Operator, n api.NewToken) (api.MadeToken, error) {
	if err := who.may(); err != nil {
		return api.MadeToken{}, err
	}
	if err := checkToken(n); err != nil {
		return api.MadeToken{}, err
	}
	secret := newSecret()
	now := storage.Now()
	t := storage.OperatorToken{
		ID: storage.NewID(), Name: n.Name, Scope: n.Scope, Prefix: secret[:shownPrefix], Digest: digest(secret),
		CreatedAt: now, CreatedBy: who.Name,
	}
	if n.ExpiresInSeconds > 0 {
		t.ExpiresAt = now.Add(time.Duration(n.ExpiresInSeconds) * time.Second)
	}
	err := r.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := tx.InsertOperatorToken(ctx, t); err != nil {
			return err
		}
		return r.audit(ctx, tx, who, "token.create", t.Name, "scope="+t.Scope+" prefix="+t.Prefix)
	})
	if errors.Is(err, storage.ErrConflict) {
		return api.MadeToken{}, fault.Wrap(fault.Conflict, "There is a token of that name; revoke it first, or choose another name.", err)
	}
	return api.MadeToken{Token: tokenView(t), Secret: secret}, err
}

func checkToken(n api.NewToken) error {
	odd := strings.ContainsFunc(n.Name, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) && c != ' ' })
	switch length := utf8.RuneCountInString(n.Name); {
	case length == 0 || length > maxTokenName || odd || strings.TrimSpace(n.Name) != n.Name:
		return fault.Invalid("name", "A token needs a name of 1 to 50 characters; the audit log tells by it who did something.")
	case n.Scope != api.ScopeAdmin && n.Scope != api.ScopeReadOnly:
		return fault.Invalid("scope", "The scope must be admin or read-only.")
	case n.ExpiresInSeconds < 0 || n.ExpiresInSeconds > int64(maxTokenLife/time.Second):
		return fault.Invalid("expiresInSeconds", "A token lasts from one second to ten years; 0: until it is revoked.")
	}
	return nil
}

func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return secretPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Tokens lists operator tokens, newest first.
func (r *Records) Tokens(ctx context.Context) ([]api.Token, error) {
	rows, err := r.store.OperatorTokens(ctx)
	all := make([]api.Token, len(rows))
	for i, t := range rows {
		all[i] = tokenView(t)
	}
	return all, err
}

// RevokeToken ends a token, named by its id, name or prefix.
func (r *Records) RevokeToken(ctx context.Context, who Operator, which string) (api.Token, error) {
	if err := who.may(); err != nil {
		return api.Token{}, err
	}
	t, err := r.findToken(ctx, which)
	if err != nil {
		return api.Token{}, err
	}
	t.RevokedAt = storage.Now()
	err = r.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := tx.RevokeOperatorToken(ctx, t.ID, t.RevokedAt); err != nil {
			return err
		}
		return r.audit(ctx, tx, who, "token.revoke", t.Name, "prefix="+t.Prefix)
	})
	if errors.Is(err, storage.ErrNotFound) {
		return api.Token{}, noToken()
	}
	return tokenView(t), err
}

func (r *Records) findToken(ctx context.Context, which string) (storage.OperatorToken, error) {
	rows, err := r.store.OperatorTokens(ctx)
	if err != nil {
		return storage.OperatorToken{}, err
	}
	for _, t := range rows {
		if t.RevokedAt.IsZero() && (which == t.ID || which == t.Name || which == t.Prefix) {
			return t, nil
		}
	}
	return storage.OperatorToken{}, noToken()
}

func noToken() error {
	return fault.New(fault.NotFound, "No operator token that works has this id, name or prefix; `coach token list` shows them.")
}

func tokenView(t storage.OperatorToken) api.Token {
	return api.Token{
		ID: t.ID, Name: t.Name, Scope: t.Scope, Prefix: t.Prefix, CreatedAt: api.Time(t.CreatedAt), CreatedBy: t.CreatedBy,
		LastUsedAt: when(t.LastUsedAt), ExpiresAt: when(t.ExpiresAt), RevokedAt: when(t.RevokedAt),
	}
}

// when is null for what never happened.
func when(at time.Time) *api.Time {
	if at.IsZero() {
		return nil
	}
	t := api.Time(at)
	return &t
}
