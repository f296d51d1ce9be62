package strict

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// What can be wrong with a field.
const (
	BadUTF8 = "The text is not valid UTF-8."
	BadNUL  = "The text must not contain NUL characters."
	Twice   = "This was given more than once."
	NotText = "This must be a text."
)

// Text reads a JSON string, or says what would be lost in reading it.
func Text(raw json.RawMessage) (text, problem string) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", NotText
	}
	if !utf8.Valid(raw) || loneSurrogate(raw) {
		return "", BadUTF8
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", NotText
	}
	return text, Problem(text)
}

// Problem is what is wrong with a text, however it came; "" is nothing.
func Problem(text string) string {
	switch {
	case !utf8.ValidString(text):
		return BadUTF8
	case strings.ContainsRune(text, 0):
		return BadNUL
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
