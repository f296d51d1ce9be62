package configs

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// secretName is the file in the data folder that keeps development's secret.
const secretName = "jwt_secret"

// EnsureSecret fills in Auth.JWTSecret where none was given, which only
// development allows: it reads the one kept in the data folder, or makes one
// of 32 random bytes and keeps it there with mode 0600, so that tokens outlive
// a restart. It reports whether it made one.
func (c *Config) EnsureSecret() (made bool, err error) {
	if c.Auth.JWTSecret != "" {
		return false, nil
	}
	if c.Environment != Development {
		return false, fmt.Errorf("JWT_SECRET is missing, and %s does not start without it; make one with: openssl rand -base64 48", c.Environment)
	}
	path := filepath.Join(c.DataDir, secretName)
	kept, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		made, err = makeSecret(path)
		if err != nil {
			return false, err
		}
		kept, err = readSecret(path)
	}
	if err != nil {
		return false, err
	}
	c.Auth.JWTSecret = kept
	return made, nil
}

func readSecret(path string) (Secret, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the kept secret: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if len(text) < minSecret {
		return "", fmt.Errorf("%s holds %d bytes and needs %d; delete it to have a new one made, which signs everybody out", path, len(text), minSecret)
	}
	if runtime.GOOS == "windows" {
		return Secret(text), nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return "", fmt.Errorf("keep others from reading the secret: %w", err)
	}
	return Secret(text), nil
}

// makeSecret writes a new secret to path, whole or not at all: it is linked
// into place when it is on disk, and when two programs start at once the
// first one's stays. It reports whether ours did.
func makeSecret(path string) (bool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), secretName+".*") // mode 0600
	if err != nil {
		return false, fmt.Errorf("make the secret's file: %w", err)
	}
	// After a rename there is nothing to remove.
	defer func() { _ = os.Remove(f.Name()) }()
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(random) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, fmt.Errorf("write the secret: %w", err)
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil { // a file system without links
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return false, fmt.Errorf("keep the secret: %w", err)
	}
	return true, nil
}
