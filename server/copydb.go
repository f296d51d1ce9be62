package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/storage"
)

// CopiedTable is one that `coach db copy` has carried over and compared.
type CopiedTable = storage.Moved

// CopyDatabase carries everything from one database into another, which is
// given the newest schema first and must be empty, and proves that both hold
// the same. No server may write to the source meanwhile: what it writes after
// the copy has begun is not in it.
func CopyDatabase(ctx context.Context, from, to string, told func(CopiedTable)) error {
	if from == to {
		return errors.New("the source and the target are the same database")
	}
	source, err := openAt(ctx, from, RefuseAbsent)
	if err != nil {
		return fmt.Errorf("open the source: %w", err)
	}
	defer func() { _ = source.Close() }()
	current, latest, err := migrations.Version(ctx, source.DB(), migrations.Dialect(source.Dialect()))
	if err != nil {
		return fmt.Errorf("look at the source: %w", err)
	}
	if current != latest {
		return fmt.Errorf("the source is at schema %d and this program works with %d: run `coach migrate up` on it first", current, latest)
	}
	target, err := openAt(ctx, to, MakeAbsent)
	if err != nil {
		return fmt.Errorf("open the target: %w", err)
	}
	defer func() { _ = target.Close() }()
	if _, err := migrations.Up(ctx, target.DB(), migrations.Dialect(target.Dialect())); err != nil {
		return fmt.Errorf("prepare the target: %w", err)
	}
	return storage.CopyAll(ctx, source, target, told)
}

func openAt(ctx context.Context, url string, absent Absent) (*storage.Store, error) {
	cfg, _, err := configs.Load(configs.LoadOptions{Environ: []string{"DATABASE_URL=" + url}})
	var problems configs.Problems
	if errors.As(err, &problems) {
		return nil, errors.New("its address " + problems[0].What) // and not the variable's
	}
	if err != nil {
		return nil, err
	}
	path, isNew, err := lookFor(cfg)
	if err != nil {
		return nil, err
	}
	if isNew && absent == RefuseAbsent {
		return nil, fmt.Errorf("there is no database at %s", path)
	}
	return openStore(ctx, cfg, slog.New(slog.DiscardHandler))
}
