package tui

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// pageRows is how many rows are pulled at once. The server filters and sorts,
// so it need not be many.
const pageRows = 100

// column is a heading and what stands under it.
type column[T any] struct {
	heading
	cell func(T) cell
}

// verb is what can be done to a row: dialog asks whether it is meant.
type verb[T any] struct {
	key, name string
	dialog    func(T) *dialog
}

// list is a screen of rows that the server keeps: connections, users, ….
//
// Rows are pulled page by page as one scrolls down, and the pages in sight are
// pulled again and again. A page's cursor is the place of the last row before
// it, so rows that come and go move pages but tear no hole.
type list[T any] struct {
	name    string
	table   api.Table[T]
	columns []column[T]
	pullOne func(ctx context.Context, s Source, l api.List) (api.Page[T], error)
	open    func(T) screen // nil: a row says all there is
	verbs   []verb[T]

	puller
	window
	rows    []T
	starts  []string // the cursor of each page, "" of the first
	more    bool     // another page follows the last
	matched int
	total   int
	wanted  string // the filter
	sort    string
	page    int // the page on its way
}

func (l *list[T]) title() string { return l.name }

func (l *list[T]) order() string {
	if l.sort == "" {
		return l.table.Sort
	}
	return l.sort
}

func (l *list[T]) status(c canvas) string {
	parts := []string{}
	if l.wanted != "" {
		parts = append(parts, c.paint(toneAccent, "/"+clean(l.wanted)))
	}
	if l.known {
		parts = append(parts, c.paint(toneDim, l.counted()))
	}
	return strings.Join(parts, c.paint(toneFaint, " "+c.between+" "))
}

// counted is how many rows there are, as far as the server counted them.
func (l *list[T]) counted() string {
	switch {
	case l.matched < 0 && l.more:
		return count(len(l.rows)) + "+"
	case l.matched < 0:
		return count(len(l.rows))
	case l.wanted != "" && l.total >= 0:
		return count(l.matched) + " of " + count(l.total)
	}
	return count(l.matched)
}

// pull asks for a page that is in sight, or for the one below as the end
// comes near.
func (l *list[T]) pull(m *Model) tea.Cmd {
	page := l.nextPage()
	cursor := ""
	if page < len(l.starts) {
		cursor = l.starts[page]
	}
	query := api.List{Filter: l.wanted, Sort: l.sort, Limit: pageRows, Cursor: cursor}
	cmd := l.ask(m, func(ctx context.Context, s Source) (any, error) { return l.pullOne(ctx, s, query) })
	if cmd != nil {
		l.page = page
	}
	return cmd
}

func (l *list[T]) nextPage() int {
	bottom := max(l.top, l.cursor) + l.height // a key may have moved on since it was drawn
	if l.more && bottom >= len(l.rows) {
		return len(l.starts) - 1
	}
	first, last := l.top/pageRows, clamp(l.top+l.height, len(l.rows))/pageRows
	if l.page == first {
		return last // the two pages in sight take turns
	}
	return first
}

// near pulls at once when the rows below are wanted soon.
func (l *list[T]) near(m *Model) tea.Cmd {
	if l.more && l.cursor+l.height >= len(l.rows) && l.waiting == 0 {
		l.ticks = l.every
		return l.pull(m)
	}
	return nil
}

func (l *list[T]) take(p pulled) {
	if !l.mine(p) || p.err != nil {
		return
	}
	page, ok := p.value.(api.Page[T])
	if !ok {
		return
	}
	selected := l.selectedID()
	at := min(l.page*pageRows, len(l.rows))
	end := min(at+pageRows, len(l.rows))
	l.rows = slices.Replace(l.rows, at, end, page.Items...)
	l.matched, l.total = page.Matched, page.Total
	l.follow(page.NextCursor)
	l.reselect(selected)
}

// follow keeps the cursors of pages in step with the page that has come.
func (l *list[T]) follow(next string) {
	if len(l.starts) == 0 {
		l.starts = []string{""}
	}
	after := l.page + 1
	switch {
	case next == "": // whatever stood behind has gone
		l.rows = l.rows[:min(len(l.rows), after*pageRows)]
		l.starts, l.more = l.starts[:after], false
	case after < len(l.starts):
		l.starts[after] = next
	default:
		l.starts, l.more = append(l.starts, next), true
	}
}

func (l *list[T]) selected() (T, bool) {
	if l.cursor >= len(l.rows) {
		var none T
		return none, false
	}
	return l.rows[l.cursor], true
}

func (l *list[T]) selectedID() string {
	row, ok := l.selected()
	if !ok {
		return ""
	}
	return l.table.ID(row)
}

// reselect stays with the row that was selected, wherever it has moved to; at
// the top it stays at the top, where the highest are watched.
func (l *list[T]) reselect(id string) {
	if l.cursor == 0 || id == "" {
		return
	}
	at := slices.IndexFunc(l.rows, func(row T) bool { return l.table.ID(row) == id })
	if at < 0 {
		l.cursor = clamp(l.cursor, len(l.rows))
		return
	}
	l.top += at - l.cursor
	l.cursor = at
}

func (l *list[T]) filter() string { return l.wanted }

func (l *list[T]) fields() []string {
	names := make([]string, len(l.table.Columns))
	for i, c := range l.table.Columns {
		names[i] = c.Name
	}
	return names
}

func (l *list[T]) check(text string) error {
	_, err := l.table.Filter(text)
	return err
}

func (l *list[T]) refilter(text string) {
	l.wanted = text
	l.anew()
}

// anew begins at the top with other rows.
func (l *list[T]) anew() {
	l.rows, l.starts, l.more, l.page = nil, nil, false, 0
	l.window = window{height: l.height}
	l.known, l.err = false, nil
	l.soon()
}

func (l *list[T]) press(m *Model, key string) tea.Cmd {
	if l.move(key, len(l.rows)) {
		return l.near(m)
	}
	if l.resort(key) {
		l.anew()
		return l.pull(m)
	}
	row, ok := l.selected()
	if !ok {
		return nil
	}
	if key == "enter" && l.open != nil {
		return m.show(l.open(row))
	}
	return act(m, l.verbs, row, key)
}

// act asks about the verb behind a key.
func act[T any](m *Model, verbs []verb[T], row T, key string) tea.Cmd {
	for _, v := range verbs {
		if v.key == key {
			return m.ask(v.dialog(row))
		}
	}
	return nil
}

func (l *list[T]) hints(m *Model) []hint {
	var all []hint
	if l.open != nil {
		all = append(all, hint{"enter", "open"})
	}
	all = append(all, hint{"/", "filter"})
	return append(all, verbHints(m, l.verbs)...)
}

// verbHints are none for who may not use them.
func verbHints[T any](m *Model, verbs []verb[T]) []hint {
	var all []hint
	for _, v := range verbs {
		if !m.readOnly() {
			all = append(all, hint{v.key, v.name})
		}
	}
	return all
}
