package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// What operators do. Each verb takes by, who does it, and identifier, an
// e-mail, a username or an id; each is written to the audit log in the
// transaction of what it does.

// By is an operator, as the audit log knows one: "cli:<login>", a username,
// "token:<name>"; and the address the order came from, "" on the machine
// itself.
type By struct{ Name, Address string }

// NewUser is an account as an operator makes it; "" role: user, "" tier: free.
type NewUser struct{ Email, Username, Password, Role, Tier string }

// CreateUser makes an account; refusals are those of Register.
func (s *Service) CreateUser(ctx context.Context, by By, n NewUser) (storage.User, error) {
	u, err := s.newUser(ctx, n)
	if err != nil {
		return storage.User{}, err
	}
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := tx.InsertUser(ctx, u); err != nil {
			return taken(err)
		}
		return s.audit(ctx, tx, by, "user.create", u.ID, "role="+u.Role+" tier="+u.Tier)
	})
	return u, err
}

// Users lists accounts whose e-mail or username contains query, oldest first;
// limit is 1 to 1000.
func (s *Service) Users(ctx context.Context, query string, limit int) ([]storage.User, error) {
	return s.store.Users(ctx, strings.TrimSpace(query), "", min(max(limit, 1), 1000))
}

// FindUser finds an account by e-mail, username or id.
func (s *Service) FindUser(ctx context.Context, identifier string) (storage.User, error) {
	identifier = strings.TrimSpace(identifier)
	var u storage.User
	var err error
	if storage.ValidID(identifier) {
		u, err = s.store.User(ctx, identifier)
	} else if u, err = s.find(ctx, identifier); err == nil && u.ID == "" {
		err = storage.ErrNotFound
	}
	if errors.Is(err, storage.ErrNotFound) {
		return u, fault.New(fault.NotFound, "There is no such user; give an e-mail, a username or an id.")
	}
	return u, err
}

// NewAccess is what an operator changes about an account; nil = as it was.
type NewAccess struct{ Role, Tier, Password *string }

// ChangeUser changes what is given, all of it or nothing. A new password ends
// all sessions and lifts the account's lockouts.
func (s *Service) ChangeUser(ctx context.Context, by By, identifier string, c NewAccess) (storage.User, error) {
	u, err := s.FindUser(ctx, identifier)
	if err != nil {
		return u, err
	}
	if err := c.check(u); err != nil {
		return u, err
	}
	op := operation{access: storage.Access{Role: c.Role, Tier: c.Tier}}
	if c.Role != nil {
		op.note("user.set-role", "role="+*c.Role)
	}
	if c.Tier != nil {
		op.note("user.set-tier", "tier="+*c.Tier)
	}
	if c.Password != nil {
		hash, err := s.hasher.hash(ctx, *c.Password)
		if err != nil {
			return u, err
		}
		op.access.PasswordHash, op.also = &hash, forgetSignIns
		op.note("user.reset-password", "")
	}
	return s.operate(ctx, by, u.ID, op)
}

func (c NewAccess) check(u storage.User) error {
	var wrong problems
	if c.Role != nil {
		wrong.add("role", checkRole(*c.Role))
	}
	if c.Tier != nil {
		wrong.add("tier", checkTier(*c.Tier))
	}
	if c.Password != nil {
		wrong.add("password", checkPassword(*c.Password, u.Email, u.Username))
	}
	if c == (NewAccess{}) {
		wrong.add("role", "Say what to change: role, tier or password.")
	}
	return wrong.err()
}

// forgetSignIns is what belongs to a new password: no lockout, no code for yet
// another one, no session.
func forgetSignIns(ctx context.Context, tx *storage.Tx, u storage.User) error {
	for _, name := range []string{u.Email, u.Username} {
		if _, err := tx.ForgetFailuresUnder(ctx, digest(strings.ToLower(name))); err != nil {
			return err
		}
	}
	if err := tx.ForgetResetCodes(ctx, u.ID); err != nil {
		return err
	}
	return endSessions(ctx, tx, u)
}

// SetRole makes an account an admin, or a user again.
func (s *Service) SetRole(ctx context.Context, by By, identifier, role string) (storage.User, error) {
	return s.ChangeUser(ctx, by, identifier, NewAccess{Role: &role})
}

// SetTier changes what an account may use.
func (s *Service) SetTier(ctx context.Context, by By, identifier, tier string) (storage.User, error) {
	return s.ChangeUser(ctx, by, identifier, NewAccess{Tier: &tier})
}

// ResetPassword gives an account a new password.
func (s *Service) ResetPassword(ctx context.Context, by By, identifier, password string) (storage.User, error) {
	return s.ChangeUser(ctx, by, identifier, NewAccess{Password: &password})
}

// Disable shuts an account out and ends its sessions.
func (s *Service) Disable(ctx context.Context, by By, identifier string) (storage.User, error) {
	at := s.now()
	op := operation{access: storage.Access{Disabled: &at}, also: endSessions}
	op.note("user.disable", "")
	return s.operate(ctx, by, identifier, op)
}

// Enable lets a disabled account sign in again; its old sessions stay ended.
func (s *Service) Enable(ctx context.Context, by By, identifier string) (storage.User, error) {
	op := operation{access: storage.Access{Disabled: &time.Time{}}}
	op.note("user.enable", "")
	return s.operate(ctx, by, identifier, op)
}

// SignOut ends all of an account's sessions and tells how many.
func (s *Service) SignOut(ctx context.Context, by By, identifier string) (ended int64, err error) {
	op := operation{also: func(ctx context.Context, tx *storage.Tx, u storage.User) error {
		ended, err = tx.RevokeSessions(ctx, u.ID, "")
		return err
	}}
	op.note("user.sign-out", "")
	_, err = s.operate(ctx, by, identifier, op)
	return ended, err
}

// operation is a change of access, what else belongs into its transaction, and
// how the audit log tells it.
type operation struct {
	access storage.Access
	also   func(ctx context.Context, tx *storage.Tx, u storage.User) error
	told   []deed
}

type deed struct{ action, detail string }

func (op *operation) note(action, detail string) { op.told = append(op.told, deed{action, detail}) }

func (s *Service) operate(ctx context.Context, by By, identifier string, op operation) (storage.User, error) {
	u, err := s.FindUser(ctx, identifier)
	if err != nil {
		return u, err
	}
	id := u.ID
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if u, err = tx.SetAccess(ctx, id, op.access); err != nil {
			return err
		}
		if op.also != nil {
			if err := op.also(ctx, tx, u); err != nil {
				return err
			}
		}
		for _, d := range op.told {
			if err := s.audit(ctx, tx, by, d.action, id, d.detail); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return storage.User{}, err
	}
	s.announce(ctx, id, "")
	return u, nil
}

func endSessions(ctx context.Context, tx *storage.Tx, u storage.User) error {
	_, err := tx.RevokeSessions(ctx, u.ID, "")
	return err
}

func (s *Service) audit(ctx context.Context, tx *storage.Tx, by By, action, target, detail string) error {
	return tx.InsertAudit(ctx, storage.AuditEntry{
		ID: storage.NewID(), At: s.now(), Actor: by.Name, Action: action, Target: target, Detail: detail, Address: by.Address,
	})
}
