// Package auth knows who is asking: accounts, passwords, tokens, sessions.
//
// A sign-in is a session, a row that can be revoked; the token a client holds
// is a signed note that names it. [Service.Verify] checks the note and that
// the session is alive, from a cache that is as good as the database was a
// second ago: [Service.Run] asks the database twice a second, and at once
// when the bus says that something changed, which sessions and accounts
// changed, drops them from the cache and tells the observers, who close
// sockets. The database is the truth; the bus only makes it fast, so a
// revocation by a program that is on no bus (the command line) arrives too.
//
// Guessing is made slow in three ways: Argon2id, at most a few hashes at once;
// five failures lock a pair of identifier and address; failures of an
// identifier from everywhere only delay the next try from an address that the
// account does not know, so that nobody can lock another out.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// maxSessions bounds how many devices of one user are signed in; the least
	// recently used one beyond it is signed out.
	maxSessions = 100
	// minSecret is what HS256 asks of a key (RFC 7518, 3.2), in bytes.
	minSecret = 32

	defaultExpiresIn = 7 * 24 * time.Hour
)

// Actor is who asks, as a verified token says.
type Actor struct {
	UserID, SessionID string
	Username          string
	Role, Tier        string
	// ExpiresAt is when the token ends.
	ExpiresAt time.Time
}

// Admin reports whether the actor is an operator.
func (a Actor) Admin() bool { return a.Role == storage.RoleAdmin }

// Client is where a request comes from: an IP address without port, after
// trusted proxies, and the User-Agent.
type Client struct{ Address, UserAgent string }

// Grant is a successful sign-in.
type Grant struct {
	User      storage.User
	Token     string
	ExpiresAt time.Time
	SessionID string
}

// Options is what sign-in needs from the configuration.
type Options struct {
	// Secret signs tokens: 32 bytes or more. There is no default.
	Secret []byte
	// PreviousSecret, if any, is still accepted while secrets rotate.
	PreviousSecret []byte
	// ExpiresIn is how long a token is good for; 0: seven days.
	ExpiresIn time.Duration
	// Idle ends a session that nobody has used for so long, by a request or by
	// an event on a socket; 0: none ends for that.
	Idle time.Duration
	// Argon is the cost of a password hash; zero: [DefaultArgon].
	Argon Argon
	// Notifier tells people of resets of their passwords; nil: [NoNotifier].
	Notifier Notifier
	Logger   *slog.Logger
	// Now is the clock; nil: the real one.
	Now func() time.Time
}

// Service is sign-in. Its methods are safe for concurrent use and answer with
// fault codes.
type Service struct {
	store     *storage.Store
	bus       bus.Bus
	log       *slog.Logger
	now       func() time.Time
	expiresIn time.Duration
	idle      time.Duration
	notifier  Notifier

	tokens  atomic.Pointer[tokens]
	hasher  *hasher
	slow    *slowLane
	cache   *cache
	touched *touched
	watch   *watch
}

// New puts sign-in together. b may be nil for a program that serves nobody:
// other nodes then notice its changes by polling.
func New(store *storage.Store, b bus.Bus, o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = storage.Now
	}
	if o.ExpiresIn == 0 {
		o.ExpiresIn = defaultExpiresIn
	}
	if o.ExpiresIn < time.Minute {
		return nil, fmt.Errorf("tokens must be good for at least a minute, not %s", o.ExpiresIn)
	}
	tokens, err := newTokens(o.Secret, o.PreviousSecret, o.Now)
	if err != nil {
		return nil, err
	}
	hasher, err := newHasher(o.Argon)
	if err != nil {
		return nil, err
	}
	if o.Notifier == nil {
		o.Notifier = NoNotifier
	}
	s := &Service{
		store: store, bus: b, log: o.Logger, now: o.Now, expiresIn: o.ExpiresIn, idle: o.Idle, notifier: o.Notifier,
		hasher: hasher, slow: newSlowLane(), cache: newCache(), touched: newTouched(), watch: newWatch(),
	}
	s.tokens.Store(tokens)
	return s, nil
}

// Rotate signs with another secret from now on, and accepts the tokens of two.
// What it refuses, it refuses as New does, and changes nothing.
func (s *Service) Rotate(secret, previous []byte) error {
	tokens, err := newTokens(secret, previous, s.now)
	if err != nil {
		return err
	}
	s.tokens.Store(tokens)
	return nil
}

// grant signs a token for a session.
func (s *Service) grant(u storage.User, session storage.Session) (Grant, error) {
	token, err := s.tokens.Load().sign(u.ID, session.ID, session.ExpiresAt)
	if err != nil {
		return Grant{}, err
	}
	return Grant{User: u, Token: token, ExpiresAt: session.ExpiresAt, SessionID: session.ID}, nil
}

// newSession is a session that begins now. A token's end is in whole seconds,
// so a session's is too.
func (s *Service) newSession(userID string, c Client) storage.Session {
	at := s.now()
	return storage.Session{
		ID: storage.NewID(), UserID: userID, Address: clean(c.Address, maxAddress), UserAgent: clean(c.UserAgent, maxUserAgent),
		CreatedAt: at, LastUsedAt: at, ExpiresAt: at.Add(s.expiresIn).Truncate(time.Second),
	}
}

// gone turns "no such account" for somebody who holds a token into what it
// means: the sign-in is over.
func gone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return revoked()
	}
	return err
}

func revoked() error {
	return fault.New(fault.SessionRevoked, "You have been signed out; sign in again.")
}

func disabled() error {
	return fault.New(fault.AccountDisabled, "This account is disabled; ask the operator.")
}

// detached outlives the request: what follows a commit must happen even when
// the caller has gone, but not for ever.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Second)
}
