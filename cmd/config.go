package cmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
)

func newConfig(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "config",
		Short: "Look at the configuration",
		Long:  "Later ones win: defaults, the file of --config, .env (in development), the environment, flags.",
	})
	c.AddCommand(newConfigCheck(a), newConfigShow(a), newConfigDefault(a), newConfigEnv(a))
	return c
}

func newConfigCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say whether the configuration is sound, and everything that is wrong with it",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, sources, err := a.load(c)
			if err != nil {
				return err
			}
			for _, warning := range cfg.Warnings() {
				tell(a.Stderr, "coach: warning: "+warning+"\n")
			}
			if err := server.CheckFiles(cfg); err != nil {
				return err
			}
			given := 0
			for _, source := range sources {
				if source.Kind != configs.FromDefault {
					given++
				}
			}
			_, err = fmt.Fprintf(a.Stdout, "The configuration is sound: %s, %d of %d settings given.\n", cfg.Environment, given, len(sources))
			return err
		},
	}
}

func newConfigShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "List every setting with its value and where that came from; secrets are masked",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, sources, problems := a.load(c)
			t := newTable(a.Stdout)
			t.row("SETTING", "VALUE", "FROM")
			for _, k := range configs.Keys() {
				t.row(k.Path, k.Value(cfg), sources[k.Path].String())
			}
			return errors.Join(problems, t.flush())
		},
	}
}

func newConfigDefault(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "default",
		Short: "Print a file for --config with every setting at its default",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.Stdout, configs.Example())
			return err
		},
	}
}

func newConfigEnv(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Print a template of .env with every name that is read from the environment",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.Stdout, configs.DotEnv())
			return err
		},
	}
}
