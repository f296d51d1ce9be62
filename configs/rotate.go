package configs

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// previousName is the file beside the kept secret that holds the one before.
const previousName = secretName + "_previous"

// NewSecret makes a secret of 32 random bytes, in base64url.
func NewSecret() Secret {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	return Secret(base64.RawURLEncoding.EncodeToString(random))
}

// KeptSecrets reads the secret that [Config.EnsureSecret] keeps in a data
// folder, and the one before it, "" when there was none. fs.ErrNotExist: none
// is kept there.
func KeptSecrets(dataDir string) (secret, previous Secret, err error) {
	// In this order: a rotation writes the previous one first.
	if secret, err = readSecret(filepath.Join(dataDir, secretName)); err != nil {
		return "", "", err
	}
	previous, err = readSecret(filepath.Join(dataDir, previousName))
	if errors.Is(err, fs.ErrNotExist) {
		return secret, "", nil
	}
	return secret, previous, err
}

// RotateKept puts a new secret in the place of the one that is kept in a data
// folder, which becomes the previous one. Each file is replaced whole; between
// the two, both hold the old secret, which harms nobody.
func RotateKept(dataDir string) error {
	current, _, err := KeptSecrets(dataDir)
	if err != nil {
		return err
	}
	if err := replaceSecret(filepath.Join(dataDir, previousName), current); err != nil {
		return err
	}
	return replaceSecret(filepath.Join(dataDir, secretName), NewSecret())
}

func replaceSecret(path string, s Secret) error {
	temporary, err := writeSecret(path, s)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(fmt.Errorf("keep the secret: %w", err), os.Remove(temporary))
	}
	return nil
}

// writeSecret puts a secret on disk beside path, with mode 0600.
func writeSecret(path string, s Secret) (temporary string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), secretName+".*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("make the secret's file: %w", err)
	}
	_, err = f.WriteString(s.Reveal() + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write the secret: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}
