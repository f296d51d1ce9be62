package storage_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for url, want := range map[string]string{
		"":                               "sqlite:// or postgres://",
		"coach.db":                       "(no scheme)",
		"mysql://user:hunter2@host/db":   "mysql://",
		"sqlite://":                      "no path",
		"postgres://user:hunter2@[::bad": "URL",
	} {
		s, err := storage.Open(context.Background(), storage.Options{URL: url})
		if err == nil {
			_ = s.Close()
			t.Errorf("%q was opened", url)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not mention %q", url, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the password is in the error: %v", url, err)
		}
	}
}

func TestOpenMakesTheFolderForItselfOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "50%#?.db")
	s := storagetest.Open(t, "sqlite://"+path)
	addUser(t, s, "ann")
	if found, err := filepath.Glob(filepath.Join(filepath.Dir(path), "50%#[?].db")); err != nil || len(found) != 1 {
		t.Errorf("the file has another name: %v, %v", found, err)
	}
}

func TestADatabaseThatDoesNotAnswerIsBusy(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := storage.Open(ctx, storage.Options{URL: "postgres://nobody@127.0.0.1:1/none?sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Ping(ctx); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("ping: %v", err)
	}
	if err := s.Tx(ctx, func(*storage.Tx) error { return nil }); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("transaction: %v", err)
	}
}

func TestIDs(t *testing.T) {
	var ids []string
	for range 1000 {
		ids = append(ids, storage.NewID())
	}
	if !slices.IsSorted(ids) {
		t.Error("later ids do not sort after earlier ones")
	}
	if !storage.ValidID(ids[0]) {
		t.Errorf("%s is not valid", ids[0])
	}
	for _, id := range []string{"", "x", strings.ToUpper(ids[0]), "{" + ids[0] + "}", "urn:uuid:" + ids[0], strings.ReplaceAll(ids[0], "-", ""), ids[0] + "\x00", ids[0][:35] + "g"} {
		if storage.ValidID(id) {
			t.Errorf("%q is valid", id)
		}
	}
}

func TestTransactions(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		t.Run("an error takes everything back and comes out as it was", func(t *testing.T) {
			mine := errors.New("mine")
			u := newUser("ann")
			err := s.Tx(ctx, func(tx *storage.Tx) error {
				if err := tx.InsertUser(ctx, u); err != nil {
					return err
				}
				if _, err := tx.User(ctx, u.ID); err != nil {
					t.Errorf("not seen by its own transaction: %v", err)
				}
				return mine
			})
			if err != mine { //nolint:errorlint // the very same
				t.Errorf("got %v", err)
			}
			if _, err := s.User(ctx, u.ID); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("it is there: %v", err)
			}
		})
		t.Run("a context that has ended changes nothing", func(t *testing.T) {
			ended, cancel := context.WithCancel(ctx)
			cancel()
			err := s.Tx(ended, func(tx *storage.Tx) error { return tx.InsertUser(ctx, newUser("late")) })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if _, err := s.UserByIdentifier(ctx, "late"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("it is there: %v", err)
			}
		})
		t.Run("a name that many want goes to one", func(t *testing.T) {
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				u := newUser(fmt.Sprint("racer", i))
				u.Username = "prize"
				wg.Go(func() { errs[i] = s.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertUser(ctx, u) }) })
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case !errors.Is(err, storage.ErrConflict):
					t.Errorf("lost with %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d won", won)
			}
		})
		t.Run("a clock near ours", func(t *testing.T) {
			at, err := s.Clock(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if off := time.Since(at).Abs(); off > time.Minute {
				t.Errorf("%s off", off)
			}
		})
	})
}

// Two sessions take the same two rows in opposite order: Postgres ends one of
// them with a deadlock, and the store runs it again.
func TestADeadlockIsRunAgain(t *testing.T) {
	ctx := context.Background()
	s := storagetest.NewPostgres(t)
	ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
	var met sync.WaitGroup
	met.Add(2)
	cross := func(first, second string) error {
		var once sync.Once
		return s.Tx(ctx, func(tx *storage.Tx) error {
			if _, err := tx.EnterUser(ctx, first, start); err != nil {
				return err
			}
			once.Do(func() { met.Done(); met.Wait() })
			_, err := tx.EnterUser(ctx, second, start)
			return err
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- cross(ann.ID, bob.ID) }()
	go func() { errs <- cross(bob.ID, ann.ID) }()
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Errorf("got %v", err)
		}
	}
}

func TestDialectsAreWhatTheURLSays(t *testing.T) {
	if d := storagetest.NewSQLite(t).Dialect(); d != storage.SQLite {
		t.Errorf("sqlite: %s", d)
	}
	if d := storagetest.NewPostgres(t).Dialect(); d != storage.Postgres {
		t.Errorf("postgres: %s", d)
	}
}
