package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

func newDB(a *app) *cobra.Command {
	c := group(&cobra.Command{Use: "db", Short: "Move between databases"})
	c.AddCommand(newDBCopy(a))
	return c
}

func newDBCopy(a *app) *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "copy",
		Short: "Carry everything into another, empty database, and prove that it is equal",
		Long: "SQLite and Postgres may stand on either side. Stop the servers first: what is written meanwhile is not in the\n" +
			"copy. Images stay where they are. Every table is read back from the target and compared, row for row.",
		Example: "  coach db copy --from sqlite://coach_data/coach.db --to postgres://coach@127.0.0.1/coach",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for name, url := range map[string]string{"--from": from, "--to": to} {
				if url == "" {
					return &usageError{name + " is missing: a sqlite:// or postgres:// URL"}
				}
			}
			var rows int64
			err := a.below.copyDB(c.Context(), from, to, func(t server.CopiedTable) {
				rows += t.Rows
				tell(a.Stdout, fmt.Sprintf("%-18s %10d rows, equal (%s)\n", t.Table, t.Rows, t.Sum))
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "copied %d rows; point DATABASE_URL at the new database and start\n", rows)
			return err
		},
	}
	c.Flags().StringVar(&from, "from", "", "database to read")
	c.Flags().StringVar(&to, "to", "", "empty database to fill")
	return c
}
