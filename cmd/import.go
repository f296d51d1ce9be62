package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

func newImport(a *app) *cobra.Command {
	const use = "import FILE"
	var user string
	var how server.TradeImport
	c := &cobra.Command{
		Use:   use,
		Short: "Read a file of trades into somebody's journal",
		Long: "Reads CSV (- for standard input) whose first line names the columns: instrument and side, and of the others\n" +
			"decision, quantity, entry, exit, openedAt, closedAt, fees, stop, targets, pointValue, setup, emotion, tags, note, fills.\n" +
			"Rows that are wrong are told by line and left out; then it exits with 1. Importing a file again changes nothing\n" +
			"for the rows that are in the journal already, so mend the file and import it once more.",
		Example: "  coach import trades.csv --user ann --timezone America/New_York --dry-run",
		Args:    exactly(use),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.settled(c)
			if err != nil {
				return err
			}
			in, err := a.openFile(args[0])
			if err != nil {
				return fmt.Errorf("open the trades: %w", err)
			}
			defer func() { _ = in.Close() }()
			j, err := a.below.journal(c.Context(), cfg, newLogger(cfg.Log, a.Stderr, a.palette()))
			if err != nil {
				return err
			}
			report, err := j.Import(c.Context(), user, in, how)
			return errors.Join(err, j.Close(), a.imported(report))
		},
	}
	c.Flags().StringVar(&user, "user", "", "whose journal: an e-mail address, a username or an id")
	c.Flags().StringVar(&how.Timezone, "timezone", "", "zone of the file's times, such as America/New_York")
	c.Flags().BoolVar(&how.DryRun, "dry-run", false, "tell what would be done and do nothing")
	for _, name := range []string{"user", "timezone"} {
		// Fails only for a flag that is not there.
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func (a *app) openFile(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.Stdin), nil
	}
	return os.Open(name)
}

// imported tells what became of the rows.
func (a *app) imported(r server.ImportReport) error {
	for _, e := range r.Errors {
		column := e.Column
		if column != "" {
			column += ": "
		}
		tell(a.Stderr, fmt.Sprintf("line %d: %s%s\n", e.Line, printable(column), printable(e.Message)))
	}
	if more := r.Failed - len(r.Errors); len(r.Errors) > 0 && more > 0 {
		tell(a.Stderr, fmt.Sprintf("… and more; %d rows in all\n", r.Failed))
	}
	if len(r.Ignored) > 0 {
		tell(a.Stderr, "columns that are not known and were not read: "+printable(strings.Join(r.Ignored, ", "))+"\n")
	}
	done := "imported"
	if r.DryRun {
		done = "would be imported"
	}
	if r.Rows == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(a.Stdout, "%d rows: %d %s, %d known already, %d left out\n", r.Rows, r.Imported, done, r.Known, r.Failed); err != nil {
		return err
	}
	if r.Failed > 0 {
		return fmt.Errorf("%d of %d rows were left out; mend them and import the file again", r.Failed, r.Rows)
	}
	return nil
}
