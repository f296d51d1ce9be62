package cmd

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

// desk is what commands for operators do, through a running server or in the
// database itself.
type desk interface {
	CreateAccount(ctx context.Context, n api.NewAccount) (api.User, error)
	Accounts(ctx context.Context, l api.List) (api.Page[api.Account], error)
	ChangeAccount(ctx context.Context, whom string, change api.AccountChange) (api.User, error)
	DeleteAccount(ctx context.Context, whom string) error
	SignOut(ctx context.Context, whom string) (api.Ended, error)
	Disable(ctx context.Context, whom string) (api.User, error)
	Enable(ctx context.Context, whom string) (api.User, error)
	Tiers(ctx context.Context) ([]api.Tier, error)
	EditTier(ctx context.Context, name string, change api.LimitsChange) (api.Tier, error)
	Audit(ctx context.Context, l api.List) (api.Page[api.AuditEntry], error)
	Tokens(ctx context.Context) ([]api.Token, error)
	CreateToken(ctx context.Context, n api.NewToken) (api.MadeToken, error)
	RevokeToken(ctx context.Context, which string) (api.Token, error)
	Close() error
}

// running is a desk at a running server.
type running struct{ *api.Client }

// Close implements desk.
func (running) Close() error { return nil }

// openDesk asks the server of this configuration's data folder, if one runs;
// else it opens the database.
func openDesk(ctx context.Context, c configs.Config, absent server.Absent, log *slog.Logger) (desk, error) {
	if client := atSocket(ctx, c.Server.AdminSocket); client != nil {
		return running{client}, nil
	}
	d, err := server.OpenDesk(ctx, c, absent, log)
	if err != nil {
		return nil, err // a nil *Desk in the interface would not be nil
	}
	return d, nil
}

// atSocket is a client of the server that listens there, nil where none does.
func atSocket(ctx context.Context, path string) *api.Client {
	if _, err := os.Stat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	client := api.OverSocket(path)
	client.Timeout = 2 * time.Second
	if _, err := client.Health(ctx, "live"); err != nil {
		return nil
	}
	client.Timeout = time.Minute // a password's hash may wait for others
	return client
}

// withDesk opens it around do. What makes the first of something may make the
// database, too.
func (a *app) withDesk(absent server.Absent, do func(ctx context.Context, d desk, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		cfg, err := a.settled(c)
		if err != nil {
			return err
		}
		d, err := a.below.desk(c.Context(), cfg, absent, newLogger(cfg.Log, a.Stderr, a.palette()))
		if err != nil {
			return err
		}
		return errors.Join(do(c.Context(), d, args), d.Close())
	}
}
