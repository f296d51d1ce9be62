package web

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/needs"
)

// scripts of testdata/node/browser, and how many steps each takes at least.
var scripts = map[string]int{
	"page.mjs":    8,  // a stranger signs up and sees the verdict; the server is killed and comes back
	"chat.mjs":    13, // pictures, tabs, hostile words, the keyboard alone, a session ended elsewhere, axe, three widths
	"cut.mjs":     5,  // the network is cut, the server killed, and an answer stopped in the middle
	"virtual.mjs": 3,  // ten thousand messages
	"records.mjs": 10, // plan, journal, statistics, limits and sessions, up to the end of the account; axe, three widths
}

// TestPageInBrowser runs the scripts against the binary, some side by side: the longest mostly waits.
// COACH_TEST_SCREENSHOTS names a folder for a picture of each step.
func TestPageInBrowser(t *testing.T) {
	folder := needs.Browser(t)
	binary := buildBinary(t)
	for script, least := range scripts {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			args := []string{filepath.Join("browser", script), binary}
			if pictures := os.Getenv("COACH_TEST_SCREENSHOTS"); pictures != "" {
				args = append(args, pictures)
			}
			run := exec.CommandContext(t.Context(), "node", args...)
			run.Dir = folder
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if steps := strings.Count("\n"+string(out), "\nok "); steps < least {
				t.Errorf("only %d steps ran:\n%s", steps, out)
			}
		})
	}
}

func buildBinary(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "coach")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
