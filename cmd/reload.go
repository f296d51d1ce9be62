package cmd

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
)

// reloads reads the configuration again at each SIGHUP, and hands it on if it
// is sound; one that is not is told of, and what holds goes on holding. It
// ends with ctx. Windows has no such signal.
func (a *app) reloads(ctx context.Context, c *cobra.Command, level *slog.LevelVar, log *slog.Logger) <-chan configs.Config {
	asked, read := make(chan os.Signal, 1), make(chan configs.Config)
	signal.Notify(asked, syscall.SIGHUP)
	go func() {
		defer signal.Stop(asked)
		for {
			select {
			case <-asked:
			case <-ctx.Done():
				return
			}
			cfg, err := a.settled(c)
			if err != nil {
				log.Error("the configuration was not taken over; what held before goes on", "err", err)
				continue
			}
			level.Set(levelOf(cfg.Log))
			select {
			case read <- cfg:
			case <-ctx.Done():
				return
			}
		}
	}()
	return read
}
