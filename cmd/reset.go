package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

func newUserResetLink(a *app) *cobra.Command {
	var valid time.Duration
	var asJSON bool
	const use = "reset-link USER"
	c := &cobra.Command{
		Use:   use,
		Short: "Make a one-time link by which somebody sets a new password",
		Long: "Makes a link that sets a new password once, and takes an earlier one of that account out of force. Hand it over\n" +
			"in a way that only its owner can read: whoever has it has the account. Using it ends all sessions of the account.\n" +
			"USER is an e-mail address, a username or an id.",
		Args: exactly(use),
		RunE: a.withRecords(server.RefuseAbsent, func(ctx context.Context, u keyboard, args []string) error {
			link, err := u.ResetLink(ctx, args[0], valid)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Stdout, link)
			}
			return a.showResetLink(link)
		}),
	}
	c.Flags().DurationVar(&valid, "valid", time.Hour, "how long it works, from 1m to 168h")
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func (a *app) showResetLink(link server.ResetLink) error {
	how := "No e-mail was sent: hand it over yourself."
	if link.Sent {
		how = "It was sent to them."
	}
	_, err := fmt.Fprintf(a.Stdout, "A new password for %s, once, until %s UTC:\n\n  %s\n\n%s\n",
		link.User.Username, time.Time(link.ExpiresAt).UTC().Format(time.DateTime), link.URL, how)
	return err
}
