package tui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/elite-trading-coach/coach/server/api"
)

// clean makes text of others fit for a terminal: no control characters,
// nothing that turns the direction of writing.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// width is how many cells of the terminal text takes.
func width(text string) int { return ansi.StringWidth(text) }

// clip shortens text to at most cells, and says by its last character that it
// did. Escape sequences in it are kept whole.
func (t *theme) clip(text string, cells int) string {
	if cells <= 0 {
		return ""
	}
	return ansi.Truncate(text, cells, t.more)
}

// left and right fit text into exactly cells.
func (t *theme) left(text string, cells int) string {
	text = t.clip(text, cells)
	return text + blank(cells-width(text))
}

func (t *theme) right(text string, cells int) string {
	text = t.clip(text, cells)
	return blank(cells-width(text)) + text
}

func blank(cells int) string { return strings.Repeat(" ", max(0, cells)) }

// wrap breaks text into lines of at most cells.
func wrap(text string, cells int) []string {
	return strings.Split(ansi.Wrap(text, max(1, cells), ""), "\n")
}

// count writes a number with its thousands apart: 12 345.
func count[N int | int64 | uint64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

// short writes a number in at most five cells: 950, 12.3k, 4.1M.
func short(n float64) string {
	switch {
	case n < 1000:
		return strconv.FormatFloat(math.Round(n), 'f', -1, 64)
	case n < 999_500:
		return threeDigits(n/1e3) + "k"
	case n < 999_500_000:
		return threeDigits(n/1e6) + "M"
	}
	return threeDigits(n/1e9) + "G"
}

// threeDigits writes what is left of a unit: 1.2, 12.5, 125.
func threeDigits(n float64) string {
	switch {
	case n < 99.95:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

// rate writes something a second.
func rate(n float64) string {
	if n >= 1000 {
		return short(n)
	}
	return strconv.FormatFloat(n, 'f', 1, 64)
}

// size writes bytes, in powers of ten as disks and networks count them.
func size(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	text := short(float64(n))
	unit := strings.ToUpper(text[len(text)-1:])
	if unit == "K" {
		unit = "k"
	}
	return text[:len(text)-1] + " " + unit + "B"
}

// span writes seconds in at most five cells: 45s, 12m, 3h, 2d.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// uptime writes seconds with the next smaller unit: 3d 4h.
func uptime(d time.Duration) string {
	d = max(0, d) // the two clocks are not one
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm %ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd %dh", int(d.Hours())/24, int(d.Hours())%24)
}

// millis writes milliseconds; nothing measured is "-".
func millis(ms float64) string {
	switch {
	case ms <= 0:
		return "-"
	case ms < 0.1:
		return "<0.1 ms"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 10_000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 0, 64) + " s"
}

// clock writes a moment of the day, in the zone of the one who looks.
func clock(at api.Time, zone *time.Location) string {
	return time.Time(at).In(zone).Format(time.TimeOnly)
}

func moment(at api.Time, zone *time.Location) string {
	if time.Time(at).IsZero() {
		return "never"
	}
	return time.Time(at).In(zone).Format(time.DateTime)
}

// dollars writes millionths of a dollar.
func dollars(micros int64) string {
	if micros%1_000_000 == 0 {
		return "$" + strconv.FormatInt(micros/1_000_000, 10)
	}
	return fmt.Sprintf("$%.2f", float64(micros)/1e6)
}
