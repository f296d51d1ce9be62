package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	issuer   = "coach"
	audience = "coach"
	// maxToken bounds what is looked at, in bytes; our own are below 400.
	maxToken = 2048
)

// claims are RFC 7519's iss, aud, sub, iat, exp, and sid, the session.
type claims struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
}

// tokens signs and reads tokens: HS256 and nothing else.
type tokens struct {
	secret jwt.VerificationKey
	accept any
	parser *jwt.Parser
	known  known
	now    func() time.Time
}

func newTokens(secret, previous []byte, now func() time.Time) (*tokens, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("the token secret (JWT_SECRET) has %d bytes; it needs %d or more, for example from `openssl rand -base64 48`", len(secret), minSecret)
	}
	t := &tokens{secret: secret, accept: secret, now: now}
	if len(previous) > 0 {
		if len(previous) < minSecret {
			return nil, fmt.Errorf("the previous token secret (JWT_SECRET_PREVIOUS) has %d bytes; it needs %d or more", len(previous), minSecret)
		}
		t.accept = jwt.VerificationKeySet{Keys: []jwt.VerificationKey{secret, previous}}
	}
	t.parser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(now))
	return t, nil
}

func (t *tokens) sign(userID, sessionID string, expires time.Time) (string, error) {
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: userID,
			IssuedAt: jwt.NewNumericDate(t.now()), ExpiresAt: jwt.NewNumericDate(expires),
		},
		SessionID: sessionID,
	}).SignedString(t.secret)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// read checks a token. TOKEN_EXPIRED is said only of one that was ours and
// good in every other way.
func (t *tokens) read(token string) (claims, error) {
	if token == "" {
		return claims{}, fault.New(fault.TokenMissing, "Sign in first: this needs a token.")
	}
	// base64 decoders skip line ends, so one token would have many spellings.
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") {
		return claims{}, invalidToken(errors.New("too long, or broken into lines"))
	}
	sum := sha256.Sum256([]byte(token))
	if c, ok := t.known.get(sum, t.now()); ok {
		return c, nil
	}
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.accept, nil })
	if err != nil && !errors.Is(err, jwt.ErrTokenExpired) || wrongAudience(err) {
		return claims{}, invalidToken(err)
	}
	if !storage.ValidID(c.Subject) || !storage.ValidID(c.SessionID) || c.IssuedAt == nil {
		return claims{}, invalidToken(errors.New("it lacks sub, sid or iat"))
	}
	if err != nil {
		return claims{}, fault.Wrap(fault.TokenExpired, "Your sign-in has expired; sign in again.", err)
	}
	if c.NotBefore == nil { // time can end what is known in one way only
		t.known.put(sum, c)
	}
	return c, nil
}

func wrongAudience(err error) bool {
	return errors.Is(err, jwt.ErrTokenInvalidAudience) || errors.Is(err, jwt.ErrTokenInvalidIssuer) || errors.Is(err, jwt.ErrTokenNotValidYet)
}

func invalidToken(cause error) error {
	return fault.Wrap(fault.TokenInvalid, "This token is not valid; sign in again.", cause)
}
