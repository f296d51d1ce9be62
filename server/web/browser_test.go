package web

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPageInBrowser runs testdata/node/browser/page.mjs: a stranger signs up, says the sentence and sees the verdict;
// the server is killed, comes back, and the page goes on by itself.
func TestPageInBrowser(t *testing.T) {
	inBrowser(t, "page.mjs", 8)
}

// TestRecordsInBrowser runs testdata/node/browser/records.mjs: the plan in a form and as YAML, a journal by hand and by
// file, statistics, limits and sessions, up to the end of the account; axe-core looks at each page, at three widths and in
// both themes. COACH_TEST_SCREENSHOTS names a folder for pictures.
func TestRecordsInBrowser(t *testing.T) {
	inBrowser(t, "records.mjs", 10)
}

// inBrowser runs one of the browser's scripts against a fresh binary, and wants so many steps of it.
func inBrowser(t *testing.T, script string, steps int) {
	t.Helper()
	needBrowser(t)
	args := []string{filepath.Join("browser", script), buildBinary(t)}
	if pictures := os.Getenv("COACH_TEST_SCREENSHOTS"); pictures != "" {
		args = append(args, pictures)
	}
	run := exec.CommandContext(t.Context(), "node", args...)
	run.Dir = nodeDir()
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if ran := strings.Count(string(out), "ok "); ran < steps {
		t.Errorf("only %d steps ran:\n%s", ran, out)
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

func nodeDir() string { return filepath.Join("..", "..", "testdata", "node") }

// needBrowser skips where there is no Chromium or no Node to drive it, and fails where COACH_TEST_REQUIRE wants it.
func needBrowser(t *testing.T) {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node"
	}
	if _, err := os.Stat(filepath.Join(nodeDir(), "node_modules", "playwright-core")); err != nil {
		missing = "playwright-core (npm ci in testdata/node)"
	}
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if !slices.ContainsFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil }) {
		missing = "Chromium"
	}
	if missing == "" {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("COACH_TEST_REQUIRE"), ","), "browser") {
		t.Fatalf("COACH_TEST_REQUIRE names browser, but there is no %s", missing)
	}
	t.Skipf("no %s on this machine", missing)
}
