package tui

import (
	"strings"
)

// heading is one column of a table: its width is fixed, so that columns stand
// still while their numbers change.
type heading struct {
	head  string
	sort  string // what the server calls it, "" = it cannot be sorted by
	key   string // the capital that sorts by it
	width int
	flex  int // its share of the space that is left over
	right bool
	rank  int // on a narrow screen the columns of the highest rank go first
}

// cell is one field of a row.
type cell struct {
	text string
	tone tone
}

// fitted is a heading that found its place: its number among the columns, and
// the cells it has.
type fitted struct {
	heading
	column int
	cells  int
}

// fit chooses the columns that cells have room for, and says how wide each is.
func fit(columns []heading, cells int) []fitted {
	kept := make([]fitted, len(columns))
	for i, c := range columns {
		kept[i] = fitted{c, i, c.width}
	}
	gap := gapOf(cells)
	for taken(kept, gap) > cells && len(kept) > 1 {
		kept = dropLeast(kept)
	}
	grow(kept, cells-taken(kept, gap))
	return kept
}

// gapOf is what stands between two columns: narrow screens are short of it.
func gapOf(cells int) int {
	if cells < 96 {
		return 1
	}
	return 2
}

func taken(columns []fitted, gap int) int {
	sum := gap * (len(columns) - 1)
	for _, c := range columns {
		sum += c.cells
	}
	return sum
}

// dropLeast takes away the last column of the highest rank.
func dropLeast(columns []fitted) []fitted {
	least := 0
	for i, c := range columns {
		if c.rank >= columns[least].rank {
			least = i
		}
	}
	return append(columns[:least:least], columns[least+1:]...)
}

func grow(columns []fitted, spare int) {
	shares := 0
	for _, c := range columns {
		shares += c.flex
	}
	for i := range columns {
		if flex := columns[i].flex; flex > 0 && spare > 0 {
			part := spare * flex / shares
			columns[i].cells += part
			spare, shares = spare-part, shares-flex
		}
	}
}

// headLine is the line of headings; the one that is sorted by carries an arrow.
func (t *theme) headLine(columns []fitted, sort string, cells int) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		text, as := c.head, toneDim
		if c.sort != "" && c.sort == strings.TrimPrefix(sort, "-") {
			as = toneAccent
			text += t.arrow(sort)
		}
		parts[i] = t.paint(as, t.align(text, c))
	}
	return "  " + strings.Join(parts, blank(gapOf(cells)))
}

func (t *theme) arrow(sort string) string {
	if strings.HasPrefix(sort, "-") {
		return t.falling
	}
	return t.rising
}

func (t *theme) align(text string, c fitted) string {
	if c.right {
		return t.right(text, c.cells)
	}
	return t.left(text, c.cells)
}

// paper is what rows are written on: with a mark before them and a ground
// behind them where one is selected.
type paper struct {
	inks   *[toneCount]ink
	before string
}

func (t *theme) blankPaper() paper { return paper{&t.inks, "  "} }

func (t *theme) markedPaper() paper {
	return paper{&t.selected, t.selected[toneAccent].paint(t.mark) + t.selected[toneText].paint(" ")}
}

// paperOf is the paper of line i where one line is selected.
func (t *theme) paperOf(i, selected int) paper {
	if i == selected {
		return t.markedPaper()
	}
	return t.blankPaper()
}

// rowLine is one row on its paper, two cells wider than cells.
func (t *theme) rowLine(columns []fitted, row []cell, cells int, on paper) string {
	var line strings.Builder
	line.WriteString(on.before)
	gap := on.inks[toneText].paint(blank(gapOf(cells)))
	used := 0
	for i, c := range columns {
		if i > 0 {
			line.WriteString(gap)
			used += gapOf(cells)
		}
		value := row[c.column]
		line.WriteString(on.inks[value.tone].paint(t.align(clean(value.text), c)))
		used += c.cells
	}
	line.WriteString(on.inks[toneText].paint(blank(cells - used)))
	return line.String()
}
