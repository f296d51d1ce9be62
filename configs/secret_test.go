package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestSecretsPrintAsStars(t *testing.T) {
	const canary = "hunter2canary"
	cfg, sources := load(t, LoadOptions{Environ: []string{
		"JWT_SECRET=" + canary, "JWT_SECRET_PREVIOUS=" + canary, "OPENAI_API_KEY=" + canary, "CLOUDINARY_URL=cloudinary://key:" + canary + "@cloud",
		"DATABASE_URL=postgres://user:" + canary + "@host/db?sslpassword=" + canary + "&password=" + canary, "REDIS_URL=redis://:" + canary + "@host",
	}})
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v\n%v\n", cfg, cfg, cfg, sources)
	fmt.Fprintf(&out, "%x %q %d\n", cfg.Auth.JWTSecret, cfg.Auth.JWTSecret, cfg.Auth.JWTSecret)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "cfg", cfg, "secret", cfg.Auth.JWTSecret, "url", cfg.Database.URL)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "cfg", cfg, "secret", cfg.Auth.JWTSecret, "url", cfg.Database.URL)
	if err := json.NewEncoder(&out).Encode(cfg); err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		out.WriteString(k.Value(cfg) + "\n")
	}
	if text := out.String(); strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
		t.Errorf("a secret is to be read in:\n%s", text)
	}
	if got := cfg.Database.URL.String(); got != "postgres://user:********@host/db?password=%2A%2A%2A%2A%2A%2A%2A%2A&sslpassword=%2A%2A%2A%2A%2A%2A%2A%2A" {
		t.Errorf("the database prints as %s", got)
	}
}

func TestSecretURLThatCannotBeReadIsAllStars(t *testing.T) {
	for _, raw := range []string{"hunter2", "postgres://u:p%ss@h", "postgres:hunter2", "://"} {
		if got := SecretURL(raw).String(); got != mask {
			t.Errorf("SecretURL(%q) prints as %q", raw, got)
		}
	}
}

func TestEnsureSecret(t *testing.T) {
	t.Run("is made once and kept for the owner alone", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		first := Config{Environment: Development, DataDir: dir}
		made, err := first.EnsureSecret()
		if err != nil || !made || len(first.Auth.JWTSecret) != 43 {
			t.Fatalf("made %v, %d characters, %v; want 43 new ones", made, len(first.Auth.JWTSecret), err)
		}
		second := Config{Environment: Development, DataDir: dir}
		made, err = second.EnsureSecret()
		if err != nil || made || second.Auth.JWTSecret != first.Auth.JWTSecret {
			t.Errorf("the second start made %v, %v; want the kept secret", made, err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 {
			t.Errorf("the folder holds %v, %v; want the secret alone", entries, err)
		}
		info, err := os.Stat(filepath.Join(dir, "jwt_secret"))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, want 0600", info.Mode().Perm())
		}
	})
	t.Run("many starts at once agree", func(t *testing.T) {
		dir := t.TempDir()
		var wg sync.WaitGroup
		configs := make([]Config, 8)
		for i := range configs {
			wg.Go(func() {
				configs[i] = Config{Environment: Development, DataDir: dir}
				if _, err := configs[i].EnsureSecret(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, c := range configs {
			if c.Auth.JWTSecret == "" || c.Auth.JWTSecret != configs[0].Auth.JWTSecret {
				t.Error("two starts have different secrets")
			}
		}
	})
	t.Run("a given one stays", func(t *testing.T) {
		c := Config{Environment: Production, Auth: Auth{JWTSecret: goodSecret}}
		if made, err := c.EnsureSecret(); made || err != nil {
			t.Errorf("made %v, %v", made, err)
		}
	})
	t.Run("production makes none", func(t *testing.T) {
		c := Config{Environment: Production, DataDir: t.TempDir()}
		if _, err := c.EnsureSecret(); err == nil {
			t.Error("production made itself a secret")
		}
	})
	t.Run("a damaged one is refused", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "jwt_secret"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		c := Config{Environment: Development, DataDir: dir}
		_, err := c.EnsureSecret()
		if err == nil || !strings.Contains(err.Error(), "delete it to have a new one made") {
			t.Errorf("EnsureSecret: %v, want the way out", err)
		}
	})
}
