package auth

import (
	"context"
	"errors"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// asking is how long a database may take over a session.
const asking = 10 * time.Second

// Verify tells who holds a token: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
// SESSION_REVOKED or ACCOUNT_DISABLED otherwise. A database that does not
// answer is UNAVAILABLE: nobody loses a good token over it.
func (s *Service) Verify(ctx context.Context, token string) (Actor, error) {
	c, err := s.tokens.Load().read(token)
	if err != nil {
		return Actor{}, err
	}
	at := time.Now()
	e, generation := s.cache.get(c.SessionID, at)
	if e == nil {
		if e, err = s.readSession(ctx, c.SessionID, at); err != nil {
			return Actor{}, err
		}
		s.cache.put(c.SessionID, e, generation)
	}
	switch {
	case e.refusal == fault.AccountDisabled:
		return Actor{}, disabled()
	case e.refusal != "":
		return Actor{}, revoked()
	case e.actor.UserID != c.Subject:
		return Actor{}, invalidToken(errors.New("session and subject do not belong together"))
	}
	s.touched.note(e.actor, &e.touched, s.now())
	a := e.actor
	a.ExpiresAt = c.ExpiresAt.UTC()
	return a, nil
}

// readSession asks the database. What it refuses is kept in the cache too, so
// that a client that insists on a dead token costs no query each time.
func (s *Service) readSession(ctx context.Context, sessionID string, at time.Time) (*entry, error) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	e := &entry{readAt: at.UnixNano()}
	session, u, err := s.store.SessionWithUser(ctx, sessionID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		e.refusal = fault.SessionRevoked
		return e, nil
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, "The server cannot check your sign-in right now; try again in a moment.", err)
	}
	switch {
	case !u.DeletedAt.IsZero():
		e.refusal = fault.SessionRevoked
	case !u.DisabledAt.IsZero():
		e.refusal = fault.AccountDisabled
	case !session.RevokedAt.IsZero(), s.idle > 0 && s.now().Sub(session.LastUsedAt) >= s.idle:
		e.refusal = fault.SessionRevoked
	}
	e.actor = Actor{UserID: u.ID, SessionID: session.ID, Username: u.Username, Role: u.Role, Tier: u.Tier}
	e.touched.Store(session.LastUsedAt.UnixNano())
	return e, nil
}
