package cmd

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

// maxPlan bounds what is read as a plan; the reader itself refuses less.
const maxPlan = 1 << 20

func newPlan(a *app) *cobra.Command {
	c := group(&cobra.Command{Use: "plan", Short: "Look at trading plans"})
	c.AddCommand(newPlanLint(a))
	return c
}

func newPlanLint(a *app) *cobra.Command {
	const use = "lint FILE"
	return &cobra.Command{
		Use:   use,
		Short: "Say whether a trading plan is sound, and on which lines it is not",
		Long: "Reads a plan in YAML or JSON (- for standard input), as PUT /api/plan would, and prints every finding as\n" +
			"FILE:LINE: RULE: WHY. Exits with 1 when there are any. What a plan does not name has its default.",
		Example: "  coach plan lint plan.yaml",
		Args:    exactly(use),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.readFile(args[0])
			if err != nil {
				return fmt.Errorf("read the plan: %w", err)
			}
			findings := server.LintPlan(text)
			for _, f := range findings {
				if _, err := fmt.Fprintf(a.Stdout, "%s:%d: %s: %s\n", printable(args[0]), max(1, f.Line), printable(f.Rule), printable(f.Why)); err != nil {
					return err
				}
			}
			if len(findings) > 0 {
				return &failure{code: exitFailed}
			}
			_, err = fmt.Fprintf(a.Stdout, "%s is sound.\n", printable(args[0]))
			return err
		},
	}
}

// readFile reads a small file; - is standard input.
func (a *app) readFile(name string) ([]byte, error) {
	in := a.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, maxPlan))
}
