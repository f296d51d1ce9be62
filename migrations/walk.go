package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"
)

// Migration is one step of the history and whether a database has it.
type Migration struct {
	Version   int64
	Name      string
	Applied   bool
	AppliedAt time.Time // zero when not applied
}

// Known lists every migration of the dialect as a database has them that is
// still to be made.
func Known(d Dialect) ([]Migration, error) {
	entries, err := files.ReadDir(string(d))
	if err != nil {
		return nil, fmt.Errorf("list migrations of %s: %w", d, err)
	}
	out := make([]Migration, len(entries))
	for i, e := range entries {
		version, err := goose.NumericComponent(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the number of migration %s: %w", e.Name(), err)
		}
		out[i] = Migration{Version: version, Name: e.Name()}
	}
	return out, nil
}

// Status lists every migration of the dialect, oldest first.
func Status(ctx context.Context, db *sql.DB, d Dialect) ([]Migration, error) {
	p, err := Provider(ctx, db, d)
	if err != nil {
		return nil, err
	}
	list, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read migration status: %w", err)
	}
	out := make([]Migration, len(list))
	for i, st := range list {
		out[i] = Migration{Version: st.Source.Version, Name: st.Source.Path, Applied: st.State == goose.StateApplied, AppliedAt: st.AppliedAt}
	}
	return out, nil
}

// Version tells the version of a database (0: none) and the newest one known.
func Version(ctx context.Context, db *sql.DB, d Dialect) (current, latest int64, err error) {
	p, err := Provider(ctx, db, d)
	if err != nil {
		return 0, 0, err
	}
	if current, latest, err = p.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", err)
	}
	return current, latest, nil
}

// Down takes the newest migration back.
func Down(ctx context.Context, db *sql.DB, d Dialect) error {
	p, err := Provider(ctx, db, d)
	if err != nil {
		return err
	}
	return down(ctx, p)
}

// Redo takes the newest migration back and applies it again.
func Redo(ctx context.Context, db *sql.DB, d Dialect) error {
	p, err := Provider(ctx, db, d)
	if err != nil {
		return err
	}
	if err := down(ctx, p); err != nil {
		return err
	}
	if _, err := p.UpByOne(ctx); err != nil {
		return fmt.Errorf("apply the migration again: %w", err)
	}
	return nil
}

func down(ctx context.Context, p *goose.Provider) error {
	if err := refuseNewer(ctx, p); err != nil {
		return err
	}
	_, err := p.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) {
		return errors.New("no migration is applied; there is nothing to take back")
	}
	if err != nil {
		return fmt.Errorf("take the newest migration back: %w", err)
	}
	return nil
}
