package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

func newUserImport(a *app) *cobra.Command {
	const use = "import FILE"
	var how server.ArchiveImport
	var file string
	c := &cobra.Command{
		Use:   use,
		Short: "Load an archive of an account, as /api/auth/me/export gives it",
		Long: "Loads the plan, trades, verdicts and conversations of an archive into a new account with the archive's e-mail and\n" +
			"username, or into the one that --into names. The account owns each conversation, alone. Images go where this\n" +
			"server's images live, after the checks of any upload; one that is refused stays in the archive. An archive that\n" +
			"is not sound is refused as a whole, and one account takes the same archive once.",
		Example: "  coach user import coach-account.zip --password-file new.txt\n  coach user import coach-account.zip --into ann",
		Args:    exactly(use),
	}
	load := a.withRecords(server.MakeAbsent, func(ctx context.Context, u keyboard, args []string) error {
		in, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("open the archive: %w", err)
		}
		owner, loaded, err := u.Import(ctx, in, how)
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		return a.loaded(owner.Username, loaded)
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		var err error
		if how.Into == "" {
			if how.Password, err = a.password(c.Context(), file); err != nil {
				return err
			}
		}
		return load(c, args)
	}
	c.Flags().StringVar(&how.Into, "into", "", "an account that is there: an e-mail address, a username or an id")
	passwordFile(c, &file)
	return c
}

// withRecords opens the database around do, beside a running server too.
func (a *app) withRecords(absent server.Absent, do func(ctx context.Context, u keyboard, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		cfg, err := a.settled(c)
		if err != nil {
			return err
		}
		u, err := a.below.records(c.Context(), cfg, absent, newLogger(cfg.Log, a.Stderr, a.palette()))
		if err != nil {
			return err
		}
		return errors.Join(do(c.Context(), u, args), u.Close())
	}
}

// loaded tells what an archive brought.
func (a *app) loaded(username string, l server.Loaded) error {
	_, err := fmt.Fprintf(a.Stdout, "loaded into %s: %d plan versions, %d trades, %d verdicts, %d conversations, %d messages, %d images\n",
		username, l.Plans, l.Trades, l.Verdicts, l.Conversations, l.Messages, l.Images)
	if err == nil && l.ImagesLeft > 0 {
		_, err = fmt.Fprintf(a.Stdout, "%d images stay in the archive: they are not whole, are refused here, or belong to a conversation that is not in it\n", l.ImagesLeft)
	}
	return err
}
