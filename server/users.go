package server

import (
	"context"
	"log/slog"
	"os/user"
	"strconv"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
)

// Users is what `coach user` does to accounts. It works on the database
// itself; a server that runs on it notices within a second.
type Users struct {
	store *storage.Store
	auth  *auth.Service
	by    auth.By
	base  string // where the page is
}

// NewUser is an account to be made; "" role: user, "" tier: free.
type NewUser = auth.NewUser

// OpenUsers opens the accounts of the configured database.
func OpenUsers(ctx context.Context, c configs.Config, log *slog.Logger) (*Users, error) {
	c, _, err := ensureSecret(c)
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	if store.Dialect() == storage.SQLite {
		// The first command on a new machine may well be `coach user create`.
		path, _ := sqlitePath(c)
		m := &Migrator{store: store, path: path}
		if err := m.upIfBehind(ctx); err != nil {
			_ = store.Close()
			return nil, err
		}
	}
	service, err := auth.New(store, nil, authOptions(c, log))
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return &Users{store: store, auth: service, by: auth.By{Name: "cli:" + login()}, base: pageOf(c.Server)}, nil
}

func (m *Migrator) upIfBehind(ctx context.Context) error {
	version, _, err := m.Version(ctx)
	if err != nil {
		return err
	}
	latest, err := migrations.Latest(m.dialect())
	if err != nil || version >= latest {
		return err
	}
	return m.Up(ctx)
}

// login names the person at the keyboard in the audit log.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// Close ends the connection.
func (u *Users) Close() error { return u.store.Close() }

// Create makes an account.
func (u *Users) Create(ctx context.Context, n NewUser) (api.User, error) {
	return shown(u.auth.CreateUser(ctx, u.by, n))
}

// List finds accounts whose e-mail or username contains query, oldest first.
func (u *Users) List(ctx context.Context, query string, limit int) ([]api.User, error) {
	rows, err := u.auth.Users(ctx, query, limit)
	out := make([]api.User, len(rows))
	for i, row := range rows {
		out[i] = userView(row)
	}
	return out, err
}

// SetRole makes an account an admin, or a user again.
func (u *Users) SetRole(ctx context.Context, identifier, role string) (api.User, error) {
	return shown(u.auth.SetRole(ctx, u.by, identifier, role))
}

// SetTier changes what an account may use.
func (u *Users) SetTier(ctx context.Context, identifier, tier string) (api.User, error) {
	return shown(u.auth.SetTier(ctx, u.by, identifier, tier))
}

// ResetPassword gives an account a new password and ends all its sessions.
func (u *Users) ResetPassword(ctx context.Context, identifier, password string) (api.User, error) {
	return shown(u.auth.ResetPassword(ctx, u.by, identifier, password))
}

// ResetLink is what an operator hands to somebody who cannot sign in.
type ResetLink struct {
	User api.User `json:"user"`
	// URL opens the page with the code in its fragment, which no server, proxy
	// or log sees.
	URL       string   `json:"url"`
	Code      string   `json:"code"`
	ExpiresAt api.Time `json:"expiresAt"`
	Sent      bool     `json:"sent"` // it was brought to the user already
}

// ResetLink makes a one-time link by which an account gets a new password.
func (u *Users) ResetLink(ctx context.Context, identifier string, validFor time.Duration) (ResetLink, error) {
	r, err := u.auth.IssueReset(ctx, u.by, identifier, validFor)
	if err != nil {
		return ResetLink{}, err
	}
	return ResetLink{
		User: userView(r.User), URL: u.base + "/#reset=" + r.Code, Code: r.Code, ExpiresAt: api.Time(r.ExpiresAt), Sent: r.Sent,
	}, nil
}

// pageOf is where people open the page, as far as the configuration tells.
func pageOf(c configs.Server) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://localhost:" + strconv.Itoa(c.Port)
}

// Disable shuts an account out, open sockets too.
func (u *Users) Disable(ctx context.Context, identifier string) (api.User, error) {
	return shown(u.auth.Disable(ctx, u.by, identifier))
}

// Enable lets it in again.
func (u *Users) Enable(ctx context.Context, identifier string) (api.User, error) {
	return shown(u.auth.Enable(ctx, u.by, identifier))
}

func shown(u storage.User, err error) (api.User, error) { return userView(u), err }

func userView(u storage.User) api.User {
	return api.User{
		ID: u.ID, Email: u.Email, Username: u.Username, DisplayName: u.DisplayName, Timezone: u.Timezone, Role: u.Role, Tier: u.Tier,
		CreatedAt: api.Time(u.CreatedAt), LastActiveAt: api.Time(u.LastActiveAt), Disabled: !u.DisabledAt.IsZero(),
	}
}
