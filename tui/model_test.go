package tui

import (
	"context"
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// stage is a model on a terminal of the test's, driven by hand: commands run
// when they are made, but for those that wait.
type stage struct {
	t testing.TB
	m *Model
	s *scripted
}

// open shows a live screen.
func open(t testing.TB, s *scripted, cells, lines int) *stage {
	t.Helper()
	return openWith(t, s, Options{Look: Look{Palette: PalettePlain}}, cells, lines)
}

func openWith(t testing.TB, s *scripted, o Options, cells, lines int) *stage {
	t.Helper()
	o.Now = noon
	ctx, stop := context.WithCancel(t.Context())
	w := &work{ctx: ctx, source: s}
	t.Cleanup(w.wait)
	t.Cleanup(stop)
	stage := &stage{t, newModel(w, newTheme(o.Look, io.Discard), o, s.shot), s}
	stage.m.cells, stage.m.lines = cells, lines
	stage.m.link.state = linkLive
	return stage
}

// run carries a command out, and those that come of it.
func (s *stage) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, each := range msg {
			s.run(each)
		}
	default:
		_, next := s.m.Update(msg)
		s.run(next)
	}
}

// keys presses keys, named as Bubble Tea names them, with spaces between.
func (s *stage) keys(names string) *stage {
	for _, name := range strings.Fields(names) {
		s.run(s.m.press(keyOf(name)))
		s.m.View() // as the program does after each message
	}
	return s
}

// types presses a key for each character.
func (s *stage) types(text string) *stage {
	for _, r := range text {
		s.run(s.m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}))
	}
	return s
}

func keyOf(name string) tea.KeyMsg {
	for kind := tea.KeyType(-100); kind < 200; kind++ {
		if kind != tea.KeyRunes && (tea.KeyMsg{Type: kind}).String() == name {
			return tea.KeyMsg{Type: kind}
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func (s *stage) shows(wants ...string) *stage {
	s.t.Helper()
	view := plainText(s.m.View())
	for _, want := range wants {
		if !strings.Contains(view, want) {
			s.t.Errorf("the screen lacks %q:\n%s", want, view)
		}
	}
	return s
}

func (s *stage) lacks(wants ...string) *stage {
	s.t.Helper()
	view := plainText(s.m.View())
	for _, want := range wants {
		if strings.Contains(view, want) {
			s.t.Errorf("the screen has %q:\n%s", want, view)
		}
	}
	return s
}

func (s *stage) did(wants ...string) *stage {
	s.t.Helper()
	if got := strings.Join(s.s.deeds(), "\n"); got != strings.Join(wants, "\n") {
		s.t.Errorf("the server was told:\n%s\nwant:\n%s", got, strings.Join(wants, "\n"))
	}
	return s
}
