package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestReadmeExamplesRun runs each fenced block of README.md that follows a `<!-- runnable -->` line, against a fresh
// server, and wants the verdict in what it prints.
func TestReadmeExamplesRun(t *testing.T) {
	needNode(t)
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)<!-- runnable -->\n```(sh|js)\n(.*?)```\n").FindAllStringSubmatch(string(readme), -1)
	if want := strings.Count(string(readme), "<!-- runnable -->"); len(blocks) != want || want < 2 {
		t.Fatalf("%d of %d runnable blocks can be read; README.md promises one for curl and one for socket.io-client", len(blocks), want)
	}
	binary := buildCoach(t)
	for _, block := range blocks {
		language, text := block[1], block[2]
		t.Run(language, func(t *testing.T) {
			if _, err := exec.LookPath("curl"); language == "sh" && err != nil {
				t.Skip("no curl on this machine")
			}
			run := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "node", "readme.mjs"), binary, language)
			run.Stdin = strings.NewReader(text)
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("the example fails: %v\n%s", err, out)
			}
			if !strings.Contains(string(out), "diamond") {
				t.Errorf("the example does not come to a verdict:\n%s", out)
			}
		})
	}
}

// needNode skips a test where there is no Node or its packages, and fails it where COACH_TEST_REQUIRE wants them.
func needNode(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join("testdata", "node", "node_modules", "socket.io-client"))
	}
	if err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("COACH_TEST_REQUIRE"), ","), "node") {
		t.Fatalf("COACH_TEST_REQUIRE names node: %v; install Node and run npm ci in testdata/node", err)
	}
	t.Skipf("no Node with its packages: %v", err)
}

func buildCoach(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "coach")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
