package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

func newUser(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "user",
		Short: "Make and change accounts, for operators",
		Long: "Asks the running server through its admin socket, and where none runs, works on the database itself; servers on\n" +
			"other machines notice within a second.\n" +
			"Passwords come from standard input, from --password-file, or are asked for; never from the command line.",
	})
	c.AddCommand(
		newUserCreate(a), newUserList(a), newUserSetRole(a), newUserSetTier(a),
		newUserResetPassword(a), newUserResetLink(a), newUserSignOut(a), newUserDisable(a), newUserEnable(a), newUserDelete(a), newUserImport(a),
	)
	return c
}

func newUserCreate(a *app) *cobra.Command {
	var n api.NewAccount
	var file string
	c := &cobra.Command{
		Use:     "create",
		Short:   "Make an account",
		Example: "  coach user create --email you@example.com --username you --role admin\n  coach user create --email bot@example.com --username bot --password-file bot.txt",
		Args:    cobra.NoArgs,
		RunE: a.withDesk(server.MakeAbsent, func(ctx context.Context, d desk, _ []string) error {
			made, err := d.CreateAccount(ctx, n)
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
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, args []string) error {
			query := ""
			if len(args) == 1 {
				query = args[0]
			}
			found, err := findUsers(ctx, d, query, limit)
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
	return a.change("set-role USER ROLE", "Make an account an admin, or a user again", func(ctx context.Context, d desk, args []string) (api.User, error) {
		return d.ChangeAccount(ctx, args[0], api.AccountChange{Role: &args[1]})
	})
}

func newUserSetTier(a *app) *cobra.Command {
	return a.change("set-tier USER TIER", "Change what an account may use: free, premium, enterprise", func(ctx context.Context, d desk, args []string) (api.User, error) {
		return d.ChangeAccount(ctx, args[0], api.AccountChange{Tier: &args[1]})
	})
}

func newUserDisable(a *app) *cobra.Command {
	return a.change("disable USER", "Shut an account out; its open sockets close within a second", func(ctx context.Context, d desk, args []string) (api.User, error) {
		return d.Disable(ctx, args[0])
	})
}

func newUserEnable(a *app) *cobra.Command {
	return a.change("enable USER", "Let a disabled account in again", func(ctx context.Context, d desk, args []string) (api.User, error) {
		return d.Enable(ctx, args[0])
	})
}

func newUserResetPassword(a *app) *cobra.Command {
	var file, password string
	c := a.change("reset-password USER", "Give an account a new password and end all its sessions", func(ctx context.Context, d desk, args []string) (api.User, error) {
		return d.ChangeAccount(ctx, args[0], api.AccountChange{Password: &password})
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

func newUserSignOut(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "sign-out USER",
		Short: "End all sessions of an account; its open sockets close within a second",
		Args:  exactly("sign-out USER"),
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, args []string) error {
			ended, err := d.SignOut(ctx, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "sessions ended: %d\n", ended.Count)
			return err
		}),
	}
}

func newUserDelete(a *app) *cobra.Command {
	var sure bool
	c := &cobra.Command{
		Use:   "delete USER --yes",
		Short: "Delete an account and all its data, for good",
		Args:  exactly("delete USER"),
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, args []string) error {
			if !sure {
				return &usageError{"this cannot be undone; say --yes"}
			}
			if err := d.DeleteAccount(ctx, args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.Stdout, "deleted %s\n", printable(args[0]))
			return err
		}),
	}
	c.Flags().BoolVar(&sure, "yes", false, "do it")
	return c
}

// findUsers lists accounts whose e-mail or username contains query. The server
// looks in every text of an account; what it found elsewhere is left out.
func findUsers(ctx context.Context, d desk, query string, limit int) ([]api.User, error) {
	found := []api.User{}
	l := api.List{Limit: api.MaxPage}
	if word := strings.ReplaceAll(query, `"`, ""); word != "" {
		l.Filter = `"` + word + `"`
	}
	query = strings.ToLower(query)
	for {
		page, err := d.Accounts(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, one := range page.Items {
			if !strings.Contains(strings.ToLower(one.Email+"\n"+one.Username), query) {
				continue
			}
			if found = append(found, one.User); len(found) == limit {
				return found, nil
			}
		}
		if l.Cursor = page.NextCursor; l.Cursor == "" {
			return found, nil
		}
	}
}

func passwordFile(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "password-file", "", "file whose first line is the password (default: standard input)")
}

// change is a command about one account, named by e-mail, username or id; its
// usage line says how many arguments it takes.
func (a *app) change(use, short string, do func(ctx context.Context, d desk, args []string) (api.User, error)) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Long:  short + ".\nUSER is an e-mail address, a username or an id.",
		Args:  exactly(use),
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, args []string) error {
			changed, err := do(ctx, d, args)
			return a.report(changed, err, "changed")
		}),
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
