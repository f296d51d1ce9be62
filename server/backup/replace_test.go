package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/backup"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// anotherDisk is a folder into which nothing of t.TempDir can be renamed.
func anotherDisk(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "coach-") //nolint:usetesting // not on the disk of t.TempDir
	if err != nil {
		needs.Absent(t, "disk", "no second file system is known here: "+err.Error())
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Rename(t.TempDir(), filepath.Join(dir, "moved")) == nil {
		needs.Absent(t, "disk", "/dev/shm is on the disk of the other temporary files")
	}
	return dir
}

// TestImagesMayLieOnAnotherDisk than the database: each is set aside on its own.
func TestImagesMayLieOnAnotherDisk(t *testing.T) {
	p := place(t, storagetest.SQLiteURL(t))
	k := create(t, p)
	addUser(t, p.URL, "ben")
	p.Images = filepath.Join(anotherDisk(t), "images")
	addImage(t, p, "ef/three", "an image of the other disk")
	r, err := backup.Restore(t.Context(), p, k.Path, backup.RefuseOlder)
	if err != nil {
		t.Fatal(err)
	}
	if got := people(t, p.URL); got != "ann" {
		t.Errorf("after the restore there are %q", got)
	}
	if text, err := os.ReadFile(filepath.Join(p.Images, "ab/one")); err != nil || string(text) != "first image" {
		t.Errorf("the first image: %q, %v", text, err)
	}
	if len(r.Kept) != 2 {
		t.Fatalf("kept are %q, want a folder on each disk", r.Kept)
	}
	if _, err := os.Stat(filepath.Join(r.Kept[1], "images", "ef/three")); err != nil {
		t.Errorf("the image that was replaced: %v", err)
	}
}

// TestARestoreThatFailsChangesNothing lets the images stand where nothing can
// be moved, after the database could.
func TestARestoreThatFailsChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p backup.Place) {
		k := create(t, p)
		addUser(t, p.URL, "ben")
		// A folder cannot be set aside under the name of what is in it.
		p.Images = "."
		t.Chdir(t.TempDir())
		if err := os.WriteFile("three", []byte("an image"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), p, k.Path, backup.RefuseOlder); err == nil {
			t.Fatal("it was restored")
		}
		if got := people(t, p.URL); got != "ann ben" {
			t.Errorf("after the failure there are %q", got)
		}
		if _, err := os.Stat("three"); err != nil {
			t.Errorf("an image: %v", err)
		}
		for _, folder := range []string{".", filepath.Dir(strings.TrimPrefix(p.URL, "sqlite://"))} {
			left, err := filepath.Glob(filepath.Join(folder, "*re*ing-*"))
			replaced, err2 := filepath.Glob(filepath.Join(folder, "replaced-*"))
			if err := errors.Join(err, err2); err != nil || len(left)+len(replaced) != 0 {
				t.Errorf("left behind in %s: %q %q %v", folder, left, replaced, err)
			}
		}
	})
}
