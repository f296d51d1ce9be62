package trading

import (
	"github.com/shopspring/decimal"
)

// readDay finds the words about the day and blanks their numbers, so that none
// of them is taken for a price, a size or an account.
func (r *reader) readDay() {
	quoted := false
	for i := range r.toks {
		if r.toks[i].text == `"` {
			quoted = !quoted
		}
		if quoted || r.toks[i].kind == tokPunct && r.toks[i].text != "-" {
			continue
		}
		r.dayLoss(i)
		r.dayTrades(i)
		r.dayLosses(i)
		r.dayAgo(i)
	}
}

func (r *reader) blank(i int) { r.toks[i] = token{kind: tokPunct, text: "…"} }

// dayLoss reads "down $600 today", "lost 600 bucks", "-$400 on the day".
func (r *reader) dayLoss(i int) {
	w := r.toks[i].text
	n := i + 1
	switch {
	case w == "down" || w == "lost" || w == "red" || w == "minus" || w == "losing" || w == "blew" || w == "gave":
		for n <= i+3 && (r.tok(n).text == "about" || r.tok(n).text == "around" || r.tok(n).text == "by" || r.tok(n).text == "already" || r.tok(n).text == "like" || r.tok(n).text == "over" || r.tok(n).text == "back" || r.tok(n).text == "another" || r.tok(n).text == "almost" || r.tok(n).text == "nearly") {
			n++
		}
	case r.toks[i].kind == tokNumber && r.toks[i].lead == '-' || w == "-" && r.tok(n).lead == '$':
		if r.toks[i].kind == tokNumber {
			n = i
		}
		if !r.todayBehind(n) {
			return
		}
	default:
		return
	}
	t := r.tok(n)
	if t.kind != tokNumber || !r.aboutMe(i) || !r.happenedToday(i, n) {
		return
	}
	switch r.tok(n + 1).text {
	case "in", "trades", "trade", "straight", "losses", "times", "consecutive", "of":
		if t.lead != '$' {
			return // a count
		}
	}
	v := t.value
	switch {
	case t.unit == unitPct:
		r.day.LossPct = &v
	case t.unit == unitNone && (t.lead == '$' || t.kilo || r.todayBehind(n) && labels[r.tok(n+1).text] == roleNone) && t.currency == "":
		r.day.Loss = &v
	default:
		return
	}
	r.blank(n)
}

// aboutMe tells "I'm down $12" from "TSLA is down $12".
func (r *reader) aboutMe(i int) bool {
	for n := i - 1; n >= 0 && n >= i-3; n-- {
		switch t := r.toks[n]; {
		case t.kind == tokSymbol:
			return false
		case t.kind == tokBreak || t.text == ",":
			return true
		}
		switch r.toks[n].text {
		case "i'm", "im", "i", "am", "we", "already", "currently", "ive", "i've", "account", "me":
			return true
		case "is", "it's", "its", "it", "price", "market", "stock", "they", "he", "she", "friend", "was", "futures", "indices":
			return false
		}
	}
	return true
}

// happenedToday refuses other days, conditions and denials around the words
// from i to n.
func (r *reader) happenedToday(i, n int) bool {
	for k := i - 1; k >= 0 && k >= i-7; k-- {
		t := r.toks[k]
		if t.kind == tokBreak {
			break
		}
		if isNegation(t.text) && k >= i-3 {
			return false
		}
		switch t.text {
		case "if", "when", "could", "would", "can", "might", "may", "max", "until", "unless", "should", "will", "yesterday", "monday", "tuesday", "wednesday", "thursday", "friday", "week", "month", "year":
			return false
		}
	}
	for k := n + 1; k <= n+6; k++ {
		t := r.tok(k)
		if t.kind == tokBreak || t.text == "," || sideWords[t.text] != "" {
			break
		}
		switch t.text {
		case "yesterday", "week", "month", "year", "quarter", "monday", "tuesday", "wednesday", "thursday", "friday", "weeks", "months", "ytd", "overall":
			return false
		}
	}
	return true
}

// todayBehind hears "today", "on the day", "so far" shortly behind.
func (r *reader) todayBehind(i int) bool {
	for n := i + 1; n <= i+4; n++ {
		switch r.tok(n).text {
		case "today", "day", "session", "far", "morning":
			return true
		}
		if r.tok(n).kind == tokBreak || r.tok(n).kind == tokNumber {
			return false
		}
	}
	return false
}

// dayTrades reads "third trade today", "trade number 7 today", "took 5 trades
// today".
func (r *reader) dayTrades(i int) {
	t, next := r.toks[i], r.tok(i+1)
	var n int
	var ordinal bool
	switch {
	case t.kind == tokNumber && t.unit == unitOrdinal && next.text == "trade":
		n, ordinal = int(t.value.IntPart()), true
	case t.kind == tokWord && ordinalOf(t.text) > 0 && next.text == "trade":
		n, ordinal = ordinalOf(t.text), true
	case t.text == "trade" && (next.text == "number" || next.text == "#" || next.text == "no"):
		r.tradeNumber(i + 2)
		return
	case next.text == "trades" && r.countAt(i) > 0 && r.tookThem(i):
		n = r.countAt(i)
	default:
		return
	}
	mine := r.tok(i-1).text == "my" && ordinal
	if n <= 0 || n > 1000 || !(mine || r.todayBehind(i+1) || r.tok(i-1).text == "already" || r.tok(i-2).text == "already") || !r.happenedToday(i, i+1) {
		return
	}
	if ordinal {
		n--
	}
	r.day.Trades = max(r.day.Trades, n)
	r.blank(i)
}

// tradeNumber reads the number of "trade number 7 today".
func (r *reader) tradeNumber(i int) {
	n := r.countAt(i)
	if n > 0 && r.todayBehind(i) && r.happenedToday(i, i) {
		r.day.Trades = max(r.day.Trades, n-1)
		r.blank(i)
	}
}

// tookThem keeps "lost 3 trades" and "max 6 trades a day" out.
func (r *reader) tookThem(i int) bool {
	for n := i - 1; n >= 0 && n >= i-2; n-- {
		switch r.toks[n].text {
		case "max", "maximum", "most", "last", "only", "than", "to", "of", "lost", "won":
			return false
		}
	}
	return true
}

// countAt is a count in digits or words at i; 0 for none.
func (r *reader) countAt(i int) int {
	t := r.tok(i)
	switch {
	case t.kind == tokNumber && t.unit == unitNone && t.lead == 0 && !t.kilo && t.value.IsInteger() && t.value.LessThanOrEqual(decimal.New(1000, 0)):
		return int(t.value.IntPart())
	case t.kind == tokWord && t.text != "a" && t.text != "single":
		return int(numberWords[t.text])
	}
	return 0
}

func ordinalOf(w string) int {
	switch w {
	case "second":
		return 2
	case "third":
		return 3
	case "fourth":
		return 4
	case "fifth":
		return 5
	case "sixth":
		return 6
	case "seventh":
		return 7
	case "eighth":
		return 8
	case "ninth":
		return 9
	case "tenth":
		return 10
	}
	return 0
}
