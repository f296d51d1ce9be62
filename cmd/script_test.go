package cmd

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestMain lets the test binary be coach: scripts run it as `exec coach`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"coach": func() {
			os.Exit(Main(Process{
				Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(),
				Stamps: Stamps{Version: "v0.0.0-test", Commit: "abc", Date: "2026-01-02T03:04:05Z"},
			}))
		},
	})
}

// TestScripts runs the program itself through testdata/script. To write the
// expected outputs afresh: COACH_TEST_UPDATE=1 go test ./cmd -run Scripts
func TestScripts(t *testing.T) {
	p := scripts("")
	p.Dir = scriptDir
	testscript.Run(t, p)
}

// TestScriptsOnPostgres runs those again that touch a database, each in a
// schema of its own.
func TestScriptsOnPostgres(t *testing.T) {
	for _, name := range []string{"loadtest_spawn", "migrate", "serve", "user"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := scripts(storagetest.PostgresURL(t))
			p.Files = []string{scriptDir + "/" + name + ".txtar"}
			testscript.Run(t, p)
		})
	}
}

const scriptDir = "../testdata/script"

// scripts is how scripts are run, on a database that is SQLite's default one
// for "".
func scripts(databaseURL string) testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("COACH_TEST_UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			if err := writeChart(filepath.Join(env.WorkDir, "chart.png")); err != nil {
				return err
			}
			port, err := freePort()
			env.Setenv("PORT", port)
			env.Setenv("DATABASE_URL", databaseURL)
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("AUTH_ARGON2_MEMORY_KIB", "64") // hashes that cost nothing
			env.Setenv("AUTH_ARGON2_ITERATIONS", "1")
			return err
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "sqlite":
				return databaseURL == "", nil
			case "postgres":
				return databaseURL != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "healthy": healthy},
	}
}

// writeChart makes the picture that scripts show the coach.
func writeChart(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, image.NewGray(image.Rect(0, 0, 80, 60))), f.Close())
}

// exits runs a command and wants its exit code: exits CODE coach …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// healthy waits until the server at a URL says that it is ready.
func healthy(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := waitReady(ctx, args[0]); err != nil {
		ts.Fatalf("%v", err)
	}
}

func waitReady(ctx context.Context, url string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	client := &api.Client{BaseURL: url, Timeout: time.Second}
	for {
		found, err := client.Health(ctx, "ready")
		if err == nil && found.Status == api.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %v, %w", url, found, err)
		case <-tick.C:
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
