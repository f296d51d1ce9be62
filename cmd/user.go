package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

func newUser(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "user",
		Short: "Make and change accounts, for operators",
		Long: "Works on the database itself, whether a server runs on it or not; a running one notices within a second.\n" +
			"Passwords come from standard input, from --password-file, or are asked for; never from the command line.",
	})
	c.AddCommand(
		newUserCreate(a), newUserList(a), newUserSetRole(a), newUserSetTier(a),
		newUserResetPassword(a), newUserResetLink(a), newUserDisable(a), newUserEnable(a), newUserImport(a),
	)
	return c
}

func newUserCreate(a *app) *cobra.Command {
	var n server.NewUser
	var file string
	c := &cobra.Command{
		Use:     "create",
		Short:   "Make an account",
		Example: "  coach user create --email you@example.com --username you --role admin\n  coach user create --email bot@example.com --username bot --password-file bot.txt",
		Args:    cobra.NoArgs,
		RunE: a.withUsers(func(ctx context.Context, u users, _ []string) error {
			made, err := u.Create(ctx, n)
			return a.report(made, err, "made")
		}),
	}
	open := c.RunE
	// The password is asked for first: nobody should type it twice for a
	// database that is then locked while they think.
	c.RunE = func(c *cobra.Command, args []string) error {
		var err error
		if n.Password, err = a.password(c.Context(), file); err != nil {
			return err
		}
		return open(c, args)
	}
	c.Flags().StringVar(&n.Email, "email", "", "its e-mail address")
	c.Flags().StringVar(&n.Username, "username", "", "its name: 3 to 50 letters, digits and _")
	c.Flags().StringVar(&n.Role, "role", "user", "user or admin")
	c.Flags().StringVar(&n.Tier, "tier", "free", "free, premium or enterprise")
	passwordFile(c, &file)
	for _, name := range []string{"email", "username"} {
		// Fails only for a flag that is not there.
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func newUserList(a *app) *cobra.Command {
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [TEXT]",
		Short: "List accounts, or those whose e-mail or username contains TEXT",
		Args:  cobra.MaximumNArgs(1),
		RunE: a.withUsers(func(ctx context.Context, u users, args []string) error {
			query := ""
			if len(args) == 1 {
				query = args[0]
			}
			found, err := u.List(ctx, query, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Stdout, found)
			}
			return a.listUsers(found)
		}),
	}
	c.Flags().IntVar(&limit, "limit", 100, "most accounts to list")
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return c
}

func newUserSetRole(a *app) *cobra.Command {
	return a.change("set-role USER ROLE", "Make an account an admin, or a user again", func(ctx context.Context, u users, args []string) (api.User, error) {
		return u.SetRole(ctx, args[0], args[1])
	})
}

func newUserSetTier(a *app) *cobra.Command {
	return a.change("set-tier USER TIER", "Change what an account may use: free, premium, enterprise", func(ctx context.Context, u users, args []string) (api.User, error) {
		return u.SetTier(ctx, args[0], args[1])
	})
}

func newUserDisable(a *app) *cobra.Command {
	return a.change("disable USER", "Shut an account out; its open sockets close within a second", func(ctx context.Context, u users, args []string) (api.User, error) {
		return u.Disable(ctx, args[0])
	})
}

func newUserEnable(a *app) *cobra.Command {
	return a.change("enable USER", "Let a disabled account in again", func(ctx context.Context, u users, args []string) (api.User, error) {
		return u.Enable(ctx, args[0])
	})
}

func newUserResetPassword(a *app) *cobra.Command {
	var file, password string
	c := a.change("reset-password USER", "Give an account a new password and end all its sessions", func(ctx context.Context, u users, args []string) (api.User, error) {
		return u.ResetPassword(ctx, args[0], password)
	})
	open := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		var err error
		if password, err = a.password(c.Context(), file); err != nil {
			return err
		}
		return open(c, args)
	}
	passwordFile(c, &file)
	return c
}

func passwordFile(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "password-file", "", "file whose first line is the password (default: standard input)")
}

// change is a command about one account, named by e-mail, username or id; its
// usage line says how many arguments it takes.
func (a *app) change(use, short string, do func(ctx context.Context, u users, args []string) (api.User, error)) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Long:  short + ".\nUSER is an e-mail address, a username or an id.",
		Args:  exactly(use),
		RunE: a.withUsers(func(ctx context.Context, u users, args []string) error {
			changed, err := do(ctx, u, args)
			return a.report(changed, err, "changed")
		}),
	}
}

// withUsers opens the accounts around do.
func (a *app) withUsers(do func(ctx context.Context, u users, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		cfg, err := a.settled(c)
		if err != nil {
			return err
		}
		u, err := a.below.users(c.Context(), cfg, newLogger(cfg.Log, a.Stderr, a.palette()))
		if err != nil {
			return err
		}
		return errors.Join(do(c.Context(), u, args), u.Close())
	}
}

func (a *app) report(u api.User, err error, done string) error {
	if err != nil {
		return err
	}
	state := ""
	if u.Disabled {
		state = ", disabled"
	}
	_, err = fmt.Fprintf(a.Stdout, "%s %s (%s, %s, %s%s) %s\n", done, u.Username, printable(u.Email), u.Role, u.Tier, state, u.ID)
	return err
}

func (a *app) listUsers(found []api.User) error {
	t := newTable(a.Stdout)
	t.row("USERNAME", "EMAIL", "ROLE", "TIER", "STATE", "CREATED", "LAST ACTIVE", "ID")
	for _, u := range found {
		state := "active"
		if u.Disabled {
			state = "disabled"
		}
		t.row(u.Username, u.Email, u.Role, u.Tier, state, day(u.CreatedAt), day(u.LastActiveAt), u.ID)
	}
	return t.flush()
}

func day(t api.Time) string {
	if time.Time(t).IsZero() {
		return "never"
	}
	return time.Time(t).UTC().Format(time.DateOnly)
}
