package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// The tiers an account can have.
const (
	TierFree       = "free"
	TierPremium    = "premium"
	TierEnterprise = "enterprise"
)

// NewAccount is what a person gives to register. Role and tier are not theirs
// to give.
type NewAccount struct{ Email, Username, Password string }

// Register makes an account, of role user and tier free, and signs it in.
// VALIDATION_ERROR names every bad field; CONFLICT does not say whether the
// e-mail or the username is taken, and takes as long as a success.
func (s *Service) Register(ctx context.Context, n NewAccount, c Client) (Grant, error) {
	u, err := s.newUser(ctx, NewUser{Email: n.Email, Username: n.Username, Password: n.Password})
	if err != nil {
		return Grant{}, err
	}
	session := s.newSession(u.ID, c)
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := tx.InsertUser(ctx, u); err != nil {
			return taken(err)
		}
		return tx.InsertSession(ctx, session, maxSessions)
	})
	if err != nil {
		return Grant{}, err
	}
	return s.grant(u, session)
}

// newUser checks everything about an account and hashes its password. Empty
// role and tier are those of somebody who registers.
func (s *Service) newUser(ctx context.Context, n NewUser) (storage.User, error) {
	n.Email, n.Username = strings.TrimSpace(n.Email), strings.TrimSpace(n.Username)
	var wrong problems
	wrong.add("email", checkEmail(n.Email))
	wrong.add("username", checkUsername(n.Username))
	wrong.add("password", checkPassword(n.Password, n.Email, n.Username))
	if n.Role == "" {
		n.Role = storage.RoleUser
	}
	if n.Tier == "" {
		n.Tier = TierFree
	}
	wrong.add("role", checkRole(n.Role))
	wrong.add("tier", checkTier(n.Tier))
	if err := wrong.err(); err != nil {
		return storage.User{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return storage.User{}, err
	}
	at := s.now()
	return storage.User{
		ID: storage.NewID(), Email: n.Email, Username: n.Username, Timezone: "UTC", PasswordHash: hash,
		Role: n.Role, Tier: n.Tier, CreatedAt: at, LastActiveAt: at,
	}, nil
}

// Me is the actor's account.
func (s *Service) Me(ctx context.Context, a Actor) (storage.User, error) {
	u, err := s.store.User(ctx, a.UserID)
	return u, gone(err)
}

// Patch is what a person may change about the account; nil = as it was.
type Patch struct{ Username, Timezone, DisplayName *string }

// UpdateMe changes what is given: a username as at registration, an IANA time
// zone, a display name of at most 100 characters ("" = none).
func (s *Service) UpdateMe(ctx context.Context, a Actor, p Patch) (storage.User, error) {
	change := storage.ProfilePatch{Username: trimmed(p.Username), DisplayName: trimmed(p.DisplayName), Timezone: trimmed(p.Timezone)}
	var wrong problems
	if change.Username != nil {
		wrong.add("username", checkUsername(*change.Username))
	}
	if change.Timezone != nil {
		wrong.add("timezone", checkTimezone(*change.Timezone))
	}
	if change.DisplayName != nil {
		wrong.add("displayName", checkDisplayName(*change.DisplayName))
	}
	if err := wrong.err(); err != nil {
		return storage.User{}, err
	}
	if change == (storage.ProfilePatch{}) {
		return s.Me(ctx, a)
	}
	var u storage.User
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		var err error
		u, err = tx.PatchProfile(ctx, a.UserID, change)
		return gone(taken(err))
	})
	if err != nil {
		return storage.User{}, err
	}
	s.announce(ctx, a.UserID, "")
	return u, nil
}

// ChangePassword stores a new password and ends all sessions but the actor's.
func (s *Service) ChangePassword(ctx context.Context, a Actor, current, next string) error {
	u, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	var wrong problems
	if current == "" {
		wrong.add("currentPassword", "The current password is required.")
	}
	wrong.add("newPassword", checkPassword(next, u.Email, u.Username))
	if err := wrong.err(); err != nil {
		return err
	}
	g := guessWithin(a)
	if err := s.confirm(ctx, u, current, g); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := s.passed(ctx, tx, g); err != nil {
			return err
		}
		if err := tx.ReplacePassword(ctx, u.ID, u.PasswordHash, hash); err != nil {
			return changedMeanwhile(err)
		}
		if err := tx.ForgetResetCodes(ctx, u.ID); err != nil {
			return err
		}
		_, err := tx.RevokeSessions(ctx, u.ID, a.SessionID)
		return err
	})
	if err != nil {
		return err
	}
	s.announce(ctx, u.ID, "")
	return nil
}

// DeleteMe deletes the account and all its data, and ends its sessions.
func (s *Service) DeleteMe(ctx context.Context, a Actor, password string) error {
	if password == "" {
		return fault.Invalid("password", "The password is required.")
	}
	u, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	g := guessWithin(a)
	if err := s.confirm(ctx, u, password, g); err != nil {
		return err
	}
	at := s.now()
	var gone storage.Departure
	err = s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		if err := s.passed(ctx, tx, g); err != nil {
			return err
		}
		gone, err = remove(ctx, tx, u, at)
		return err
	})
	if err != nil {
		return err
	}
	s.announce(ctx, u.ID, "")
	s.watch.departed(ctx, gone)
	return nil
}

// remove takes an account and all its data away.
func remove(ctx context.Context, tx *storage.Tx, u storage.User, at time.Time) (storage.Departure, error) {
	gone, err := tx.DepartureOf(ctx, u.ID)
	if err != nil {
		return gone, err
	}
	// Conversations before the account: senders lock in that order too.
	if err := tx.DeleteConversationsOf(ctx, u.ID, at); err != nil {
		return gone, err
	}
	if err := tx.DeleteJournalOf(ctx, u.ID); err != nil {
		return gone, err
	}
	return gone, changedMeanwhile(tx.DeleteUser(ctx, u.ID, u.PasswordHash, at))
}

// confirm asks somebody who is signed in for the password again.
func (s *Service) confirm(ctx context.Context, u storage.User, password string, g guess) error {
	if _, err := s.mayTry(ctx, s.store.Reader, g); err != nil {
		return err
	}
	ok, _, err := s.hasher.verify(ctx, fit(password), u.PasswordHash)
	if err != nil {
		return err
	}
	if ok {
		return nil
	}
	if err := s.failed(ctx, g); err != nil {
		return err
	}
	return fault.New(fault.InvalidCredentials, "The password is not right.")
}

func taken(err error) error {
	if errors.Is(err, storage.ErrConflict) {
		return fault.Wrap(fault.Conflict, "That e-mail or username is taken.", err)
	}
	return err
}

func changedMeanwhile(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fault.Wrap(fault.Conflict, "The account was changed meanwhile; sign in again and retry.", err)
	}
	return err
}

func trimmed(s *string) *string {
	if s == nil {
		return nil
	}
	t := strings.TrimSpace(*s)
	return &t
}
