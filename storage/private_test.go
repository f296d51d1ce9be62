//go:build unix

package storage_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/elite-trading-coach/coach/storage"
)

// The folder may be one that was there before, open to everybody.
func TestADatabaseIsNotForEverybodyToRead(t *testing.T) {
	for name, c := range map[string]struct {
		before, want os.FileMode
	}{
		"New":         {0, 0o600},
		"OfEarlier":   {0o644, 0o640},
		"SharedGroup": {0o660, 0o660},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "coach.db")
			if c.before != 0 {
				if err := os.WriteFile(path, nil, c.before); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, c.before); err != nil { // whatever the umask
					t.Fatal(err)
				}
			}
			s, err := storage.Open(t.Context(), storage.Options{URL: "sqlite://" + path})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.DB().ExecContext(t.Context(), "CREATE TABLE a (b)"); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{path, path + "-wal", path + "-shm"} {
				info, err := os.Stat(file)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != c.want {
					t.Errorf("%s has mode %o, want %o", filepath.Base(file), got, c.want)
				}
			}
		})
	}
}
