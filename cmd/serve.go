package cmd

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
)

func newServe(a *app) *cobra.Command {
	var migrate bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the chat, its API and the page to try it on",
		Long: "Serves until it is interrupted, then stops gracefully within DRAIN_TIMEOUT; a second interrupt stops it\n" +
			"at once. Nothing needs to be configured: data goes to ./coach_data, and the built-in coach answers.\n" +
			"SIGHUP reads the configuration again and takes over log level, origins, prompts and certificates.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.settled(c)
			if err != nil {
				return err
			}
			level := &slog.LevelVar{}
			level.Set(levelOf(cfg.Log))
			log := newLoggerAt(level, cfg.Log.Format, a.Stderr, a.palette())
			for _, warning := range cfg.Warnings() {
				log.Warn(warning)
			}
			return a.below.serve(c.Context(), server.Options{
				Config: cfg, Logger: log, Build: a.Stamps.build(), Migrate: migrate,
				Reload: a.reloads(c.Context(), c, level, log),
				Ready:  func(info server.Info) { a.announce(c, cfg, info) },
			})
		},
	}
	configs.AddFlags(c.Flags(), "no-web")
	c.Flags().BoolVar(&migrate, "migrate", false, "bring a Postgres schema up to date first; SQLite's always is")
	return c
}

// announce says what is running: as a block for a person at a terminal, as one
// line of the log elsewhere.
func (a *app) announce(c *cobra.Command, cfg configs.Config, info server.Info) {
	if _, onTerminal := terminal(a.Stdout); !onTerminal {
		log := newLogger(cfg.Log, a.Stderr, a.palette())
		log.Info("listening", "url", info.URL, "address", cfg.Server.Addr(), "data", info.DataDir, "database", info.Database,
			"coach", info.Coach, "version", a.Stamps.build().Version, "environment", cfg.Environment)
		if info.Admins == 0 {
			log.Info("there is no admin yet", "make", firstAdmin(c))
		}
		return
	}
	tell(a.Stdout, startBlock(a.Stamps.build().Version, cfg, info, firstAdmin(c)))
}

func startBlock(version string, cfg configs.Config, info server.Info, firstAdmin string) string {
	var b strings.Builder
	line := func(name, text string) { fmt.Fprintf(&b, "  %-9s %s\n", name, text) }
	fmt.Fprintf(&b, "\ncoach %s listens on %s\n\n", version, info.URL)
	line("data", info.DataDir)
	line("database", info.Database)
	line("coach", info.Coach)
	if info.SecretGenerated {
		line("secret", "made, and kept in the data folder; production takes JWT_SECRET")
	}
	if info.Admins == 0 {
		line("admin", "none yet; make the first with:")
		line("", firstAdmin)
	}
	if !cfg.Server.NoWeb {
		line("try it", "open "+info.URL+" in a browser")
	}
	if info.LimitsOff {
		line("LIMITS", "ARE OFF: nobody is limited in anything; for benches only")
	}
	line("stop", "Ctrl-C")
	b.WriteString("\n")
	return b.String()
}

// firstAdmin is the command that makes an admin in the place this server uses.
// A database URL given as a flag is left out, since it may hold a password.
func firstAdmin(c *cobra.Command) string {
	text := "coach user create --email you@example.com --username you --role admin"
	for _, name := range []string{"config", "data-dir"} {
		if f := c.Flags().Lookup(name); f != nil && f.Changed {
			text += fmt.Sprintf(" --%s %s", name, shellWord(f.Value.String()))
		}
	}
	if f := c.Flags().Lookup("database-url"); f != nil && f.Changed {
		text += " --database-url …"
	}
	return text
}

// shellWord quotes what a shell would take apart.
func shellWord(text string) string {
	if text != "" && !strings.ContainsAny(text, " \t\"'`$\\&|;<>()*?[]#~=%!{}") {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
