package tui

import "fmt"

func (l *list[T]) headings() []heading {
	all := make([]heading, len(l.columns))
	for i, c := range l.columns {
		all[i] = c.heading
	}
	return all
}

func (l *list[T]) draw(c canvas) []string {
	columns := fit(l.headings(), c.rowCells())
	lines := []string{c.headLine(columns, l.order(), c.rowCells())}
	if len(l.rows) == 0 {
		return append(lines, "", "  "+c.paint(toneDim, l.nothing()))
	}
	from, to := l.show(c.lines-1, len(l.rows))
	for i := from; i < to; i++ {
		lines = append(lines, c.rowLine(columns, l.cells(l.rows[i]), c.rowCells(), c.paperOf(i, l.cursor)))
	}
	return lines
}

func (l *list[T]) cells(row T) []cell {
	cells := make([]cell, len(l.columns))
	for i, c := range l.columns {
		cells[i] = c.cell(row)
	}
	return cells
}

// nothing says why there is no row.
func (l *list[T]) nothing() string {
	switch {
	case l.err != nil:
		return plainly(l.err)
	case !l.known:
		return "Asking…"
	case l.wanted != "":
		return fmt.Sprintf("Nothing answers to the filter %s. Esc takes it away.", clean(l.wanted))
	}
	return "There is nothing here now."
}
