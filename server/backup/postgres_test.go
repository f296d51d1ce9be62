package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/backup"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// Where pg_dump is missing, a backup of Postgres says so and what to install, and leaves nothing that looks like one.
func TestWithoutPgDumpTheRemedyIsNamed(t *testing.T) {
	p := place(t, storagetest.PostgresURL(t))
	t.Setenv("PATH", t.TempDir())
	folder := filepath.Join(t.TempDir(), "backups")
	_, _, err := backup.Create(t.Context(), p, folder)
	if err == nil {
		t.Fatal("a backup was made without pg_dump")
	}
	for _, want := range []string{"pg_dump is not on this machine", "install the client programs of your Postgres", "postgresql-client"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}
