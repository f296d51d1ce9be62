package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// drawHelp shows the keys, of this screen and of all.
func (m *Model) drawHelp(c canvas) []string {
	lines := m.helpLines(c)
	// What moves is the top line, not a selected one.
	m.help.cursor = min(m.help.cursor, max(0, len(lines)-c.lines))
	return lines[m.help.cursor:min(len(lines), m.help.cursor+c.lines)]
}

// pressHelp scrolls; any other key goes back.
func (m *Model) pressHelp(key string) tea.Cmd {
	if !m.help.move(key, len(m.helpLines(m.canvas()))) {
		m.help = nil
	}
	return nil
}

func (m *Model) helpLines(c canvas) []string {
	lines := helpOn(c, m.top().title(), m.top().hints(m))
	if s, ok := m.top().(sortable); ok {
		lines = append(lines, helpOn(c, "Sort by", s.sortKeys())...)
	}
	lines = append(lines, helpOn(c, "Everywhere", m.everywhere())...)
	return append(lines, helpOn(c, "Filters", []hint{
		{"tier=free,premium", "one of these; != is none of these"},
		{"user~ana", "contains it; a word alone is looked for in every text"},
		{"queue>64kB idle>=5m", "sizes and times with their units; all terms must hold"},
	})...)
}

// everywhere is what the keys do on each screen; who only looks has no verbs.
func (m *Model) everywhere() []hint {
	commands, verbs := ":help and :quit", []hint(nil)
	if !m.readOnly() {
		commands, verbs = ":notice, :drain, :help and :quit", []hint{{"n", "notice to all"}}
	}
	return slices.Concat([]hint{
		{"1 - 9", "a page by its number; tab and shift+tab the next and the one before"},
		{":", "a page by its name, with a filter after it if you like, :users tier=free; also " + commands},
		{"/", "filter; esc takes it away"},
		{"enter esc", "look closer, and back"},
		{"arrows j k g G", "move; pgup and pgdown a screen at a time"},
	}, verbs, []hint{
		{"r", "ask now"},
		{"q ctrl+c", "quit"},
	})
}

func helpOn(c canvas, title string, hints []hint) []string {
	if len(hints) == 0 {
		return nil
	}
	const keys = 22
	lines := []string{"  " + c.paint(toneAccent, title)}
	for _, h := range hints {
		key := h.key
		for _, line := range wrap(h.does, c.cells-keys-4) {
			lines = append(lines, "  "+c.paint(toneStrong, c.left(key, keys))+c.paint(toneDim, line))
			key = ""
		}
	}
	return append(lines, "")
}
