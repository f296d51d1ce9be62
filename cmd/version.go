package cmd

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server/api"
)

// Stamps are what the linker was told about this build; empty ones are read
// from what the Go toolchain noted by itself.
type Stamps struct{ Version, Commit, Date string }

// build fills the stamps that are missing.
func (s Stamps) build() api.Build {
	noted := api.Build{Version: "dev", Commit: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		noted = notedIn(info)
	}
	return api.Build{
		Version: cmp.Or(s.Version, noted.Version), Commit: cmp.Or(s.Commit, noted.Commit), Date: cmp.Or(s.Date, noted.Date),
	}
}

func notedIn(info *debug.BuildInfo) api.Build {
	b := api.Build{Version: info.Main.Version, Commit: "unknown"}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "dev"
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		}
	}
	return b
}

// builtWith is what `coach version --json` prints.
type builtWith struct {
	api.Build
	Go       string `json:"go"`
	Platform string `json:"platform"` // as in linux/amd64
}

func newVersion(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := builtWith{a.Stamps.build(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if asJSON {
				return writeJSON(a.Stdout, b)
			}
			text := fmt.Sprintf("coach %s (commit %s", b.Version, b.Commit)
			if b.Date != "" {
				text += ", " + b.Date
			}
			_, err := fmt.Fprintf(a.Stdout, "%s, %s, %s)\n", text, b.Go, b.Platform)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}
