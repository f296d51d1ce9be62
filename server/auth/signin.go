package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// errPasswordMoved says that the password changed between the check and the
// transaction that relied on it.
var errPasswordMoved = errors.New("the password was changed meanwhile")

// Login signs in by e-mail or username. Who does not exist and who typed a
// wrong password hear the same INVALID_CREDENTIALS, after the same work.
// ACCOUNT_LOCKED carries RetryAfter; ACCOUNT_DISABLED is told only to who
// knows the password.
func (s *Service) Login(ctx context.Context, identifier, password string, c Client) (Grant, error) {
	identifier = strings.TrimSpace(identifier)
	var wrong problems
	if identifier == "" {
		wrong.add("identifier", "An e-mail address or a username is required.")
	}
	if password == "" {
		wrong.add("password", "A password is required.")
	}
	if err := wrong.err(); err != nil {
		return Grant{}, err
	}
	g := guessFrom(identifier, c.Address)
	delay, err := s.mayTry(ctx, s.store.Reader, g)
	if err != nil {
		return Grant{}, err
	}
	if err := s.slowDown(ctx, identifier, g, delay); err != nil {
		return Grant{}, err
	}
	grant, err := s.login(ctx, identifier, password, c, g)
	if errors.Is(err, errPasswordMoved) {
		// Another sign-in stored the same password at a new cost, or it was
		// really changed: the second look tells.
		grant, err = s.login(ctx, identifier, password, c, g)
	}
	if errors.Is(err, errPasswordMoved) {
		return Grant{}, wrongCredentials()
	}
	return grant, err
}

// slowDown lets a try wait at an identifier that is being guessed at, except
// where the account has been used from before: its owner is not kept waiting.
func (s *Service) slowDown(ctx context.Context, identifier string, g guess, delay time.Duration) error {
	if delay == 0 {
		return nil
	}
	u, err := s.find(ctx, identifier)
	if err != nil {
		return err
	}
	known, err := s.knows(ctx, u.ID, g)
	if err != nil || known {
		return err
	}
	return s.slow.pass(ctx, delay)
}

func (s *Service) login(ctx context.Context, identifier, password string, c Client, g guess) (Grant, error) {
	u, err := s.find(ctx, identifier)
	if err != nil {
		return Grant{}, err
	}
	ok, stale, err := s.hasher.verify(ctx, fit(password), u.PasswordHash)
	if err != nil {
		return Grant{}, err
	}
	if !ok {
		if err := s.failed(ctx, g); err != nil {
			return Grant{}, err
		}
		return Grant{}, wrongCredentials()
	}
	session, verified := s.newSession(u.ID, c), u.PasswordHash
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := s.passed(ctx, tx, g); err != nil {
			return err
		}
		if u, err = tx.EnterUser(ctx, session.UserID, session.CreatedAt); err != nil {
			return deletedMeanwhile(err)
		}
		if u.PasswordHash != verified {
			return errPasswordMoved
		}
		if !u.DisabledAt.IsZero() {
			return disabled()
		}
		return tx.InsertSession(ctx, session, maxSessions)
	})
	if err != nil {
		return Grant{}, err
	}
	if stale {
		s.rehash(ctx, u, password)
	}
	return s.grant(u, session)
}

// find is the account behind an identifier, or none: what cannot be an
// identifier at all is no error, for then it is simply nobody's.
func (s *Service) find(ctx context.Context, identifier string) (storage.User, error) {
	if utf8.RuneCountInString(identifier) > maxEmail || !plainText(identifier) {
		return storage.User{}, nil
	}
	u, err := s.store.UserByIdentifier(ctx, identifier)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.User{}, nil
	}
	return u, err
}

// fit keeps a huge text, which is no password of ours, from being hashed.
func fit(password string) string {
	if len(password) > utf8.UTFMax*maxPassword {
		return ""
	}
	return password
}

// rehash stores the password at today's cost. Nothing depends on it: it is
// tried again at the next sign-in.
func (s *Service) rehash(ctx context.Context, u storage.User, password string) {
	hash, err := s.hasher.hash(ctx, password)
	if err == nil {
		err = s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.ReplacePassword(ctx, u.ID, u.PasswordHash, hash) })
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		s.log.Warn("a password stays at an old cost until the next sign-in", "user", u.ID, "err", err)
	}
}

// Refresh gives a new token for the same session, which lives as long as it.
func (s *Service) Refresh(ctx context.Context, a Actor) (Grant, error) {
	at := s.now()
	session := storage.Session{ID: a.SessionID, UserID: a.UserID, ExpiresAt: at.Add(s.expiresIn).Truncate(time.Second)}
	var u storage.User
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		var err error
		if u, err = tx.EnterUser(ctx, a.UserID, at); err != nil {
			return gone(err)
		}
		if !u.DisabledAt.IsZero() {
			return disabled()
		}
		return gone(tx.ExtendSession(ctx, a.SessionID, a.UserID, at, session.ExpiresAt))
	})
	if err != nil {
		return Grant{}, err
	}
	return s.grant(u, session)
}

// Logout ends the session; every token of it is dead at once on this node, on
// the others within a second. A session that has ended already is no error.
func (s *Service) Logout(ctx context.Context, a Actor) error {
	err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.RevokeSession(ctx, a.SessionID, a.UserID) })
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	s.announce(ctx, a.UserID, a.SessionID)
	return nil
}

// Sessions lists where the actor is signed in, last used first.
func (s *Service) Sessions(ctx context.Context, a Actor) ([]storage.Session, error) {
	return s.store.Sessions(ctx, a.UserID, s.now())
}

// RevokeSession signs one of the actor's devices out; another person's
// session is NOT_FOUND.
func (s *Service) RevokeSession(ctx context.Context, a Actor, id string) error {
	if !storage.ValidID(id) {
		return noSession()
	}
	err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.RevokeSession(ctx, id, a.UserID) })
	if errors.Is(err, storage.ErrNotFound) {
		return noSession()
	}
	if err != nil {
		return err
	}
	s.announce(ctx, a.UserID, id)
	return nil
}

func noSession() error { return fault.New(fault.NotFound, "There is no such session.") }

func wrongCredentials() error {
	return fault.New(fault.InvalidCredentials, "The e-mail, username or password is not right.")
}

func deletedMeanwhile(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return wrongCredentials()
	}
	return err
}
