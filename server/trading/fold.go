package trading

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// foldSpaces joins the thousands that some write with a space, "21 000". Two
// numbers side by side are otherwise two numbers ("100 150" may be a hundred
// at 150), so they are joined only where the message bears it out: another
// number is near the joined one, or it is plainly an amount of money.
func foldSpaces(toks []token) []token {
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if whole, ok := spaced(toks, i); ok && (bornOut(toks, i, whole) || isMoneyAt(toks, i)) {
			t.text, t.value, t.other = whole.String(), whole, nil
			i++
		}
		out = append(out, t)
	}
	return out
}

// spaced is the number that toks[i] and the three digits behind it make.
func spaced(toks []token, i int) (decimal.Decimal, bool) {
	if i+1 >= len(toks) {
		return decimal.Zero, false
	}
	t, next := toks[i], toks[i+1]
	if t.kind != tokNumber || next.kind != tokNumber || next.glued || len(t.text) > 3 || t.text[0] == '0' || !allDigits(t.text) || len(next.text) < 3 || !allDigits(next.text[:3]) {
		return decimal.Zero, false
	}
	if len(next.text) > 3 && next.text[3] != '.' {
		return decimal.Zero, false
	}
	whole, ok := parseDigits(t.text + next.text)
	return whole, ok
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// bornOut looks for another number, joined or not, near the one that joining
// at i would make.
func bornOut(toks []token, i int, whole decimal.Decimal) bool {
	for n := range toks {
		if n == i || n == i+1 {
			continue
		}
		if other, ok := spaced(toks, n); ok && near(whole, other) {
			return true
		}
		if toks[n].kind == tokNumber && !toks[n].value.IsZero() && near(whole, toks[n].value) {
			return true
		}
	}
	return false
}

// isMoneyAt hears "$25 000" and "account 25 000".
func isMoneyAt(toks []token, i int) bool {
	for n := i - 1; n >= 0 && n >= i-3; n-- {
		switch t := toks[n]; {
		case t.text == "$" || t.kind == tokWord && labels[t.text] == roleEquity:
			return true
		case t.kind != tokPunct && !fillers[t.text]:
			return false
		}
	}
	return false
}

// foldFractions makes one number of a fraction of a percent that is written
// out: "half a percent", "quarter of a percent", "one and a half %".
func foldFractions(toks []token) []token {
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); i++ {
		if v, used := fractionAt(toks[i:]); used > 0 {
			t := toks[i]
			t.kind, t.text, t.value, t.other = tokNumber, v.String(), v, nil
			out = append(out, t)
			i += used - 1
			continue
		}
		t := toks[i]
		if t.text == "half_" || t.text == "quarter_" {
			t.text = strings.TrimSuffix(t.text, "_")
		}
		out = append(out, t)
	}
	return out
}

// fractionAt reads a fraction at the beginning of toks, without the percent
// sign or word that must follow it, and says how many tokens it is long.
func fractionAt(toks []token) (decimal.Decimal, int) {
	text := func(n int) string {
		if n < len(toks) {
			return toks[n].text
		}
		return ""
	}
	value, at := decimal.Zero, 0
	switch first := toks[0]; {
	case first.text == "half", first.text == "half_":
		value, at = decimal.New(5, -1), 1
	case first.text == "quarter", first.text == "quarter_":
		value, at = decimal.New(25, -2), 1
	case (first.text == "three" || first.text == "3") && (text(1) == "quarters" || text(1) == "quarter"):
		value, at = decimal.New(75, -2), 2
	case first.kind == tokNumber || numberWords[first.text] > 0:
		whole := first.value
		if first.kind != tokNumber {
			whole = decimal.NewFromInt(numberWords[first.text])
		}
		switch {
		case text(1) == "and" && text(2) == "a" && (text(3) == "half" || text(3) == "quarter"):
			part := fractionWord(text(3))
			value, at = whole.Add(part), 4
		case text(1) == "half_" || text(1) == "quarter_": // 1½, by its sign: "20 half percent risks" are no 20.5
			part := fractionWord(strings.TrimSuffix(text(1), "_"))
			value, at = whole.Add(part), 2
		case first.text == "1" && text(1) == "/" && (text(2) == "2" || text(2) == "4"):
			value, at = cut(one, toks[2].value), 3
		}
	}
	if at == 0 {
		return decimal.Zero, 0
	}
	end := at
	if text(end) == "of" {
		end++
	}
	if w := text(end); w == "a" || w == "one" || w == "1" {
		end++
	}
	if w := text(end); w != "%" && unitWords[w] != unitPct {
		return decimal.Zero, 0
	}
	return value, end
}

// fractionWord is a half or a quarter.
func fractionWord(w string) decimal.Decimal {
	if w == "half" {
		return decimal.New(5, -1)
	}
	return decimal.New(25, -2)
}

// countWords makes numbers of "two MES", "a contract", "six points".
func countWords(toks []token) []token {
	for i := 0; i < len(toks); i++ {
		t := &toks[i]
		n, ok := numberWords[t.text]
		if t.kind != tokWord || !ok || i+1 >= len(toks) {
			continue
		}
		next := toks[i+1]
		u, isUnit := unitWords[next.text]
		isUnit = isUnit && (next.kind == tokWord || next.text == "%")
		switch {
		case isUnit && (u == unitContract || u == unitShare || u == unitLot && t.text != "a"):
		case isUnit && t.text != "a" && t.text != "single" && (u == unitPct || u == unitPoint || u == unitTick || u == unitPip || u == unitR):
		case isUnit && u == unitPct && t.text == "a" && i > 0 && labels[toks[i-1].text] == roleRisk: // "risk a percent"
		case next.kind == tokSymbol && t.text != "a":
		default:
			continue
		}
		t.kind, t.value, t.unit = tokNumber, decimal.NewFromInt(n), unitContract
		if isUnit {
			t.unit, t.unitWord = u, next.text
			toks = slices.Delete(toks, i+1, i+2)
		}
	}
	return toks
}
