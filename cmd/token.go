package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

func newToken(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "token",
		Short: "Make and end tokens for operators' tools",
		Long: "An operator token lets a tool see the server (--read-only: `coach admin`, Prometheus) or steer it (--admin).\n" +
			"It is told once, when it is made; only a digest of it is kept.",
	})
	c.AddCommand(newTokenCreate(a), newTokenList(a), newTokenRevoke(a))
	return c
}

func newTokenCreate(a *app) *cobra.Command {
	var isAdmin, readOnly bool
	var lasts time.Duration
	c := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make a token; the audit log tells by NAME who did something",
		Example: "  coach token create prometheus --read-only\n  coach token create deploy --admin --expires 720h",
		Args:    exactly("create NAME"),
		RunE: a.withDesk(server.MakeAbsent, func(ctx context.Context, d desk, args []string) error {
			scope := api.ScopeReadOnly
			if isAdmin {
				scope = api.ScopeAdmin
			}
			made, err := d.CreateToken(ctx, api.NewToken{Name: args[0], Scope: scope, ExpiresInSeconds: int64(lasts / time.Second)})
			if err != nil {
				return err
			}
			// The secret alone is on standard output, so that it can go straight into a file.
			if _, err := fmt.Fprintf(a.Stderr, "made %s (%s, %s); this is shown once:\n", printable(made.Name), made.Scope, until(made.ExpiresAt)); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.Stdout, made.Secret)
			return err
		}),
	}
	c.Flags().BoolVar(&isAdmin, "admin", false, "it may do everything an operator may")
	c.Flags().BoolVar(&readOnly, "read-only", false, "it may look and do nothing")
	c.Flags().DurationVar(&lasts, "expires", 0, "how long it works, such as 720h (default: until it is revoked)")
	c.MarkFlagsMutuallyExclusive("admin", "read-only")
	c.MarkFlagsOneRequired("admin", "read-only")
	return c
}

func newTokenList(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the tokens, without their secrets, newest first",
		Args:  cobra.NoArgs,
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, _ []string) error {
			found, err := d.Tokens(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Stdout, found)
			}
			t := newTable(a.Stdout)
			t.row("NAME", "SCOPE", "BEGINS WITH", "STATE", "CREATED", "BY", "LAST USED", "ID")
			for _, one := range found {
				t.row(printable(one.Name), one.Scope, one.Prefix, tokenState(one, time.Now()), day(one.CreatedAt), printable(one.CreatedBy), moment(one.LastUsedAt), one.ID)
			}
			return t.flush()
		}),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return c
}

func newTokenRevoke(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke TOKEN",
		Short: "End a token at once; TOKEN is its name, its id or how it begins",
		Args:  exactly("revoke TOKEN"),
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, args []string) error {
			t, err := d.RevokeToken(ctx, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "revoked %s (%s, %s…)\n", printable(t.Name), t.Scope, t.Prefix)
			return err
		}),
	}
}

func tokenState(t api.Token, now time.Time) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked " + day(*t.RevokedAt)
	case t.ExpiresAt != nil && !now.Before(time.Time(*t.ExpiresAt)):
		return "expired " + day(*t.ExpiresAt)
	}
	return until(t.ExpiresAt)
}

func until(at *api.Time) string {
	if at == nil {
		return "until revoked"
	}
	return "until " + time.Time(*at).UTC().Format(time.DateTime)
}

func moment(at *api.Time) string {
	if at == nil {
		return "never"
	}
	return time.Time(*at).UTC().Format(time.DateTime)
}
