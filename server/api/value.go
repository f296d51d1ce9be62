package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind is what a column holds, and so how a filter reads what it is compared
// with.
type Kind int

// The kinds of a column.
const (
	KindText  Kind = iota // compared without regard to case
	KindCount             // 12, 1.5k, 2M
	KindBytes             // 512, 64kB, 64KiB, 1.5MB
	KindSpan              // 90s, 5m, 2h, 3d; in seconds
	KindFlag              // yes, no
)

// Value is one cell: Text of a KindText, "true" or "false" of a KindFlag, and
// Number of all others.
type Value struct {
	Text   string
	Number float64
}

func text(s string) Value { return Value{Text: s} }

func number[N int | int64 | uint64 | float64](n N) Value { return Value{Number: float64(n)} }

func flag(b bool) Value { return text(strconv.FormatBool(b)) }

// read turns what a filter says into a value of the kind.
func (k Kind) read(word string) (Value, error) {
	switch k {
	case KindCount:
		return readScaled(word, counts(), "a number such as 10, 1.5k or 2M")
	case KindBytes:
		return readScaled(word, sizes(), "a size such as 512, 64kB, 64KiB or 1.5MB")
	case KindSpan:
		return readScaled(word, spans(), "a time such as 90s, 5m, 2h or 3d")
	case KindFlag:
		switch strings.ToLower(word) {
		case "yes", "true":
			return flag(true), nil
		case "no", "false":
			return flag(false), nil
		}
		return Value{}, fmt.Errorf("it is compared with yes or no, not with %q", word)
	}
	return text(word), nil
}

// unit is a suffix and what it multiplies by.
type unit struct {
	suffix string
	factor float64
}

func counts() []unit { return []unit{{"", 1}, {"k", 1e3}, {"m", 1e6}} }

func sizes() []unit {
	return []unit{
		{"", 1},
		{"b", 1},
		{"k", 1e3},
		{"kb", 1e3},
		{"m", 1e6},
		{"mb", 1e6},
		{"g", 1e9},
		{"gb", 1e9},
		{"kib", 1 << 10},
		{"mib", 1 << 20},
		{"gib", 1 << 30},
	}
}

func spans() []unit {
	day := (24 * time.Hour).Seconds()
	return []unit{{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", day}}
}

func readScaled(word string, units []unit, wanted string) (Value, error) {
	end := strings.LastIndexAny(word, "0123456789.") + 1
	n, err := strconv.ParseFloat(word[:end], 64)
	if err == nil && n >= 0 {
		for _, u := range units {
			if u.suffix == strings.ToLower(word[end:]) {
				return Value{Number: n * u.factor}, nil
			}
		}
	}
	return Value{}, fmt.Errorf("it is compared with %s, not with %q", wanted, word)
}
