package cmd

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

func newAudit(a *app) *cobra.Command {
	var l api.List
	var asJSON bool
	c := &cobra.Command{
		Use:     "audit",
		Short:   "List what operators did, newest first",
		Example: "  coach audit --filter 'action~user ago<7d'\n  coach audit --filter actor=token:deploy --json",
		Args:    cobra.NoArgs,
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, _ []string) error {
			if l.Limit < 1 || l.Limit > api.MaxPage {
				return &usageError{"--limit is a whole number from 1 to " + strconv.Itoa(api.MaxPage)}
			}
			page, err := d.Audit(ctx, l)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Stdout, page.Items)
			}
			t := newTable(a.Stdout)
			t.row("WHEN (UTC)", "WHO", "WHAT", "WHOM", "HOW", "FROM")
			for _, e := range page.Items {
				t.row(time.Time(e.At).UTC().Format(time.DateTime), printable(e.Actor), e.Action, printable(e.Target), printable(e.Detail), printable(e.Address))
			}
			return t.flush()
		}),
	}
	c.Flags().StringVar(&l.Filter, "filter", "", "only entries that answer to it: actor, action, target, detail, address, ago")
	c.Flags().IntVar(&l.Limit, "limit", 50, "most entries to list, up to "+strconv.Itoa(api.MaxPage))
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return c
}
