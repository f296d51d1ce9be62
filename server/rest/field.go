package rest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/elite-trading-coach/coach/server/strict"
)

// What can be wrong with a list.
const (
	notTexts  = "This must be a list of texts."
	manyTexts = "This list must have at most 100 items."
)

// maxTexts bounds a list while it is read: a body could hold millions of texts
// that no rule would take.
const maxTexts = 100

// field is one field of a body that a route knows. json and form put a value
// where it belongs and say what is wrong with it, or "". A JSON null is as if
// the field were not there: clients send it for what they have not got.
type field struct {
	name string
	json func(raw json.RawMessage) string
	form func(values []string) string
}

// text is a field that holds a text.
func text(name string, into *string) field {
	return textTo(name, func(s string) { *into = s })
}

// maybe is a text that may be left out, which is told from an empty one.
func maybe(name string, into **string) field {
	return textTo(name, func(s string) { *into = &s })
}

func textTo(name string, set func(string)) field {
	return field{
		name: name,
		json: func(raw json.RawMessage) string {
			if strict.Null(raw) {
				return ""
			}
			s, problem := strict.Text(raw)
			if problem == "" {
				set(s)
			}
			return problem
		},
		form: func(values []string) string {
			if len(values) != 1 {
				return strict.Twice
			}
			problem := strict.Problem(values[0])
			if problem == "" {
				set(values[0])
			}
			return problem
		},
	}
}

// texts is a field that holds a list of texts; urlencoded, it is repeated.
func texts(name string, into *[]string) field {
	return field{
		name: name,
		json: func(raw json.RawMessage) string {
			if strict.Null(raw) {
				return ""
			}
			list, problem := decodeTexts(raw)
			if problem == "" {
				*into = list
			}
			return problem
		},
		form: func(values []string) string {
			if len(values) > maxTexts {
				return manyTexts
			}
			for _, v := range values {
				if problem := strict.Problem(v); problem != "" {
					return problem
				}
			}
			*into = values
			return ""
		},
	}
}

// tooLong says how many characters a text may have.
func tooLong(most int) string { return fmt.Sprintf("The text is longer than %d characters.", most) }

// decodeTexts reads a JSON list of strings, one after another, no further than
// its bound.
func decodeTexts(raw json.RawMessage) ([]string, string) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if token, err := dec.Token(); err != nil || token != json.Delim('[') {
		return nil, notTexts
	}
	list := []string{}
	for dec.More() {
		if len(list) == maxTexts {
			return nil, manyTexts
		}
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return nil, notTexts
		}
		s, problem := strict.Text(item)
		if problem == strict.NotText {
			return nil, notTexts
		}
		if problem != "" {
			return nil, problem
		}
		list = append(list, s)
	}
	return list, ""
}
