package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What can be wrong with any field.
const (
	badUTF8    = "The text is not valid UTF-8."
	badNUL     = "The text must not contain NUL characters."
	givenTwice = "This was given more than once."
	notText    = "This must be a text."
	notTexts   = "This must be a list of texts."
	manyTexts  = "This list must have at most 100 items."
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
			if isNull(raw) {
				return ""
			}
			s, problem := decodeText(raw)
			if problem == "" {
				set(s)
			}
			return problem
		},
		form: func(values []string) string {
			if len(values) != 1 {
				return givenTwice
			}
			problem := textProblem(values[0])
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
			if isNull(raw) {
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
				if problem := textProblem(v); problem != "" {
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

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

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
		s, problem := decodeText(item)
		if problem == notText {
			return nil, notTexts
		}
		if problem != "" {
			return nil, problem
		}
		list = append(list, s)
	}
	return list, ""
}

// decodeText reads a JSON string and what would be lost in reading it.
func decodeText(raw json.RawMessage) (string, string) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", notText
	}
	if !utf8.Valid(raw) || loneSurrogate(raw) {
		return "", badUTF8
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", notText
	}
	return s, textProblem(s)
}

func textProblem(s string) string {
	switch {
	case !utf8.ValidString(s):
		return badUTF8
	case strings.ContainsRune(s, 0):
		return badNUL
	}
	return ""
}

// loneSurrogate reports half of an escaped pair (\ud83d without its \ude00),
// which no UTF-8 text can hold and encoding/json would replace.
func loneSurrogate(raw []byte) bool {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if raw[i+1] != 'u' {
			i++
			continue
		}
		unit := hex4(raw[i+2:])
		i += 5
		switch {
		case unit < 0xD800 || unit > 0xDFFF:
		case unit > 0xDBFF, !bytes.HasPrefix(raw[min(i+1, len(raw)):], []byte(`\u`)):
			return true
		default:
			if low := hex4(raw[i+3:]); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
	}
	return false
}

// hex4 is the number of four hexadecimal digits, which a JSON reader has
// checked are there.
func hex4(b []byte) int {
	n := 0
	for _, d := range b[:min(4, len(b))] {
		switch {
		case '0' <= d && d <= '9':
			n = n<<4 | int(d-'0')
		default:
			n = n<<4 | int(d|0x20-'a'+10)
		}
	}
	return n
}
