package configs

import (
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
// a restart. The secret before it, if one was rotated, becomes
// Auth.JWTSecretPrevious unless that was given. It reports whether it made one.
func (c *Config) EnsureSecret() (made bool, err error) {
	if c.Auth.JWTSecret != "" {
		return false, nil
	}
	if c.Environment != Development {
		return false, fmt.Errorf("JWT_SECRET is missing, and %s does not start without it; make one with: openssl rand -base64 48", c.Environment)
	}
	kept, previous, err := KeptSecrets(c.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		if made, err = makeSecret(filepath.Join(c.DataDir, secretName)); err != nil {
			return false, err
		}
		kept, previous, err = KeptSecrets(c.DataDir)
	}
	if err != nil {
		return false, err
	}
	c.Auth.JWTSecret = kept
	if c.Auth.JWTSecretPrevious == "" {
		c.Auth.JWTSecretPrevious = previous
	}
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
	temporary, err := writeSecret(path, NewSecret())
	if err != nil {
		return false, err
	}
	// After a rename there is nothing to remove.
	defer func() { _ = os.Remove(temporary) }()
	err = os.Link(temporary, path)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil { // a file system without links
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return false, fmt.Errorf("keep the secret: %w", err)
	}
	return true, nil
}
