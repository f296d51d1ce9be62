// Package strict reads JSON that somebody sent, and neither guesses nor loses
// anything of it.
//
// encoding/json would take keys in any case, keep the last of two, and put
// U+FFFD silently where the bytes are no UTF-8. So an object is read key by
// key, and each text by itself: what is wrong can be told by its field.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/elite-trading-coach/coach/server/fault"
)

// Object reads a body that is one JSON object and gives its fields in their
// order, those that come again, too. It refuses anything else with
// MALFORMED_JSON or, where it is JSON, VALIDATION_ERROR.
func Object(body []byte, take func(name string, raw json.RawMessage)) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	if token, err := dec.Token(); err != nil {
		return malformed(err)
	} else if token != json.Delim('{') {
		if !json.Valid(body) {
			return malformed(errors.New("not JSON"))
		}
		return fault.Invalid("body", "The body must be a JSON object.")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return malformed(err)
		}
		name, _ := key.(string) // the decoder gives nothing else there
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return malformed(err)
		}
		take(name, value)
	}
	if _, err := dec.Token(); err != nil {
		return malformed(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return malformed(errors.New("something follows the object"))
	}
	return nil
}

// Null reports whether a field holds nothing.
func Null(raw json.RawMessage) bool { return string(raw) == "null" }

func malformed(err error) error {
	return fault.Wrap(fault.MalformedJSON, "The body is not valid JSON.", err)
}
