package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"
)

// entry is a line of a detail: a row under some headings, a section's title,
// or nothing. Those with something behind them can be selected and opened.
type entry struct {
	section string
	columns []heading
	heads   string // set: the headings themselves, sorted by nothing
	row     []cell
	open    func() screen
}

// detail is one thing looked at closely.
type detail[T any] struct {
	name  string
	load  func(ctx context.Context, s Source) (T, error)
	lay   func(c canvas, value T) []entry
	verbs []verb[T]

	puller
	window
	value   T
	targets []int // the entries that can be opened, by the last drawing
	entries []entry
}

func (d *detail[T]) title() string { return d.name }

func (d *detail[T]) status(c canvas) string {
	if d.err != nil && d.known {
		return c.paint(toneWarn, plainly(d.err))
	}
	return ""
}

func (d *detail[T]) pull(m *Model) tea.Cmd {
	return d.ask(m, func(ctx context.Context, s Source) (any, error) { return d.load(ctx, s) })
}

func (d *detail[T]) take(p pulled) {
	if !d.mine(p) || p.err != nil {
		return
	}
	if value, ok := p.value.(T); ok {
		d.value = value
	}
}

func (d *detail[T]) hints(m *Model) []hint {
	all := []hint{{"esc", "back"}}
	if len(d.targets) > 0 {
		all = append(all, hint{"enter", "open"})
	}
	return append(all, verbHints(m, d.verbs)...)
}

func (d *detail[T]) press(m *Model, key string) tea.Cmd {
	if d.move(key, len(d.entries)) {
		return nil
	}
	if key == "enter" && d.cursor < len(d.entries) && d.entries[d.cursor].open != nil {
		return m.show(d.entries[d.cursor].open())
	}
	if !d.known {
		return nil
	}
	return act(m, d.verbs, d.value, key)
}

func (d *detail[T]) draw(c canvas) []string {
	if !d.known {
		return []string{"", "  " + c.paint(toneDim, d.nothing())}
	}
	d.entries = d.lay(c, d.value)
	d.targets = d.targets[:0]
	for i, e := range d.entries {
		if e.open != nil {
			d.targets = append(d.targets, i)
		}
	}
	from, to := d.show(c.lines, len(d.entries))
	var lines []string
	for i := from; i < to; i++ {
		lines = append(lines, d.entries[i].draw(c, c.paperOf(i, d.cursor)))
	}
	return lines
}

func (d *detail[T]) nothing() string {
	if d.err != nil {
		return plainly(d.err)
	}
	return "Asking…"
}

func (e entry) draw(c canvas, on paper) string {
	cells := c.rowCells()
	columns := fit(e.columns, cells)
	switch {
	case e.section != "":
		return on.before + on.inks[toneAccent].paint(c.left(e.section, cells))
	case e.heads != "":
		return c.headLine(columns, "", cells)
	case len(e.row) == 0:
		return on.before + on.inks[toneText].paint(blank(cells))
	}
	return c.rowLine(columns, e.row, cells, on)
}

// fact is a name and what it is.
func fact(name string, value cell) entry {
	return entry{columns: []heading{{width: 14}, {width: 20, flex: 1}}, row: []cell{{name, toneDim}, value}}
}

// behind is a fact with a screen behind it.
func behind(name string, value cell, open func() screen) entry {
	e := fact(name, value)
	e.open = open
	return e
}

// sentences are a long text as facts, wrapped.
func sentences(c canvas, name, text string) []entry {
	var all []entry
	for _, line := range wrap(clean(text), c.rowCells()-17) {
		all = append(all, fact(name, cell{line, toneText}))
		name = ""
	}
	return all
}

// section is a title with a line above it.
func section(title string) []entry { return []entry{{}, {section: title}} }

// under is a section of rows; none is said.
func under[R any](title, none string, columns []column[R], rows []R, open func(R) screen) []entry {
	all := section(title)
	if len(rows) == 0 {
		return append(all, entry{columns: []heading{{width: 20, flex: 1}}, row: []cell{{none, toneDim}}})
	}
	heads := make([]heading, len(columns))
	for i, c := range columns {
		heads[i] = c.heading
	}
	all = append(all, entry{columns: heads, heads: title})
	for _, r := range rows {
		e := entry{columns: heads}
		for _, c := range columns {
			e.row = append(e.row, c.cell(r))
		}
		if open != nil {
			e.open = func() screen { return open(r) }
		}
		all = append(all, e)
	}
	return all
}
