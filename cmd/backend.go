package cmd

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

// backend is what commands reach below themselves; tests put another one in.
type backend struct {
	serve   func(ctx context.Context, o server.Options) error
	migrate func(ctx context.Context, c configs.Config) (migrator, error)
	desk    func(ctx context.Context, c configs.Config, absent server.Absent, log *slog.Logger) (desk, error)
	ask     func(ctx context.Context, c configs.Config, q server.Question, log *slog.Logger, emit func(string) error) (server.Reply, error)
	records func(ctx context.Context, c configs.Config, absent server.Absent, log *slog.Logger) (keyboard, error)
	journal func(ctx context.Context, c configs.Config, log *slog.Logger) (trades, error)
	backups func(c configs.Config, build api.Build) (*server.Backups, error)
	copyDB  func(ctx context.Context, from, to string, told func(server.CopiedTable)) error
}

type migrator interface {
	Missing() string
	Up(ctx context.Context) error
	Down(ctx context.Context) error
	Redo(ctx context.Context) error
	Status(ctx context.Context) ([]server.MigrationStatus, error)
	Version(ctx context.Context) (current, latest int64, err error)
	Close() error
}

// keyboard is what only the database itself is asked, also beside a running
// server.
type keyboard interface {
	ResetLink(ctx context.Context, identifier string, validFor time.Duration) (server.ResetLink, error)
	Import(ctx context.Context, file *os.File, how server.ArchiveImport) (api.User, server.Loaded, error)
	Close() error
}

type trades interface {
	Import(ctx context.Context, identifier string, file io.Reader, how server.TradeImport) (server.ImportReport, error)
	Close() error
}

func theServer() backend {
	return backend{
		serve:   server.Run,
		backups: server.OpenBackups,
		copyDB:  server.CopyDatabase,
		ask:     server.Ask,
		migrate: func(ctx context.Context, c configs.Config) (migrator, error) {
			m, err := server.Migrate(ctx, c)
			if err != nil {
				return nil, err // a nil *Migrator in the interface would not be nil
			}
			return m, nil
		},
		desk: openDesk,
		records: func(ctx context.Context, c configs.Config, absent server.Absent, log *slog.Logger) (keyboard, error) {
			d, err := server.OpenDesk(ctx, c, absent, log)
			if err != nil {
				return nil, err
			}
			return d, nil
		},
		journal: func(ctx context.Context, c configs.Config, log *slog.Logger) (trades, error) {
			j, err := server.OpenJournal(ctx, c, log)
			if err != nil {
				return nil, err
			}
			return j, nil
		},
	}
}
