//go:build unix

package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	// patience is how long a test waits for what must come.
	patience = 30 * time.Second
	// binaryVariable tells the tests where TestMain put the binary.
	binaryVariable = "COACH_TEST_BINARY"
)

func TestMain(m *testing.M) {
	dir, err := build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// build makes the binary: under the race detector when the tests are, else as
// it is shipped.
func build() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "coach-crashtest"); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "coach")
	cmd := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", binary, "github.com/elite-trading-coach/coach")...)
	cmd.Env = append(os.Environ(), cgo)
	out, err := cmd.CombinedOutput()
	if err != nil {
		_ = os.RemoveAll(dir)
		return dir, fmt.Errorf("build coach: %w\n%s", err, out)
	}
	return dir, os.Setenv(binaryVariable, binary)
}
