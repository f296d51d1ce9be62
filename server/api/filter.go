package api

import (
	"fmt"
	"strings"
	"unicode"
)

// Filter says which rows of a list are wanted. Its text is terms with spaces
// between them, and a row must answer to all:
//
//	tier=free          the text is that, without regard to case
//	tier=free,premium  one of these
//	user~ana           contains it
//	queue>0 idle>=5m   numbers, sizes and times, with their units
//	role!=admin        not that; !~ does not contain
//	user="ana b"       quotes hold spaces and commas together
//	ana                any text of the row contains it
//
// The fields are the columns of the list's [Table]. The zero Filter lets every
// row through.
type Filter struct{ terms []term }

// term is one condition; column -1 stands for any text.
type term struct {
	column int
	op     string
	values []Value
}

// FilterError says what is wrong with a list's question, and where.
type FilterError struct {
	Field   string // filter, sort, cursor
	At      int    // of the first character of Term, from 1
	Term    string // as it was written
	Message string // a sentence
}

func (e *FilterError) Error() string {
	return fmt.Sprintf("the %s does not parse at %d, %q: %s", e.Field, e.At, e.Term, e.Message)
}

// word is one term as written, and where it begins.
type word struct {
	text string
	at   int
}

// words splits at spaces outside quotes.
func words(filter string) ([]word, error) {
	var found []word
	var current []rune
	start, quoted := 0, false
	runes := []rune(filter)
	for i, r := range append(runes, ' ') {
		switch {
		case r == '"':
			quoted = !quoted
		case unicode.IsControl(r) && !unicode.IsSpace(r):
			return nil, &FilterError{Field: "filter", At: i + 1, Term: string(r), Message: "A filter holds no control characters."}
		}
		if !unicode.IsSpace(r) || quoted && i < len(runes) {
			if len(current) == 0 {
				start = i
			}
			current = append(current, r)
			continue
		}
		if len(current) > 0 {
			found = append(found, word{string(current), start + 1})
			current = nil
		}
	}
	if quoted {
		last := found[len(found)-1]
		return nil, &FilterError{Field: "filter", At: last.at, Term: last.text, Message: "A quotation mark is not closed."}
	}
	return found, nil
}

// operators are tried in this order: the longer before those they begin with.
func operators() []string { return []string{"!=", "!~", ">=", "<=", "=", "~", ">", "<"} }

// split finds the field, the operator and the rest; op is "" for a bare word.
func split(text string) (field, op, rest string) {
	i := strings.IndexAny(text, `=~<>!"`)
	if i < 0 || text[i] == '"' {
		return "", "", text
	}
	for _, op := range operators() {
		if after, found := strings.CutPrefix(text[i:], op); found {
			return text[:i], op, after
		}
	}
	return "", "", text
}

// alternatives splits at commas outside quotes, and takes the quotes off.
func alternatives(text string) []string {
	var all []string
	var current strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ',' && !quoted:
			all = append(all, current.String())
			current.Reset()
		default:
			current.WriteRune(r)
		}
	}
	return append(all, current.String())
}

// readTerm reads one word against the columns.
func readTerm(w word, columns []heading) (term, error) {
	wrong := func(format string, args ...any) (term, error) {
		return term{}, &FilterError{Field: "filter", At: w.at, Term: w.text, Message: fmt.Sprintf(format, args...)}
	}
	field, op, rest := split(w.text)
	if op == "" {
		return term{-1, "~", []Value{text(strings.ToLower(strings.Trim(rest, `"`)))}}, nil
	}
	if field == "" {
		return wrong("A field must stand before %s: %s.", op, names(columns))
	}
	i := column(columns, field)
	if i < 0 {
		return wrong("There is no field %s; there are %s.", field, names(columns))
	}
	t, kind := term{column: i, op: op}, columns[i].kind
	switch ordered := strings.ContainsAny(op, "<>"); {
	case ordered && (kind == KindText || kind == KindFlag):
		return wrong("%s has no order; it takes = != ~ !~.", field)
	case strings.Contains(op, "~") && kind != KindText:
		return wrong("%s is no text; it takes = != > >= < <=.", field)
	case ordered && len(alternatives(rest)) > 1:
		return wrong("%s takes one value after %s.", field, op)
	}
	for _, each := range alternatives(rest) {
		if each == "" && kind != KindText {
			return wrong("A value must stand after %s.", op)
		}
		v, err := kind.read(each)
		if err != nil {
			return wrong("About %s: %v.", field, err)
		}
		v.Text = strings.ToLower(v.Text)
		t.values = append(t.values, v)
	}
	return t, nil
}

// holds reports whether a cell answers to the term.
func (t term) holds(kind Kind, cell Value) bool {
	negative := t.op[0] == '!'
	for _, v := range t.values {
		if t.compare(kind, cell, v) {
			return !negative
		}
	}
	return negative
}

func (t term) compare(kind Kind, cell, v Value) bool {
	switch t.op {
	case "~", "!~":
		return strings.Contains(strings.ToLower(cell.Text), v.Text)
	case ">":
		return cell.Number > v.Number
	case ">=":
		return cell.Number >= v.Number
	case "<":
		return cell.Number < v.Number
	case "<=":
		return cell.Number <= v.Number
	}
	if kind == KindText || kind == KindFlag {
		return strings.EqualFold(cell.Text, v.Text)
	}
	return cell.Number == v.Number
}
