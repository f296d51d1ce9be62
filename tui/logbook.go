package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// logKept is how many lines of the log are held, backlog how many of the last
// ones a stream may begin with again.
const (
	logKept = 2000
	backlog = 500
)

// logbook is the page of the log's tail. It stays at the newest line until one
// moves up, and again from when one is back at the end.
type logbook struct {
	window
	lines  []api.LogLine // all that are held, oldest first
	shown  []api.LogLine // those that answer to the filter
	text   string        // the filter
	wanted api.Filter
	held   bool // somebody moved up
}

func newLogbook() *logbook { return &logbook{} }

// logTable says what a filter may name; the lines are filtered here, since they
// come by themselves.
func logTable() api.Table[api.LogLine] {
	type row = api.LogLine
	return api.Table[row]{Name: "log", Columns: []api.Column[row]{
		{Name: "level", Kind: api.KindText, Cell: func(r row) api.Value { return api.Value{Text: r.Level} }},
		{Name: "message", Kind: api.KindText, Cell: func(r row) api.Value { return api.Value{Text: r.Message} }},
		{Name: "fields", Kind: api.KindText, Cell: func(r row) api.Value { return api.Value{Text: r.Fields} }},
	}}
}

// add takes a line in. A stream begins with the last lines of the log, some of
// which are here already when it was opened anew.
func (b *logbook) add(line api.LogLine) {
	if slices.Contains(b.lines[max(0, len(b.lines)-backlog):], line) {
		return
	}
	b.lines = append(b.lines, line)
	if len(b.lines) > logKept {
		b.lines = b.lines[len(b.lines)-logKept*3/4:]
		shown := len(b.shown)
		b.sift()
		b.cursor -= shown - len(b.shown) // who reads stays with their line
		b.top -= shown - len(b.shown)
		return
	}
	if logTable().Holds(b.wanted, line) {
		b.shown = append(b.shown, line)
	}
}

func (b *logbook) title() string       { return "Log" }
func (b *logbook) pull(*Model) tea.Cmd { return nil } // lines come by themselves
func (b *logbook) take(pulled)         {}
func (b *logbook) filter() string      { return b.text }
func (b *logbook) fields() []string    { return []string{"level", "message", "fields"} }
func (b *logbook) hints(m *Model) []hint {
	return []hint{{"enter", "whole line"}, {"/", "filter"}, {"G", "newest"}}
}

func (b *logbook) check(text string) error {
	_, err := logTable().Filter(text)
	return err
}

func (b *logbook) refilter(text string) {
	f, err := logTable().Filter(text)
	if err != nil {
		return // checked before
	}
	b.text, b.wanted, b.held = text, f, false
	b.sift()
}

// sift picks the lines that answer to the filter.
func (b *logbook) sift() {
	b.shown = nil
	for _, line := range b.lines {
		if logTable().Holds(b.wanted, line) {
			b.shown = append(b.shown, line)
		}
	}
}

func (b *logbook) status(c canvas) string {
	var parts []string
	if b.text != "" {
		parts = append(parts, c.paint(toneAccent, "/"+clean(b.text)))
	}
	parts = append(parts, c.paint(toneDim, count(len(b.shown))+" lines"))
	if b.held {
		return strings.Join(append(parts, c.paint(toneWarn, "held, G follows again")), "  ")
	}
	return strings.Join(append(parts, c.paint(toneGood, "following")), "  ")
}

func (b *logbook) press(m *Model, key string) tea.Cmd {
	if b.move(key, len(b.shown)) {
		b.held = b.cursor < len(b.shown)-1
		return nil
	}
	if key == "enter" && b.cursor < len(b.shown) {
		return m.show(logDetail(b.shown[b.cursor]))
	}
	return nil
}

func (b *logbook) draw(c canvas) []string {
	if !b.held {
		b.cursor = len(b.shown) - 1
	}
	if len(b.shown) == 0 {
		return []string{"", "  " + c.paint(toneDim, b.nothing())}
	}
	columns := fit([]heading{{width: 8}, {width: 5}, {width: 20, flex: 1}}, c.rowCells())
	from, to := b.show(c.lines, len(b.shown))
	var lines []string
	for i := from; i < to; i++ {
		l := b.shown[i]
		text := cell{strings.TrimSpace(l.Message + "  " + l.Fields), toneText}
		if l.Level == "ERROR" || l.Level == "WARN" {
			text.tone = levelCell(l.Level).tone
		}
		row := []cell{{clock(l.At, c.now.Location()), toneDim}, levelCell(l.Level), text}
		lines = append(lines, c.rowLine(columns, row, c.rowCells(), c.paperOf(i, b.cursor)))
	}
	return lines
}

func (b *logbook) nothing() string {
	if len(b.lines) > 0 {
		return "No line answers to the filter. Esc takes it away."
	}
	return "Nothing was logged yet."
}
