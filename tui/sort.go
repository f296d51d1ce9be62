package tui

import "strings"

// sortable is a screen whose columns can be sorted by.
type sortable interface{ sortKeys() []hint }

func (l *list[T]) sortKeys() []hint {
	var names []string
	for _, c := range l.columns {
		if c.key != "" {
			names = append(names, c.key+" "+strings.ToLower(c.head))
		}
	}
	return []hint{{"a capital", strings.Join(names, ", ") + "; once more turns it round"}, {"< >", "the column beside"}}
}

// resort handles the keys that sort: a column's capital, again to turn it
// round, and < and > for the column beside.
func (l *list[T]) resort(key string) bool {
	before := l.order()
	name := strings.TrimPrefix(before, "-")
	for _, c := range l.columns {
		if c.sort == "" || c.key != key {
			continue
		}
		if l.sort = c.first(); c.sort == name {
			l.sort = turned(before)
		}
		return true
	}
	step, ok := map[string]int{"<": -1, ">": 1}[key]
	if ok {
		l.sort = l.beside(name, step)
	}
	return ok
}

// first is the direction that one wants first: the highest numbers, the
// lowest letters.
func (h heading) first() string {
	if h.right {
		return "-" + h.sort
	}
	return h.sort
}

// turned is an order the other way round.
func turned(order string) string {
	if name, falling := strings.CutPrefix(order, "-"); falling {
		return name
	}
	return "-" + order
}

func (l *list[T]) beside(name string, step int) string {
	var sortable []heading
	at := 0
	for _, c := range l.columns {
		if c.sort == "" {
			continue
		}
		if c.sort == name {
			at = len(sortable)
		}
		sortable = append(sortable, c.heading)
	}
	return sortable[(at+step+len(sortable))%len(sortable)].first()
}
