package api

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Column is one field of a list, for filters, sorting and headings.
type Column[T any] struct {
	Name string // as in filters: "queue"
	Kind Kind
	Cell func(T) Value
	// Since is where a Cell that grows with time counts from; nil: it does not.
	// Pages are cut by it, or the rows would move on between two of them.
	Since func(T) Time
}

// Table says how the rows of a list may be filtered, sorted and paged; the
// server selects with it, and a screen takes its headings from it.
type Table[T any] struct {
	Name    string // the last word of its path: "connections"
	Columns []Column[T]
	Sort    string // when none is asked for: "-age" is the highest age first
	ID      func(T) string
}

// List asks for a page.
type List struct {
	Filter string // see [Filter]
	Sort   string // a column, with a - before it for falling; "" = the list's own
	Limit  int    // 1 to 500; 0: 50
	Cursor string // of the page before; it belongs to one sort
}

// The bounds of a page.
const (
	DefaultPage = 50
	MaxPage     = 500
	// MaxFilter is the longest filter, in bytes.
	MaxFilter = 1000
)

// heading is a column without its rows' type.
type heading struct {
	name string
	kind Kind
}

func (t Table[T]) headings() []heading {
	all := make([]heading, len(t.Columns))
	for i, c := range t.Columns {
		all[i] = heading{c.Name, c.Kind}
	}
	return all
}

func column(columns []heading, name string) int {
	return slices.IndexFunc(columns, func(h heading) bool { return strings.EqualFold(h.name, name) })
}

func names(columns []heading) string {
	all := make([]string, len(columns))
	for i, h := range columns {
		all[i] = h.name
	}
	return strings.Join(all, ", ")
}

// Filter reads a filter; its error is a [*FilterError].
func (t Table[T]) Filter(s string) (Filter, error) {
	if len(s) > MaxFilter {
		return Filter{}, &FilterError{Field: "filter", At: 1, Term: s[:20] + "…", Message: fmt.Sprintf("A filter has at most %d bytes.", MaxFilter)}
	}
	var f Filter
	found, err := words(s)
	if err != nil {
		return f, err
	}
	headings := t.headings()
	for _, w := range found {
		read, err := readTerm(w, headings)
		if err != nil {
			return Filter{}, err
		}
		f.terms = append(f.terms, read)
	}
	return f, nil
}

// Holds reports whether a row answers to every term.
func (t Table[T]) Holds(f Filter, row T) bool {
	for _, term := range f.terms {
		if !t.holds(term, row) {
			return false
		}
	}
	return true
}

func (t Table[T]) holds(term term, row T) bool {
	if term.column >= 0 {
		c := t.Columns[term.column]
		return term.holds(c.Kind, c.Cell(row))
	}
	return slices.ContainsFunc(t.Columns, func(c Column[T]) bool {
		return c.Kind == KindText && term.holds(KindText, c.Cell(row))
	})
}

// order is how a page is sorted: by a column, then by id, so that no two rows
// are level and no page skips or repeats one.
type order[T any] struct {
	column  Column[T]
	id      func(T) string
	falling bool
}

func (t Table[T]) order(sort string) (order[T], error) {
	if sort == "" {
		sort = t.Sort
	}
	name, falling := strings.CutPrefix(sort, "-")
	i := column(t.headings(), name)
	if i < 0 {
		return order[T]{}, &FilterError{Field: "sort", At: 1, Term: sort, Message: "One cannot sort by it; the columns are " + names(t.headings()) + "."}
	}
	return order[T]{t.Columns[i], t.ID, falling}, nil
}

// place is where a row stands in an order; a cursor is one, encoded.
type place struct {
	Text   string  `json:"t,omitempty"`
	Number float64 `json:"n,omitempty"`
	ID     string  `json:"i"`
}

func (o order[T]) place(row T) place {
	v := o.column.Cell(row)
	if o.column.Since != nil {
		v.Number = -float64(time.Time(o.column.Since(row)).UnixMicro())
	}
	return place{strings.ToLower(v.Text), v.Number, o.id(row)}
}

func (o order[T]) compare(a, b place) int {
	byColumn := cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Number, b.Number))
	if o.falling {
		byColumn = -byColumn
	}
	return cmp.Or(byColumn, cmp.Compare(a.ID, b.ID))
}

func (p place) cursor() string {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // a NaN, which no cell is
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursor(cursor string) (place, error) {
	var p place
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil || p.ID == "" {
		return p, &FilterError{Field: "cursor", At: 1, Term: cursor, Message: "This is no cursor of this server; ask for the first page again."}
	}
	return p, nil
}

// Select is one page of rows, which it walks once and does not keep: it holds
// no more than two pages at a time, however many rows there are. Its error is
// a [*FilterError].
func (t Table[T]) Select(rows iter.Seq[T], l List) (Page[T], error) {
	f, err := t.Filter(l.Filter)
	if err != nil {
		return Page[T]{}, err
	}
	by, err := t.order(l.Sort)
	if err != nil {
		return Page[T]{}, err
	}
	after := place{}
	if l.Cursor != "" {
		if after, err = readCursor(l.Cursor); err != nil {
			return Page[T]{}, err
		}
	}
	best := &leading[T]{by: by, most: l.size() + 1}
	page := Page[T]{}
	for row := range rows {
		page.Total++
		if !t.Holds(f, row) {
			continue
		}
		page.Matched++
		if p := by.place(row); l.Cursor == "" || by.compare(p, after) > 0 {
			best.add(placed[T]{p, row})
		}
	}
	page.Items, page.NextCursor = best.page(l.size())
	return page, nil
}

// Own reports whether a list is asked for in the order that is its own, so
// that [Table.Take] can serve it.
func (t Table[T]) Own(l List) bool { return l.Sort == "" || strings.EqualFold(l.Sort, t.Sort) }

// After is the row that a page of [Table.Take] begins behind: its id, and when
// the time in its column counts from; "" = at the first.
func (t Table[T]) After(l List) (id string, since time.Time, err error) {
	if l.Cursor == "" {
		return "", time.Time{}, nil
	}
	p, err := readCursor(l.Cursor)
	return p.ID, time.UnixMicro(-int64(p.Number)).UTC(), err
}

// Take is one page of rows that come in the list's own order and begin after
// the cursor: it walks no further than the page needs, and counts nothing.
func (t Table[T]) Take(rows iter.Seq[T], l List) (Page[T], error) {
	page := Page[T]{Items: []T{}, Matched: -1, Total: -1}
	f, err := t.Filter(l.Filter)
	if err != nil {
		return page, err
	}
	by, err := t.order(t.Sort)
	if err != nil {
		return page, err
	}
	for row := range rows {
		if !t.Holds(f, row) {
			continue
		}
		if len(page.Items) == l.size() {
			page.NextCursor = by.place(page.Items[len(page.Items)-1]).cursor()
			break
		}
		page.Items = append(page.Items, row)
	}
	return page, nil
}

func (l List) size() int {
	if l.Limit <= 0 {
		return DefaultPage
	}
	return min(l.Limit, MaxPage)
}

type placed[T any] struct {
	place
	row T
}

// leading keeps the first few rows of an order.
type leading[T any] struct {
	by   order[T]
	most int
	kept []placed[T]
	// last is the place of the last row kept, once there are enough of them.
	full bool
	last place
}

func (l *leading[T]) add(p placed[T]) {
	if l.full && l.by.compare(p.place, l.last) >= 0 {
		return
	}
	if l.kept = append(l.kept, p); len(l.kept) >= 2*l.most {
		l.trim()
	}
}

// trim sorts now and then and not for every row.
func (l *leading[T]) trim() {
	slices.SortFunc(l.kept, func(a, b placed[T]) int { return l.by.compare(a.place, b.place) })
	if len(l.kept) >= l.most {
		l.kept = l.kept[:l.most]
		l.full, l.last = true, l.kept[l.most-1].place
	}
}

// page is the first size rows, and the cursor if one more follows.
func (l *leading[T]) page(size int) (items []T, cursor string) {
	l.trim()
	if len(l.kept) > size {
		cursor = l.kept[size-1].cursor()
		l.kept = l.kept[:size]
	}
	items = make([]T, len(l.kept))
	for i, p := range l.kept {
		items[i] = p.row
	}
	return items, cursor
}
