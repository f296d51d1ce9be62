package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/fault"
)

// maxList bounds every list in a body.
const maxList = 500

// object is a JSON object being read field by field: numbers never pass
// through a float64, and everything that is wrong is told at once. Fields that
// nobody asks for are ignored; null is as if the field were not there, except
// where a caller asks with given.
type object struct {
	fields map[string]json.RawMessage
	prefix string // of field names in what is wrong
	bad    *[]fault.Detail
}

func readObject(body []byte) (object, error) {
	o := object{bad: &[]fault.Detail{}}
	if len(bytes.TrimSpace(body)) == 0 {
		return o, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&o.fields); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return o, fault.Invalid("body", "The body must be a JSON object.")
		}
		return o, fault.Wrap(fault.MalformedJSON, "The body is not valid JSON.", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return o, fault.New(fault.MalformedJSON, "The body is not valid JSON.")
	}
	if !utf8.Valid(body) {
		return o, fault.Invalid("body", "The text is not valid UTF-8.")
	}
	if o.fields == nil {
		return o, fault.Invalid("body", "The body must be a JSON object.")
	}
	return o, nil
}

// err is everything that was wrong.
func (o object) err() error { return invalid(*o.bad) }

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
	raw, ok := o.fields[name]
	return raw, ok && string(raw) != "null"
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
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		o.note(name, "This must be a text.")
		return
	}
	s, problem := parseText(s, most)
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
	if err := json.Unmarshal(raw, &inner.fields); err != nil || inner.fields == nil {
		o.note(name, "This must be an object.")
		return inner, false
	}
	return inner, true
}
