package trading

import (
	"strings"
)

// rootOf reads the name of a future: MES, MESH7, MESZ26, MES1!, ES_F. It gives
// the root that is in the table or known to be a future outside it.
func rootOf(upper string) (root string, ok bool) {
	upper = strings.TrimSuffix(upper, "_F")
	if isRoot(upper) {
		return upper, true
	}
	if base, cont := strings.CutSuffix(upper, "!"); cont {
		base = strings.TrimRight(base, "0123456789")
		return base, isRoot(base)
	}
	base := strings.TrimRight(upper, "0123456789")
	if digits := len(upper) - len(base); digits < 1 || digits > 2 || len(base) < 3 {
		return "", false
	}
	month := base[len(base)-1]
	base = base[:len(base)-1]
	return base, strings.IndexByte("FGHJKMNQUVXZ", month) >= 0 && isRoot(base)
}

func isRoot(s string) bool {
	if i, ok := table[s]; ok {
		return i.Kind == KindFuture
	}
	return otherFutures[s]
}

// nameSymbols turns the words that name an instrument into symbol tokens.
func nameSymbols(toks []token) []token {
	small := hasSmallLetters(toks)
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); {
		n, t := symbolAt(toks, i, out, small)
		if n == 0 {
			out = append(out, toks[i])
			i++
			continue
		}
		if len(out) > 0 && t.glued && strings.Contains("$/#", out[len(out)-1].text) && out[len(out)-1].kind == tokPunct {
			out = out[:len(out)-1] // the mark of $AAPL, /ES, #MES
		}
		out = append(out, t)
		i += n
	}
	return out
}

func hasSmallLetters(toks []token) bool {
	for _, t := range toks {
		if t.kind == tokWord && t.raw == t.text && len(t.text) > 2 {
			return true
		}
	}
	return false
}

// symbolAt reads the instrument at toks[i]; it gives how many tokens it is
// long, 0 for none.
func symbolAt(toks []token, i int, before []token, small bool) (int, token) {
	t := toks[i]
	if t.kind != tokWord {
		return 0, t
	}
	if n, sym := pairAt(toks, i); n > 0 {
		return n, named(t, sym)
	}
	if t.text == "micro" || t.text == "micros" {
		for skip := 1; skip <= 4 && i+skip < len(toks); skip++ {
			if sym, ok := microOf[toks[i+skip].text]; ok && (sym != "MES" || toks[i+skip].text != "emini" || skip == 1) {
				return skip + 1, named(t, sym)
			}
			if w := toks[i+skip].text; w != "e" && w != "-" && w != "mini" && w != "emini" {
				break
			}
		}
		return 0, t
	}
	if sym, ok := microOf[t.text]; ok && i+1 < len(toks) && (toks[i+1].text == "micro" || toks[i+1].text == "micros") && (len(t.text) > 2 || t.raw != t.text || placeOf(toks, i, before) == placeAfter) {
		return 2, named(t, sym) // "sp500 micro"
	}
	place := placeOf(toks, i, before)
	if n, s := futureAt(toks, i, place); n > 0 {
		return n, s
	}
	if sym := pairSlang(t.text); sym != "" && place != placeNone {
		return 1, named(t, sym)
	}
	if sym := aliases[t.text]; sym != "" && !(t.text == "eth" && i+1 < len(toks) && sessionWords[toks[i+1].text]) {
		return 1, named(t, sym)
	}
	if _, ok := table[strings.ToUpper(t.text)]; ok && (t.raw != t.text || plainLower[t.text] || place != placeNone) && !(t.text == "eth") {
		return 1, named(t, strings.ToUpper(t.text))
	}
	if contractsForDifference[t.text] && (place != placeNone || t.raw != t.text) {
		return 1, unlisted(t, strings.ToUpper(t.text))
	}
	if _, ok := manyOf[t.text]; ok && place != placeNone {
		t.kind, t.instrument = tokSymbol, nil
		return 1, t
	}
	if marksStrike(t, before) {
		return 0, t
	}
	return shareAt(toks, i, place, small)
}

// marksStrike tells the letter of "AAPL 150C" and "AAPL 150 C", a call, from
// the ticker.
func marksStrike(t token, before []token) bool {
	n := len(before)
	return (t.text == "c" || t.text == "p") && n > 0 && before[n-1].kind == tokNumber && (t.glued || n > 1 && before[n-2].kind == tokSymbol)
}

// pairSlang are the two letters that some write for a pair.
func pairSlang(w string) string {
	switch w {
	case "eu":
		return "EURUSD"
	case "gu":
		return "GBPUSD"
	case "uj":
		return "USDJPY"
	}
	return ""
}

// place says how surely a word stands where an instrument would.
type place int

const (
	placeNone   place = iota
	placeBefore       // followed by a side, a price mark or a number
	placeAfter        // behind a side, a size or "shares of"
	placeMarked       // $AAPL, /ES
)

func placeOf(toks []token, i int, before []token) place {
	if len(before) > 0 {
		last := before[len(before)-1]
		if last.kind == tokPunct && (last.text == "$" || last.text == "/" || last.text == "#") && toks[i].glued &&
			(len(before) < 2 || before[len(before)-2].kind != tokNumber || !last.glued) {
			return placeMarked
		}
		if last.kind == tokWord && (sideWords[last.text] != "" || last.text == "of" || last.text == "a") && len(before) > 0 {
			if last.text == "of" && (len(before) < 2 || !isSizeUnit(before[len(before)-2])) || last.text == "a" && (len(before) < 2 || sideWords[before[len(before)-2].text] == "") {
				return placeNone
			}
			return placeAfter
		}
		if last.kind == tokNumber && last.lead == 0 && !last.kilo && (last.unit == unitNone || isSizeUnit(last)) {
			return placeAfter
		}
	}
	if i+1 < len(toks) {
		next := toks[i+1]
		first := len(before) == 0 || before[len(before)-1].kind == tokBreak
		switch {
		case next.kind == tokWord && sideWords[next.text] != "", next.text == "-" && !next.glued && i+2 < len(toks) && sideWords[toks[i+2].text] != "":
			return placeBefore
		case first && (next.kind == tokNumber || next.text == "@" || next.text == ":" || next.text == "at"):
			return placeBefore
		}
	}
	return placeNone
}

func isSizeUnit(t token) bool {
	switch t.unit {
	case unitContract, unitLot, unitShare, unitX:
		return t.kind == tokNumber
	}
	return t.kind == tokWord && (t.text == "contract" || t.text == "contracts" || t.text == "shares" || t.text == "lots" || t.text == "lot" || t.text == "share")
}

// pairAt reads EURUSD written with a mark: eur/usd, BTC-USD.
func pairAt(toks []token, i int) (int, string) {
	if i+2 < len(toks) && (toks[i+1].text == "/" || toks[i+1].text == "-") && toks[i+2].kind == tokWord {
		a, b := toks[i].text, toks[i+2].text
		if (currencies[a] || a == "btc" || a == "eth") && currencies[b] {
			return 3, strings.ToUpper(a + b)
		}
	}
	w := toks[i].text
	if len(w) == 6 && (currencies[w[:3]] || w[:3] == "btc" || w[:3] == "eth") && currencies[w[3:]] {
		return 1, strings.ToUpper(w)
	}
	return 0, ""
}

// sessionWords follow ETH when it means the electronic session.
var sessionWords = set("session high low hours range")

var monthNames = set("jan feb mar apr may jun jul aug sep oct nov dec")

// named is a symbol token; one outside the table keeps its name only.
func named(t token, symbol string) token {
	inst, ok := Lookup(symbol)
	if !ok {
		return unlisted(t, symbol)
	}
	t.kind, t.text, t.instrument = tokSymbol, symbol, &inst
	return t
}

func unlisted(t token, symbol string) token {
	inst := Unlisted(symbol)
	t.kind, t.text, t.instrument = tokSymbol, symbol, &inst
	return t
}
