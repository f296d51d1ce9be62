package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// plainText is a screen without its escape sequences and the blanks at the
// ends of lines.
func plainText(view string) string {
	lines := strings.Split(ansi.Strip(view), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// TestScreens holds every screen to what it looked like when somebody last
// looked. To draw them afresh: COACH_TEST_UPDATE=1 go test ./tui -run Screens
func TestScreens(t *testing.T) {
	for _, size := range []struct{ cells, lines int }{{60, 16}, {80, 24}, {100, 30}, {160, 50}} {
		for name, prepare := range map[string]func(*stage){
			"overview":    func(s *stage) { s.keys("1") },
			"connections": func(s *stage) { s.keys("2 down down") },
			"connection":  func(s *stage) { s.keys("2 enter") },
			"rooms":       func(s *stage) { s.keys("3") },
			"users":       func(s *stage) { s.keys("4 U") },
			"user":        func(s *stage) { s.keys("4 enter") },
			"tiers":       func(s *stage) { s.keys("5 down down right") },
			"answers":     func(s *stage) { s.keys("6") },
			"limits":      func(s *stage) { s.keys("7") },
			"log":         func(s *stage) { s.keys("8") },
			"audit":       func(s *stage) { s.keys("9") },
			"help":        func(s *stage) { s.keys("2 ?") },
			"dialog":      func(s *stage) { s.keys("2 x") },
			"choice":      func(s *stage) { s.keys("4 t") },
			"filter":      func(s *stage) { s.keys("2 /").types("tire=free") },
		} {
			if size.cells == 60 && name != "overview" {
				continue // every page says there that the terminal is too small
			}
			t.Run(fmt.Sprintf("%s at %dx%d", name, size.cells, size.lines), func(t *testing.T) {
				s := open(t, aServer(), size.cells, size.lines)
				for _, l := range logLines() {
					s.m.hear(l)
				}
				prepare(s)
				hold(t, fmt.Sprintf("%s-%dx%d", name, size.cells, size.lines), s.m.View(), size.cells, size.lines)
			})
		}
	}
}

func hold(t *testing.T, name, view string, cells, lines int) {
	t.Helper()
	got := strings.Split(view, "\n")
	if len(got) != lines {
		t.Errorf("%d lines for a terminal of %d", len(got), lines)
	}
	for i, line := range got {
		if w := width(line); w > cells {
			t.Errorf("line %d has %d cells: %q", i+1, w, ansi.Strip(line))
		}
	}
	file := filepath.Join("testdata", "screens", name+".txt")
	text := plainText(view) + "\n"
	if os.Getenv("COACH_TEST_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
}
