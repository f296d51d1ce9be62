package rest

import (
	"encoding/json"
	"strconv"

	"github.com/elite-trading-coach/coach/server/strict"
)

const notWhole = "This must be a whole number."

// wholeTo is a field that holds a whole number and may be left out.
func wholeTo(name string, set func(int64)) field {
	read := func(text string) string {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return notWhole
		}
		set(n)
		return ""
	}
	return field{
		name: name,
		json: func(raw json.RawMessage) string {
			if strict.Null(raw) {
				return ""
			}
			return read(string(raw))
		},
		form: func(values []string) string {
			if len(values) != 1 {
				return strict.Twice
			}
			return read(values[0])
		},
	}
}

// maybeInt is a whole number that is told from one that was left out.
func maybeInt(name string, into **int) field {
	return wholeTo(name, func(n int64) { v := int(n); *into = &v })
}

// maybeInt64 is maybeInt for what may be large.
func maybeInt64(name string, into **int64) field {
	return wholeTo(name, func(n int64) { *into = &n })
}
