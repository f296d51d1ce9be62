package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
)

func newRoot(a *app) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "coach",
		Short: "A trading coach you can talk to: chat server, coach and tools in one program",
		Long: "coach serves a chat in which traders ask before they click. Start with `coach serve`: it needs no\n" +
			"configuration, keeps its data in ./coach_data and answers with its built-in coach.",
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	flags := root.PersistentFlags()
	flags.SortFlags = false
	configs.AddFlags(flags, "host", "port", "data-dir", "database-url")
	flags.String("config", "", "YAML `file` with settings; coach config default prints one")
	configs.AddFlags(flags, "log-format", "log-level")
	root.AddCommand(
		newServe(a), newMigrate(a), newUser(a), newToken(a), newTier(a), newAudit(a), newMetrics(a), newBackup(a), newDB(a), newPlan(a),
		newImport(a), newHealth(a), newDoctor(a), newConfig(a), newSecret(a), newSpec(a), newVersion(a), newDocs(a),
		newAdmin(a), newLoadtest(a), newAsk(a),
	)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	marked(root)
	return root
}

// group makes c a command that only holds others: alone it shows its help, and
// a name it does not hold is a mistake. Cobra itself would show the help for
// that too, and call it success.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		text := fmt.Sprintf("%q is no command of %s", args[0], c.CommandPath())
		var known []string
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				known = append(known, child.Name())
			}
		}
		if near := configs.Nearest(args[0], known); near != "" {
			return &usageError{text + "; did you mean `" + c.CommandPath() + " " + near + "`?"}
		}
		return &usageError{text + "; it has " + strings.Join(known, ", ")}
	}
	return c
}

// load reads the configuration that the process was given.
func (a *app) load(c *cobra.Command) (configs.Config, configs.Sources, error) {
	file, err := c.Flags().GetString("config")
	if err != nil {
		return configs.Config{}, nil, err
	}
	return configs.Load(configs.LoadOptions{Flags: c.Flags(), ConfigFile: file, Environ: a.Environ})
}

// settled is load for commands that need all of it to be sound.
func (a *app) settled(c *cobra.Command) (configs.Config, error) {
	cfg, _, err := a.load(c)
	var problems configs.Problems
	if errors.As(err, &problems) {
		err = fmt.Errorf("%w\nMend that and try again; `coach config show` tells where each value comes from", problems)
	}
	return cfg, err
}

// env is a variable of the process's environment.
func (a *app) env(name string) string {
	for _, pair := range a.Environ {
		if key, value, ok := strings.Cut(pair, "="); ok && key == name {
			return value
		}
	}
	return ""
}
