package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
)

// maxBody is how large a request's body may be, in bytes.
const maxBody = 10 << 20

// whole names the body itself where no single field is at fault.
const whole = "body"

// refuseLarge refuses a body that announces itself as too large, whatever the
// route; one that does not announce itself is cut off by read.
func (s *site) refuseLarge(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); r.ContentLength > maxBody && !takesImages(r) {
			c.Response().Header().Set("Connection", "close") // nobody will read the rest
			return tooLarge()
		}
		return next(c)
	}
}

// bind reads the body, JSON or urlencoded, into the fields that the route
// knows, and reports everything that is wrong with them at once. Fields that
// it does not know are ignored; no body at all is one without fields.
func bind(c *call, fields ...field) error {
	body, err := read(c)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	form, err := mediaType(c.Request().Header)
	if err != nil {
		return err
	}
	if form {
		return bindForm(string(body), fields)
	}
	return bindJSON(body, fields)
}

func read(c *call) ([]byte, error) {
	r := c.Request()
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, fault.New(fault.UnsupportedMediaType, "Packed bodies are not taken; send it plain.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.raw, r.Body, maxBody))
	if err != nil {
		c.Response().Header().Set("Connection", "close")
		return nil, unread(fmt.Errorf("read the body: %w", err))
	}
	return body, nil
}

// unread names what only the connection can say: broken chunks, a reset, our
// own end of it closed by a stop. None of that is a failure of ours. Size, time
// and length have names of their own, see toFault.
func unread(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fault.Wrap(fault.MalformedJSON, "The body did not arrive whole.", err)
}

// mediaType tells an urlencoded body from a JSON one.
func mediaType(h http.Header) (form bool, err error) {
	refused := fault.New(fault.UnsupportedMediaType, "The body must be application/json or application/x-www-form-urlencoded, in UTF-8.")
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false, refused
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return false, refused
	}
	switch kind {
	case "application/json":
		return false, nil
	case "application/x-www-form-urlencoded":
		return true, nil
	}
	return false, refused
}

// bindJSON reads one JSON object.
func bindJSON(body []byte, fields []field) error {
	b := newBinder(fields)
	err := strict.Object(body, func(name string, value json.RawMessage) {
		if f := b.take(name); f != nil {
			b.note(f.name, f.json(value))
		}
	})
	if err != nil {
		return err
	}
	if len(b.bad) == 0 && !utf8.Valid(body) {
		b.note(whole, strict.BadUTF8)
	}
	return b.err()
}

// bindForm reads an urlencoded body.
func bindForm(body string, fields []field) error {
	values, err := url.ParseQuery(body)
	if err != nil {
		return fault.Wrap(fault.Validation, "The body is not well urlencoded.", err)
	}
	b := newBinder(fields)
	for _, f := range fields {
		given, ok := values[f.name]
		if !ok {
			continue
		}
		b.note(f.name, f.form(given))
	}
	return b.err()
}

// binder gathers what is wrong with each field, twice for each at most: a body
// that repeats a name must not make a reply that is larger than itself.
type binder struct {
	fields []field
	taken  []int // how often each came
	bad    []fault.Detail
}

func newBinder(fields []field) *binder {
	return &binder{fields: fields, taken: make([]int, len(fields))}
}

// take finds the field of that name, once.
func (b *binder) take(name string) *field {
	for i := range b.fields {
		if b.fields[i].name != name {
			continue
		}
		switch b.taken[i]++; b.taken[i] {
		case 1:
			return &b.fields[i]
		case 2:
			b.note(name, strict.Twice)
		}
		return nil
	}
	return nil
}

func (b *binder) note(name, problem string) {
	if problem != "" {
		b.bad = append(b.bad, fault.Detail{Field: name, Message: problem})
	}
}

func (b *binder) err() error {
	if len(b.bad) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Validation, Message: b.bad[0].Message, Details: b.bad}
}
