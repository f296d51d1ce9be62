package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/elite-trading-coach/coach/storage"
)

// ScratchDatabase makes an empty database on the Postgres server that dbURL
// names, beside the one in it, which is not touched. It gives its URL and what
// removes it again.
func ScratchDatabase(ctx context.Context, dbURL string) (scratch string, drop func(context.Context) error, err error) {
	store, err := openAt(ctx, dbURL, RefuseAbsent)
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	name, remove, err := store.CreateScratch(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("make a database for the test: %w", err)
	}
	if scratch, err = storage.InDatabase(dbURL, name); err == nil {
		scratch, err = withoutSchema(scratch)
	}
	if err != nil {
		return "", nil, errors.Join(err, remove(context.WithoutCancel(ctx)))
	}
	return scratch, func(ctx context.Context) error { return errors.Join(remove(ctx), store.Close()) }, nil
}

// withoutSchema takes out the search path: the new database has none but public.
func withoutSchema(dbURL string) (string, error) {
	u, err := url.Parse(dbURL)
	if err != nil {
		return "", errors.New("the database URL cannot be read")
	}
	q := u.Query()
	q.Del("search_path")
	u.RawQuery = q.Encode()
	return u.String(), nil
}
