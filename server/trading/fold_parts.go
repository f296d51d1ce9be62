package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// maxParts is the finest part of a unit that is read as a quotient: 1/16.
const maxParts = 16

// foldParts makes one size of a part of a unit or coin: "1/2 lot", "1 1/2
// lots", "half a lot", "a quarter BTC". A half of anything else stays a word:
// it is a part of the position.
func foldParts(toks []token) []token {
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); i++ {
		v, used := quotientAt(toks[i:])
		if used == 0 {
			v, used = halfAt(toks[i:], out)
		}
		u, length := sizeUnitAt(toks[i:], used)
		if used == 0 || u == unitNone {
			out = append(out, toks[i])
			continue
		}
		t := token{kind: tokNumber, raw: toks[i].raw, glued: toks[i].glued, unit: u}
		whole, kept := wholeBefore(out)
		out = out[:kept]
		t.value = v.Add(whole)
		t.text = t.value.String()
		out = append(out, t)
		i += length - 1
	}
	return out
}

// quotientAt reads 1/2 and 3/4.
func quotientAt(toks []token) (decimal.Decimal, int) {
	if len(toks) < 3 || toks[1].text != "/" || !toks[1].glued || !toks[2].glued {
		return decimal.Zero, 0
	}
	n, m := toks[0], toks[2]
	most := decimal.New(maxParts, 0)
	if !isCount(n) || n.unit != unitNone || !isCount(m) || n.value.Sign() <= 0 || n.value.GreaterThanOrEqual(m.value) || m.value.GreaterThan(most) {
		return decimal.Zero, 0
	}
	return cut(n.value, m.value), 3
}

// halfAt reads "half a", "half of a", and "half" right behind the side that
// begins an idea; before it may stand an article.
func halfAt(toks, before []token) (decimal.Decimal, int) {
	t := toks[0]
	if t.kind != tokWord || t.text != "half" && t.text != "quarter" {
		return decimal.Zero, 0
	}
	part := *portions[t.text]
	if len(toks) > 1 && sizeUnit(toks[1]) != unitNone || articleAt(toks, 1) > 0 || beginsIdea(before) {
		return part, 1
	}
	return decimal.Zero, 0
}

// beginsIdea says whether the last word, an article aside, is a side, and no
// instrument was named yet: "sell half BTC" is otherwise a part of what is held.
func beginsIdea(before []token) bool {
	n := len(before)
	if n > 0 && before[n-1].text == "a" {
		n--
	}
	named := slices.ContainsFunc(before, func(t token) bool { return t.kind == tokSymbol })
	return n > 0 && sideWords[before[n-1].text] != "" && !named
}

// articleAt is how long "a", "of a", "of" is.
func articleAt(toks []token, at int) int {
	n := at
	if n < len(toks) && toks[n].text == "of" {
		n++
	}
	if n < len(toks) && toks[n].kind == tokWord && (toks[n].text == "a" || toks[n].text == "an") {
		return n + 1 - at
	}
	return 0
}

// sizeUnitAt finds what the part of length n is a part of, and says how long
// both are; a symbol is left to be read.
func sizeUnitAt(toks []token, n int) (unit, int) {
	if n == 0 {
		return unitNone, 0
	}
	if u := sizeUnit(toks[n-1]); u != unitNone {
		return u, n
	}
	n += articleAt(toks, n)
	switch {
	case n >= len(toks):
	case sizeUnit(toks[n]) != unitNone && (toks[n].kind == tokWord || numberWords[toks[n].text] == 1):
		return sizeUnit(toks[n]), n + 1
	case toks[n].kind == tokSymbol && toks[n].instrument != nil:
		return unitContract, n
	}
	return unitNone, 0
}

// sizeUnit is the unit of one lot, contract or share, as a word or folded into
// a number; "half contracts" is a part of the position.
func sizeUnit(t token) unit {
	w := t.text
	if t.kind == tokNumber {
		w = t.unitWord
	}
	switch w {
	case "lot", "lots", "contract", "share":
		return unitWords[w]
	}
	return unitNone
}

// wholeBefore is the 1 of "1 1/2" and "1 and a half", and how many tokens
// before it are kept.
func wholeBefore(before []token) (decimal.Decimal, int) {
	n := len(before)
	if n > 2 && before[n-1].text == "a" && before[n-2].text == "and" {
		n -= 2
	} else if n > 1 && before[n-1].text == "a" && sideWords[before[n-2].text] != "" {
		return decimal.Zero, n - 1 // "buy a quarter lot"
	}
	if n == 0 {
		return decimal.Zero, len(before)
	}
	t := before[n-1]
	if w := numberWords[t.text]; t.kind == tokWord && t.text != "a" && w > 0 && n < len(before) {
		return decimal.NewFromInt(w), n - 1
	}
	if !isCount(t) || t.unit != unitNone || t.value.GreaterThan(decimal.New(20, 0)) {
		return decimal.Zero, len(before)
	}
	return t.value, n - 1
}

// isCount says whether a token is a plain whole number.
func isCount(t token) bool {
	return t.kind == tokNumber && t.lead == 0 && !t.kilo && t.currency == "" && t.other == nil && t.value.IsInteger() && len(t.text) <= 2
}
