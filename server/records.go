package server

import (
	"context"
	"log/slog"
	"os/user"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/storage"
)

// Desk is what the command line does for operators where no server runs: it
// works on the database itself. Its methods are those of [api.Client], which
// asks a running one; a server that runs on the database all the same, on
// another machine, notices within a second.
type Desk struct {
	store   *storage.Store
	auth    *auth.Service
	records *admin.Records
	who     admin.Operator
	base    string // where the page is
	images  func() (*upload.Service, error)
}

// OpenDesk opens the configured database for an operator at the keyboard.
func OpenDesk(ctx context.Context, c configs.Config, absent Absent, log *slog.Logger) (*Desk, error) {
	store, err := openForCommand(ctx, c, absent, log)
	if err != nil {
		return nil, err
	}
	if c, _, err = ensureSecret(c); err != nil {
		_ = store.Close()
		return nil, err
	}
	d, err := newDesk(ctx, c, store, log)
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return d, nil
}

func newDesk(ctx context.Context, c configs.Config, store *storage.Store, log *slog.Logger) (*Desk, error) {
	if _, err := loadTiers(ctx, store, c.Limits); err != nil {
		return nil, err
	}
	service, err := auth.New(store, nil, authOptions(c, log))
	if err != nil {
		return nil, err
	}
	who := admin.Operator{Name: "cli:" + login(), Scope: api.ScopeAdmin}
	images := func() (*upload.Service, error) {
		return newUploads(c.Upload, upload.Options{Store: store, Logger: log})
	}
	return &Desk{store: store, auth: service, records: admin.NewRecords(store, service, checkTier, log), who: who, base: pageOf(c.Server), images: images}, nil
}

// login names the person at the keyboard in the audit log.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// Close ends the connection.
func (d *Desk) Close() error { return d.store.Close() }

// CreateAccount makes an account.
func (d *Desk) CreateAccount(ctx context.Context, n api.NewAccount) (api.User, error) {
	return d.records.CreateAccount(ctx, d.who, n)
}

// Accounts lists accounts.
func (d *Desk) Accounts(ctx context.Context, l api.List) (api.Page[api.Account], error) {
	return d.records.Accounts(ctx, l)
}

// ChangeAccount changes what is given of an account.
func (d *Desk) ChangeAccount(ctx context.Context, whom string, change api.AccountChange) (api.User, error) {
	return d.records.ChangeAccount(ctx, d.who, whom, change)
}

// DeleteAccount deletes an account and all its data.
func (d *Desk) DeleteAccount(ctx context.Context, whom string) error {
	return d.records.DeleteAccount(ctx, d.who, whom)
}

// SignOut ends all of an account's sessions.
func (d *Desk) SignOut(ctx context.Context, whom string) (api.Ended, error) {
	return d.records.SignOut(ctx, d.who, whom)
}

// Disable shuts an account out.
func (d *Desk) Disable(ctx context.Context, whom string) (api.User, error) {
	return d.records.Disable(ctx, d.who, whom)
}

// Enable lets it in again.
func (d *Desk) Enable(ctx context.Context, whom string) (api.User, error) {
	return d.records.Enable(ctx, d.who, whom)
}

// Tiers lists the tiers by name; of their use only the accounts are known.
func (d *Desk) Tiers(ctx context.Context) ([]api.Tier, error) { return d.records.Tiers(ctx) }

// EditTier changes what is given of a tier's limits.
func (d *Desk) EditTier(ctx context.Context, name string, change api.LimitsChange) (api.Tier, error) {
	return d.records.EditTier(ctx, d.who, name, change)
}

// Audit lists what operators did.
func (d *Desk) Audit(ctx context.Context, l api.List) (api.Page[api.AuditEntry], error) {
	return d.records.Audit(ctx, l)
}

// Tokens lists operator tokens.
func (d *Desk) Tokens(ctx context.Context) ([]api.Token, error) { return d.records.Tokens(ctx) }

// CreateToken makes an operator token.
func (d *Desk) CreateToken(ctx context.Context, n api.NewToken) (api.MadeToken, error) {
	return d.records.CreateToken(ctx, d.who, n)
}

// RevokeToken ends one.
func (d *Desk) RevokeToken(ctx context.Context, which string) (api.Token, error) {
	return d.records.RevokeToken(ctx, d.who, which)
}
