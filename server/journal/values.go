package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/strict"
)

// What a number may have at most; a price in yen or a coin in satoshis fits.
const (
	maxWhole    = 15
	maxFraction = 10
)

// timeLayout is how times are written: RFC 3339, UTC, milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is a moment on the wire.
type Time time.Time

// MarshalJSON writes the moment, to the millisecond.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Time(t).UTC().Format(timeLayout) + `"`), nil
}

// UnmarshalJSON reads any RFC 3339 moment.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("read time: %w", err)
	}
	at, err := time.Parse(time.RFC3339, text)
	*t = Time(at)
	return err
}

// timeOf is a moment, or null for the zero time.
func timeOf(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	m := Time(t)
	return &m
}

// parseNumber reads a plain decimal number: digits and at most one point. What
// else people write is refused with what to write instead.
func parseNumber(s string) (decimal.Decimal, string) {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, marked := strings.Cut(digits, ".")
	switch {
	case s == "":
		return decimal.Zero, "This must be a number."
	case strings.HasPrefix(s, "=") || strings.HasPrefix(s, "@") || strings.HasPrefix(s, "+"):
		return decimal.Zero, "Formulas are not computed; write the number itself."
	case strings.Contains(s, ","):
		return decimal.Zero, "Write the number without commas and with a point for decimals, such as 6000.25."
	case strings.Trim(whole+fraction, "0123456789") != "" || whole == "" || marked && fraction == "":
		return decimal.Zero, "This must be a plain number, such as 6000.25."
	case len(whole) > maxWhole || len(fraction) > maxFraction:
		return decimal.Zero, fmt.Sprintf("A number has at most %d digits before the point and %d behind it.", maxWhole, maxFraction)
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return decimal.Zero, "This must be a plain number, such as 6000.25."
	}
	return d, ""
}

// parseTime reads RFC 3339; the time zone must be said.
func parseTime(s string) (time.Time, string) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, "Write the time with its zone, such as 2026-03-10T14:30:00Z."
	}
	return checkTime(at)
}

// checkTime keeps times to what the store and the clients hold.
func checkTime(at time.Time) (time.Time, string) {
	if at.Year() < 1970 || at.Year() > 2200 {
		return time.Time{}, "The year must be between 1970 and 2200."
	}
	return at.UTC().Truncate(time.Millisecond), ""
}

// parseText makes a text of one form: valid, without NUL, with \n for line
// ends, without blanks around it.
func parseText(s string, most int) (string, string) {
	if problem := strict.Problem(s); problem != "" {
		return "", problem
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > most {
		return "", "This must be at most " + strconv.Itoa(most) + " characters."
	}
	return s, ""
}

// count writes a number of things: "1 finding", "3 findings".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// sameJSON compares by what would be written.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// oneOf reports whether s is among the words.
func oneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}
