package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// press finds whose key it is: the dialog's, the bar's, the help's, everybody's,
// or the screen's.
func (m *Model) press(key tea.KeyMsg) tea.Cmd {
	if key.Type == tea.KeyRunes && (len(key.Runes) > 1 || key.Paste) {
		return m.pressEach(key)
	}
	name := key.String()
	switch {
	case name == "ctrl+c":
		return tea.Quit
	case m.dialog != nil:
		return m.pressDialog(key)
	case m.bar != nil:
		return m.pressBar(key)
	case m.help != nil:
		return m.pressHelp(name)
	}
	if t, ok := m.top().(*tiers); ok {
		if cmd, mine := t.typing(m, key); mine {
			return cmd
		}
	}
	if cmd, mine := m.pressAnywhere(name); mine {
		return cmd
	}
	return m.top().press(m, name)
}

// pressEach presses keys one by one that have come in one piece, as they do
// over a slow line. What is pasted is text and no keys: where nothing is typed
// it would be a row of verbs.
func (m *Model) pressEach(keys tea.KeyMsg) tea.Cmd {
	if keys.Paste && !m.typing() {
		return nil
	}
	var cmds []tea.Cmd
	for _, r := range keys.Runes {
		cmds = append(cmds, m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: keys.Alt}))
	}
	return tea.Batch(cmds...)
}

// typing reports whether keys are text now.
func (m *Model) typing() bool {
	t, ok := m.top().(*tiers)
	return m.bar != nil || m.dialog != nil && m.dialog.input != nil || ok && t.input != nil
}

// pressAnywhere handles the keys that mean the same on every screen.
func (m *Model) pressAnywhere(key string) (cmd tea.Cmd, mine bool) {
	switch key {
	case "q":
		return tea.Quit, true
	case "?":
		m.help = &window{}
	case ":":
		m.bar = commandBar(m.pages)
	case "/":
		m.startFilter()
	case "esc":
		return m.escape(), true
	case "tab":
		return m.open((m.at + 1) % len(m.pages)), true
	case "shift+tab":
		return m.open((m.at + len(m.pages) - 1) % len(m.pages)), true
	case "r":
		return m.again(), true
	case "n":
		return m.ask(askNotice()), true
	default:
		return m.pressNumber(key)
	}
	return nil, true
}

func (m *Model) pressNumber(key string) (tea.Cmd, bool) {
	n, err := strconv.Atoi(key)
	if err != nil || n < 1 || n > len(m.pages) {
		return nil, false
	}
	return m.open(n - 1), true
}

// escape goes back, or takes the filter away where there is nothing to go
// back from.
func (m *Model) escape() tea.Cmd {
	if m.back() {
		return m.pullNow()
	}
	if s, ok := m.top().(filtered); ok && s.filter() != "" {
		s.refilter("")
		return m.pullNow()
	}
	return nil
}

// again asks now for what would come by itself in a while.
func (m *Model) again() tea.Cmd {
	if m.link.state != linkLive {
		return m.follow()
	}
	return m.pullNow()
}

func (m *Model) startFilter() {
	s, ok := m.top().(filtered)
	if !ok {
		m.say(toneDim, "There is nothing to filter here.")
		return
	}
	m.bar = filterBar(s)
}

// ask opens a dialog, unless verbs are out of reach.
func (m *Model) ask(d *dialog) tea.Cmd {
	if m.readOnly() {
		m.say(toneWarn, string(m.look))
		return nil
	}
	m.dialog = d
	return nil
}

// pressBar types into the bar.
func (m *Model) pressBar(key tea.KeyMsg) tea.Cmd {
	switch key.String() {
	case "esc":
		m.bar = nil
		return nil
	case "enter":
		if m.bar.filters != nil {
			return m.applyFilter()
		}
		return m.runCommand()
	}
	m.bar.press(key)
	return nil
}

func (m *Model) applyFilter() tea.Cmd {
	text := strings.TrimSpace(m.bar.input.Value())
	if err := m.bar.filters.check(text); err != nil {
		m.bar.problem = plainly(err)
		return nil
	}
	m.bar.filters.refilter(text)
	m.bar = nil
	return m.pullNow()
}

// runCommand does what was typed after the colon: a page, and a filter after
// it if one likes, or a verb.
func (m *Model) runCommand() tea.Cmd {
	name, rest, _ := strings.Cut(strings.TrimSpace(m.bar.input.Value()), " ")
	if name == "" {
		m.bar = nil
		return nil
	}
	found := m.bar.meant(name)
	switch found {
	case "":
		m.bar.problem = "There is no page or command " + clean(name) + ". Tab completes, ? lists them."
		return nil
	case "quit":
		return tea.Quit
	case "help":
		m.help = &window{}
	case "drain":
		m.bar = nil
		return m.ask(askDrain(m.shot))
	case "notice":
		m.bar = nil
		return m.ask(askNotice())
	default:
		return m.goTo(found, strings.TrimSpace(rest))
	}
	m.bar = nil
	return nil
}

func (m *Model) goTo(name, filter string) tea.Cmd {
	at := slices.IndexFunc(m.pages, func(p page) bool { return p.name == name })
	s, ok := m.roots[at].(filtered)
	if filter != "" && ok {
		if err := s.check(filter); err != nil {
			m.bar.problem = plainly(err)
			return nil
		}
		s.refilter(filter)
	}
	m.bar = nil
	return m.open(at)
}
