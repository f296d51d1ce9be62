package trading

import (
	"strings"
)

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
