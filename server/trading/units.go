package trading

// unitWords are what may stand behind a number; read only.
var unitWords = map[string]unit{
	"pct": unitPct, "percent": unitPct, "prct": unitPct, "percents": unitPct,
	"pt": unitPoint, "pts": unitPoint, "point": unitPoint, "points": unitPoint, "handle": unitPoint, "handles": unitPoint, "pnts": unitPoint,
	"tick": unitTick, "ticks": unitTick, "tk": unitTick, "tks": unitTick,
	"pip": unitPip, "pips": unitPip,
	"r": unitR, "rs": unitR,
	"contract": unitContract, "contracts": unitContract, "ct": unitContract, "cts": unitContract, "con": unitContract, "cons": unitContract,
	"car": unitContract, "cars": unitContract, "contrats": unitContract, "contacts": unitContract, "micros": unitContract, "micro": unitContract, "minis": unitContract, "units": unitContract,
	"lot": unitLot, "lots": unitLot,
	"share": unitShare, "shares": unitShare, "shs": unitShare, "sh": unitShare, "shrs": unitShare,
	"x":       unitX,
	"dollars": unitMoney, "dollar": unitMoney, "bucks": unitMoney, "usd": unitMoney, "$": unitMoney,
	"min": unitTime, "mins": unitTime, "minute": unitTime, "minutes": unitTime, "h": unitTime, "hr": unitTime, "hour": unitTime, "hours": unitTime,
	"d": unitTime, "day": unitTime, "days": unitTime, "weeks": unitTime, "week": unitTime, "am": unitTime, "pm": unitTime, "years": unitTime, "sec": unitTime, "seconds": unitTime,
	"st": unitOrdinal, "nd": unitOrdinal, "rd": unitOrdinal, "th": unitOrdinal,
	"m": unitM, "mm": unitM, "mil": unitM, "million": unitM,
}

// foreign are currencies an account may be in that need a rate; read only.
var foreign = map[string]string{
	"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "gbp": "GBP", "pounds": "GBP", "quid": "GBP",
	"¥": "JPY", "jpy": "JPY", "yen": "JPY", "chf": "CHF", "francs": "CHF", "cad": "CAD", "aud": "AUD", "inr": "INR", "₹": "INR", "rupees": "INR",
}

// foldUnits joins a number with the sign before it and the unit behind it into
// one token, so that what follows sees "$25k" and "6 points" as numbers.
func foldUnits(toks []token) []token {
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if t.kind != tokNumber {
			out = append(out, t)
			continue
		}
		out = takeLead(out, &t)
		i += takeUnit(toks[i+1:], &t)
		out = append(out, t)
	}
	return out
}

// takeLead moves a currency or sign that stands directly before the number
// from out into it.
func takeLead(out []token, t *token) []token {
	if len(out) == 0 {
		return out
	}
	last := out[len(out)-1]
	switch {
	case last.kind == tokWord && last.glued && len(out) > 1 && (out[len(out)-2].text == "/" || out[len(out)-2].text == "-"):
		return out // the second half of a pair: btc/usd
	case last.text == "$", last.kind == tokWord && last.text == "usd":
		t.lead = '$'
	case foreign[last.text] != "" && (last.kind == tokPunct || last.kind == tokWord):
		t.currency = foreign[last.text]
	case (last.text == "+" || last.text == "-") && t.glued && !signIsDash(out):
		t.lead = last.text[0]
	default:
		return out
	}
	return out[:len(out)-1]
}

// signIsDash says whether the dash before a number joins it to the number or
// word before, as in 5994-5996 and 12-26.
func signIsDash(out []token) bool {
	if len(out) < 2 {
		return false
	}
	before := out[len(out)-2]
	return out[len(out)-1].glued && (before.kind == tokNumber || before.kind == tokWord && len(before.text) > 2)
}

// takeUnit reads k, %, and unit words behind a number and says how many tokens
// it used.
func takeUnit(next []token, t *token) int {
	used := 0
	if len(next) > 0 && (next[0].text == "k" || next[0].text == "grand") && next[0].kind == tokWord {
		t.value, t.kilo, used = t.value.Shift(3), true, 1
		if t.other != nil {
			shifted := t.other.Shift(3)
			t.other = &shifted
		}
		next = next[1:]
	}
	if len(next) == 0 {
		return used
	}
	switch w := next[0]; {
	case w.text == "%":
		t.unit = unitPct
		return used + 1
	case w.kind == tokPunct && foreign[w.text] != "":
		t.currency = foreign[w.text]
		return used + 1
	case w.text == "$" && (len(next) < 2 || next[1].kind != tokNumber):
		t.lead = '$'
		return used + 1
	case w.text == "-" && len(next) > 1 && next[1].kind == tokWord && t.unit == unitNone:
		u := unitWords[next[1].text]
		if u == unitPoint || u == unitTick || u == unitPip || u == unitPct || u == unitTime || u == unitR {
			t.unit = u
			return used + 2
		}
	case w.text == "micro" && len(next) > 1 && unitWords[next[1].text] == unitContract:
		t.unit, t.unitWord = unitContract, w.text
		return used + 2 // "2 micro contracts of ES"
	case w.text == "standard" && len(next) > 1 && unitWords[next[1].text] == unitLot:
		t.unit = unitLot
		return used + 2
	case w.kind == tokWord:
		return used + t.takeWord(w, next[1:])
	}
	return used
}

func (t *token) takeWord(w token, after []token) int {
	if c := foreign[w.text]; c != "" && !t.pairFollows(after) {
		t.currency = c
		return 1
	}
	u, ok := unitWords[w.text]
	if !ok {
		return 0
	}
	followedByNumber := len(after) > 0 && after[0].kind == tokNumber
	switch {
	case w.text == "pt" && !w.glued && followedByNumber, w.text == "pt" && len(after) > 0 && (after[0].text == ":" || after[0].text == "@"):
		return 0 // "5994 pt 6012": a price target
	case !w.glued && (u == unitM || u == unitOrdinal || w.text == "d" || w.text == "h") && w.text != "million" && w.text != "mil":
		return 0
	case w.text == "micro" && len(after) > 0 && after[0].kind == tokWord && !fillers[after[0].text]:
		return 0 // "2 micro nasdaq"
	case w.text == "con" && !w.glued:
		return 0
	case w.text == "x" && !w.glued && followedByNumber:
		return 0
	}
	t.unit, t.unitWord = u, w.text
	if u == unitMoney {
		t.unit, t.lead = unitNone, '$'
	}
	return 1
}
