package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/deploy/monitoring"
)

func newMetrics(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "metrics",
		Short: "Print what goes with /metrics: a dashboard, alert rules",
		Long: "A server shows Prometheus what it counts at /metrics, to whoever has an operator token (`coach token create`).\n" +
			"These print a Grafana dashboard and Prometheus alert rules that read it.",
	})
	c.AddCommand(
		a.prints("dashboard", "Print a Grafana dashboard, as JSON to import", monitoring.Dashboard()),
		a.prints("alerts", "Print alert rules for Prometheus, as YAML", monitoring.Alerts()),
	)
	return c
}

// prints is a command that has one thing to say.
func (a *app) prints(use, short, text string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.Stdout, text)
			return err
		},
	}
}
