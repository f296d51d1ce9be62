package journal

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
)

// maxList bounds every list in a body.
const maxList = 500

// object is a JSON object being read field by field: numbers never pass
// through a float64, and everything that is wrong is told at once. Fields that
// nobody asks for are ignored; null is as if the field were not there, except
// where a caller asks with given.
type object struct {
	fields  map[string]json.RawMessage
	twice   map[string]bool // fields that came again
	unclean bool            // somewhere in the body are bytes that are no UTF-8
	prefix  string          // of field names in what is wrong
	bad     *[]fault.Detail
}

func readObject(body []byte) (object, error) {
	o := object{bad: &[]fault.Detail{}, unclean: !utf8.Valid(body)}
	if len(bytes.TrimSpace(body)) == 0 {
		return o, nil
	}
	err := o.read(body)
	return o, err
}

func (o *object) read(body []byte) error {
	o.fields, o.twice = map[string]json.RawMessage{}, map[string]bool{}
	return strict.Object(body, func(name string, raw json.RawMessage) {
		if o.given(name) {
			o.twice[name] = true
			return
		}
		o.fields[name] = raw
	})
}

// err is everything that was wrong.
func (o object) err() error {
	if len(*o.bad) == 0 && o.unclean { // in a field that nobody asked for
		o.note("body", strict.BadUTF8)
	}
	return invalid(*o.bad)
}

func invalid(bad []fault.Detail) error {
	if len(bad) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Validation, Message: bad[0].Message, Details: bad}
}

func (o object) note(name, problem string) {
	if problem != "" {
		*o.bad = append(*o.bad, fault.Detail{Field: o.prefix + name, Message: problem})
	}
}

// given reports whether the field is there, null included.
func (o object) given(name string) bool {
	_, ok := o.fields[name]
	return ok
}

func (o object) raw(name string) (json.RawMessage, bool) {
	if o.twice[name] {
		o.note(name, strict.Twice)
	}
	raw, ok := o.fields[name]
	return raw, ok && !strict.Null(raw)
}

// text reads a text into v where it is given; null makes it empty.
func (o object) text(name string, most int, v *string) {
	raw, ok := o.raw(name)
	if !ok {
		if o.given(name) {
			*v = ""
		}
		return
	}
	s, problem := strict.Text(raw)
	if problem == "" {
		s, problem = parseText(s, most)
	}
	o.note(name, problem)
	*v = s
}

// number reads a number, or a text that holds one; null takes it away.
func (o object) number(name string, v **decimal.Decimal) {
	raw, ok := o.raw(name)
	if !ok {
		if o.given(name) {
			*v = nil
		}
		return
	}
	d, problem := decodeNumber(raw)
	o.note(name, problem)
	*v = &d
}

func decodeNumber(raw json.RawMessage) (decimal.Decimal, string) {
	s := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &s); err != nil {
			return decimal.Zero, "This must be a number."
		}
	}
	return parseNumber(s)
}

// positive is number for what must be above 0.
func (o object) positive(name string, v **decimal.Decimal) {
	before := len(*o.bad)
	o.number(name, v)
	if len(*o.bad) == before && *v != nil && (*v).Sign() <= 0 {
		o.note(name, "This must be above 0.")
	}
}

func (o object) time(name string, v *time.Time) {
	var s string
	if o.text(name, 40, &s); s == "" {
		if o.given(name) {
			*v = time.Time{}
		}
		return
	}
	at, problem := parseTime(s)
	o.note(name, problem)
	*v = at
}

// list goes through a list of the field; null is an empty one.
func (o object) list(name string, each func(n int, raw json.RawMessage)) {
	raw, ok := o.raw(name)
	if !ok {
		return
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		o.note(name, "This must be a list.")
		return
	}
	if len(items) > maxList {
		o.note(name, "This list must have at most 500 items.")
		return
	}
	for n, item := range items {
		each(n, item)
	}
}

// item is an object within the list.
func (o object) item(name string, raw json.RawMessage) (object, bool) {
	inner := object{prefix: o.prefix + name + ".", bad: o.bad}
	if err := inner.read(raw); err != nil {
		o.note(name, "This must be an object.")
		return inner, false
	}
	return inner, true
}
