package trading

import (
	"strings"

	"github.com/shopspring/decimal"
)

// unit is what stands behind a number.
type unit int

const (
	unitNone unit = iota
	unitPct
	unitPoint
	unitTick
	unitPip
	unitR
	unitContract
	unitLot
	unitShare
	unitX
	unitMoney
	unitM // 5m: minutes, or millions
	unitTime
	unitOrdinal
)

// maxWhole and maxFraction are the digits a number may have: more than any
// price or account, few enough that sums stay cheap.
const (
	maxWhole    = 12
	maxFraction = 10
)

// convention is how a message writes numbers: 25,000.50 or 25.000,50.
type convention int

const (
	conventionUnknown convention = iota
	conventionPoint              // the point is the decimal mark
	conventionComma              // the comma is
	conventionMixed              // the message does both
)

// parseDigits reads plain digits with at most one point.
func parseDigits(s string) (decimal.Decimal, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) > maxWhole || len(fraction) > maxFraction || whole == "" && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return decimal.Zero, false
	}
	d, err := decimal.NewFromString(s)
	return d, err == nil
}

// readAs reads digits with one mark for thousands and another for decimals;
// ok is false when the groups do not fit.
func readAs(raw string, thousand, mark string) (decimal.Decimal, bool) {
	whole, fraction, marked := strings.Cut(raw, mark)
	if strings.ContainsAny(fraction, ".,'") || marked && fraction == "" {
		return decimal.Zero, false
	}
	if groups := strings.Split(whole, thousand); len(groups) > 1 {
		if len(groups[0]) == 0 || len(groups[0]) > 3 || groups[0][0] == '0' {
			return decimal.Zero, false
		}
		for _, g := range groups[1:] {
			if len(g) != 3 {
				return decimal.Zero, false
			}
		}
		whole = strings.Join(groups, "")
	}
	if strings.ContainsAny(whole, ".,'") {
		return decimal.Zero, false
	}
	if marked {
		return parseDigits(whole + "." + fraction)
	}
	return parseDigits(whole)
}

// looksLikeList says whether commas separate numbers rather than digits: no
// convention reads it as one, or both sides are long and alike (5994,6012).
func looksLikeList(raw string) bool {
	if !strings.Contains(raw, ",") {
		return false
	}
	left, right, _ := strings.Cut(raw, ",")
	if len(left) >= 4 && len(left) == len(right) {
		return true
	}
	_, point := readAs(raw, ",", ".")
	_, comma := readAs(raw, ".", ",")
	return !point && !comma
}

// readNumbers gives every number token its value. One message has one
// convention: a number that can only be read one way tells it, and the
// ambiguous ones ("6,000") follow; without such a sign both readings are kept.
func readNumbers(toks []token) {
	c := conventionOf(toks)
	for i := range toks {
		t := &toks[i]
		if t.kind != tokNumber || t.unit == unitX && !t.value.IsZero() {
			continue
		}
		if strings.Contains(t.text, "'") {
			t.readMarked()
			continue
		}
		t.read(c)
	}
}

func conventionOf(toks []token) convention {
	c := conventionUnknown
	for _, t := range toks {
		if t.kind != tokNumber || !strings.ContainsAny(t.text, ".,") || strings.Contains(t.text, "'") {
			continue
		}
		_, point := readAs(t.text, ",", ".")
		_, comma := readAs(t.text, ".", ",")
		if point == comma {
			continue
		}
		said := conventionPoint
		if comma {
			said = conventionComma
		}
		if c != conventionUnknown && c != said {
			return conventionMixed
		}
		c = said
	}
	return c
}

func (t *token) read(c convention) {
	point, okPoint := readAs(t.text, ",", ".")
	comma, okComma := readAs(t.text, ".", ",")
	switch {
	case !okPoint && !okComma:
		t.kind = tokBad
	case !okComma, okPoint && c == conventionPoint:
		t.value = point
	case !okPoint, c == conventionComma:
		t.value = comma
	default:
		t.value = point
		if !point.Equal(comma) {
			t.other = &comma
		}
	}
}

// readMarked reads what has an apostrophe: 6'000 in Swiss thousands, and
// 110'16 or 110'165 in 32nds, where both are possible until the instrument is
// known (other then is the 32nds).
func (t *token) readMarked() {
	whole, rest, _ := strings.Cut(t.text, "'")
	if points, ok := parseDigits(whole); ok {
		if v, ok := read32nds(points, rest); ok {
			t.value, t.other = v, nil
		}
	}
	if v, ok := readAs(t.text, "'", "."); ok {
		if !t.value.IsZero() {
			thirty := t.value
			t.other = &thirty
		}
		t.value = v
	}
	if t.value.IsZero() {
		t.kind = tokBad
	}
}

// pairFollows guards "1 eur/usd": the name of a pair, not a currency.
func (t *token) pairFollows(after []token) bool { return len(after) > 0 && after[0].text == "/" }
