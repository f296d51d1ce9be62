package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/needs"
)

// TestReadmeExamplesRun runs each fenced block of README.md that follows a `<!-- runnable -->` line, against a fresh
// server, and wants the verdict in what it prints.
func TestReadmeExamplesRun(t *testing.T) {
	needs.Node(t, "socket.io-client")
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
			if language == "sh" {
				needs.Program(t, "curl", "curl")
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
