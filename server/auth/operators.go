package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// What operators do. Each verb takes by, who does it ("cli:<login>", a user's
// id, a token's name), and identifier, an e-mail, a username or an id; each is
// written to the audit log in the transaction of what it does.

// NewUser is an account as an operator makes it; "" role: user, "" tier: free.
type NewUser struct{ Email, Username, Password, Role, Tier string }

// CreateUser makes an account; refusals are those of Register.
func (s *Service) CreateUser(ctx context.Context, by string, n NewUser) (storage.User, error) {
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

// SetRole makes an account an admin, or a user again.
func (s *Service) SetRole(ctx context.Context, by, identifier, role string) (storage.User, error) {
	if message := checkRole(role); message != "" {
		return storage.User{}, fault.Invalid("role", message)
	}
	return s.operate(ctx, by, identifier, operation{action: "user.set-role", detail: "role=" + role, access: storage.Access{Role: &role}})
}

// SetTier changes what an account may use.
func (s *Service) SetTier(ctx context.Context, by, identifier, tier string) (storage.User, error) {
	if message := checkTier(tier); message != "" {
		return storage.User{}, fault.Invalid("tier", message)
	}
	return s.operate(ctx, by, identifier, operation{action: "user.set-tier", detail: "tier=" + tier, access: storage.Access{Tier: &tier}})
}

// ResetPassword gives an account a new password, ends all its sessions and
// lifts its lockouts.
func (s *Service) ResetPassword(ctx context.Context, by, identifier, password string) (storage.User, error) {
	u, err := s.FindUser(ctx, identifier)
	if err != nil {
		return u, err
	}
	if message := checkPassword(password, u.Email, u.Username); message != "" {
		return u, fault.Invalid("password", message)
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return u, err
	}
	return s.operate(ctx, by, u.ID, operation{
		action: "user.reset-password", access: storage.Access{PasswordHash: &hash},
		also: func(tx *storage.Tx, u storage.User) error {
			for _, name := range []string{u.Email, u.Username} {
				if _, err := tx.ForgetFailuresUnder(ctx, digest(strings.ToLower(name))); err != nil {
					return err
				}
			}
			return endSessions(ctx, tx, u)
		},
	})
}

// Disable shuts an account out and ends its sessions.
func (s *Service) Disable(ctx context.Context, by, identifier string) (storage.User, error) {
	at := s.now()
	return s.operate(ctx, by, identifier, operation{
		action: "user.disable", access: storage.Access{Disabled: &at},
		also: func(tx *storage.Tx, u storage.User) error { return endSessions(ctx, tx, u) },
	})
}

// Enable lets a disabled account sign in again; its old sessions stay ended.
func (s *Service) Enable(ctx context.Context, by, identifier string) (storage.User, error) {
	return s.operate(ctx, by, identifier, operation{action: "user.enable", access: storage.Access{Disabled: &time.Time{}}})
}

// operation is a change of access, and what else belongs into its transaction.
type operation struct {
	action, detail string
	access         storage.Access
	also           func(tx *storage.Tx, u storage.User) error
}

func (s *Service) operate(ctx context.Context, by, identifier string, op operation) (storage.User, error) {
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
			if err := op.also(tx, u); err != nil {
				return err
			}
		}
		return s.audit(ctx, tx, by, op.action, id, op.detail)
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

func (s *Service) audit(ctx context.Context, tx *storage.Tx, by, action, target, detail string) error {
	return tx.InsertAudit(ctx, storage.AuditEntry{
		ID: storage.NewID(), At: s.now(), Actor: by, Action: action, Target: target, Detail: detail,
	})
}

func checkRole(role string) string {
	if role != storage.RoleUser && role != storage.RoleAdmin {
		return "The role must be user or admin."
	}
	return ""
}

func checkTier(tier string) string {
	if tier != TierFree && tier != TierPremium && tier != TierEnterprise {
		return "The tier must be free, premium or enterprise."
	}
	return ""
}
