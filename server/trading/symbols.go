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
	if sym, ok := microOf[t.text]; ok && i+1 < len(toks) && (toks[i+1].text == "micro" || toks[i+1].text == "micros") && len(t.text) > 2 {
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
	return shareAt(toks, i, place, small)
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

func futureAt(toks []token, i int, p place) (int, token) {
	t := toks[i]
	root, ok := rootOf(strings.ToUpper(t.text))
	if !ok || len(t.text) <= 2 && t.raw == t.text && p == placeNone && !plainLower[t.text] {
		return 0, t
	}
	if len(t.text) == len(root) && t.raw == t.text && !plainLower[t.text] && p == placeNone {
		return 0, t
	}
	s := named(t, root)
	if strings.ToUpper(t.text) != root {
		s.contract = strings.ToUpper(t.text)
	}
	if n := monthAfter(toks, i); n > 0 {
		s.contract = root
		for _, m := range toks[i+1 : i+1+n] {
			s.contract += strings.ToUpper(m.raw)
		}
		return 1 + n, s
	}
	return 1, s
}

// monthAfter reads the month that platforms write apart: "MES 12-26",
// "ES dec26", "ES DEC 26".
func monthAfter(toks []token, i int) int {
	rest := toks[i+1:]
	small := func(t token) bool { return t.kind == tokNumber && len(t.text) <= 2 }
	if len(rest) >= 3 && small(rest[0]) && len(rest[0].text) == 2 && rest[1].text == "-" && rest[1].glued && small(rest[2]) && len(rest[2].text) == 2 && rest[2].glued {
		return 3
	}
	if len(rest) > 0 && rest[0].kind == tokWord && len(rest[0].text) >= 3 && monthNames[rest[0].text[:3]] {
		switch tail := rest[0].text[3:]; {
		case len(tail) == 2 && isDigit(tail[0]) && isDigit(tail[1]):
			return 1
		case tail == "" && len(rest) > 1 && small(rest[1]) && len(rest[1].text) == 2:
			return 2
		case tail == "":
			return 1
		}
	}
	return 0
}

// sessionWords follow ETH when it means the electronic session.
var sessionWords = set("session high low hours range")

var monthNames = set("jan feb mar apr may jun jul aug sep oct nov dec")

// shareAt reads a plain ticker of one to five letters.
func shareAt(toks []token, i int, p place, small bool) (int, token) {
	t := toks[i]
	if ticker := companies[t.text]; ticker != "" && p != placeNone {
		s := Stock(ticker)
		t.kind, t.text, t.instrument = tokSymbol, ticker, &s
		return 1, t
	}
	if len(t.raw) > 5 || strings.Trim(t.text, "abcdefghijklmnopqrstuvwxyz") != "" {
		return 0, t
	}
	if len(t.raw) == 1 && p != placeMarked && i+1 < len(toks) && toks[i+1].text == ":" {
		return 0, t // "S: 5994"
	}
	upper := t.raw == strings.ToUpper(t.raw)
	switch {
	case p == placeMarked:
	case notTickers[t.text] || foreign[t.text] != "" || unitWords[t.text] != unitNone || labels[t.text] != roleNone || sideWords[t.text] != "":
		return 0, t
	case upper && p != placeNone:
	case upper && small && len(t.raw) >= 2:
		t.weak = true
	case len(t.raw) < 2:
		return 0, t
	case !upper && p == placeAfter && !notSmallTickers[t.text] && tickerEnds(toks, i):
	case !upper && p == placeBefore && (i == 0 || toks[i-1].kind == tokBreak) && !notSmallTickers[t.text] && i+1 < len(toks) && sideWords[toks[i+1].text] != "":
	default:
		return 0, t
	}
	s := Stock(strings.ToUpper(t.text))
	t.kind, t.text, t.instrument = tokSymbol, s.Symbol, &s
	return 1, t
}

// tickerEnds says whether what follows a small word is what follows a ticker.
func tickerEnds(toks []token, i int) bool {
	if i+1 >= len(toks) {
		return true
	}
	next := toks[i+1]
	return next.kind != tokWord || next.text == "at" || next.text == "shares" || next.text == "stock" || next.text == "from" || next.text == "around" || labels[next.text] != roleNone
}

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
