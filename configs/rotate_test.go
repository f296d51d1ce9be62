package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestRotateKept(t *testing.T) {
	dir := t.TempDir()
	if err := RotateKept(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("nothing is kept, and RotateKept says %v", err)
	}
	first := Config{Environment: Development, DataDir: dir}
	if _, err := first.EnsureSecret(); err != nil || first.Auth.JWTSecretPrevious != "" {
		t.Fatalf("previous %q, %v", first.Auth.JWTSecretPrevious.Reveal(), err)
	}
	before := first.Auth.JWTSecret
	for range 2 {
		if err := RotateKept(dir); err != nil {
			t.Fatal(err)
		}
		c := Config{Environment: Development, DataDir: dir}
		if made, err := c.EnsureSecret(); made || err != nil {
			t.Fatalf("made %t, %v", made, err)
		}
		if c.Auth.JWTSecret == before || c.Auth.JWTSecretPrevious != before || weakness(c.Auth.JWTSecret) != "" {
			t.Error("the secret before is not the previous one of a new one")
		}
		before = c.Auth.JWTSecret
	}
	given := Config{Environment: Development, DataDir: dir, Auth: Auth{JWTSecretPrevious: goodSecret}}
	if _, err := given.EnsureSecret(); err != nil || given.Auth.JWTSecretPrevious != goodSecret {
		t.Error("a previous secret that was given did not stay")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode().Perm())
		}
	}
}
