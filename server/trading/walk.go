package trading

import (
	"github.com/shopspring/decimal"
)

// roleLasts is how many tokens a label waits for its number: "stop below
// yesterday's low at 5994" still finds it.
const roleLasts = 7

func (r *reader) walk() {
	for i := 0; i < len(r.toks); i++ {
		if len(r.drafts) > maxIdeas {
			r.drafts = r.drafts[:maxIdeas]
			return
		}
		r.since++
		if r.since > roleLasts {
			r.setRole(roleNone)
		}
		switch t := r.toks[i]; t.kind {
		case tokBreak:
			r.endSentence(t)
		case tokPunct:
			r.punct(i)
		case tokWord:
			i += r.word(i)
		case tokSymbol:
			r.symbol(i)
		case tokNumber:
			i += r.number(i)
		case tokRatio:
			r.ratio(i)
		case tokClock:
			r.setRole(roleNone)
		case tokBad:
			r.bad(t)
		}
	}
	if !r.unsized {
		return
	}
	for _, d := range r.drafts {
		if d.Instrument != nil && d.Instrument.Sized() {
			u := Unlisted(d.Symbol)
			d.Instrument = &u
			d.Notes = append(d.Notes, "options, CFDs and perpetuals are not sized until you say what one point is worth")
		}
	}
}

func (r *reader) endSentence(t token) {
	if t.text != "\n" || r.role != roleStop && r.role != roleTarget && r.role != roleEntry {
		r.setRole(roleNone)
	}
	r.pending = part{}
}

// punct ends a label's reach at a comma, unless a list goes on behind it.
func (r *reader) punct(i int) {
	t := r.toks[i]
	switch t.text {
	case "(":
		if r.tok(i-1).kind == tokNumber {
			r.shareAside(i)
			r.aside(i)
		}
		r.setRole(roleNone)
	case ",", ")":
		if r.plural && r.listGoesOn(i) {
			return
		}
		if r.tok(i+1).kind == tokNumber && r.since == 1 && r.role != roleNone {
			return // "stop, 5994"
		}
		r.setRole(roleNone)
	case ">":
		if r.role == roleNone && r.tok(i-1).text == "-" && r.tok(i-2).kind == tokNumber && r.tok(i+1).kind == tokNumber {
			r.setRole(roleTarget) // "6000 -> 6012"
		}
	case "*":
		if r.tok(i+1).kind == tokNumber && r.tok(i+1).glued && r.last != roleNone {
			r.setRole(r.last) // "tp 6022 *6024", as one mends a word in a chat
			if n := len(r.cur.Targets); r.last == roleTarget && n > 0 {
				r.cur.Targets = r.cur.Targets[:n-1]
			}
		}
	case "@":
		if r.role == roleNone {
			r.setRole(roleEntry)
		}
		r.since = 0
	}
}

// aside skips what stands in parentheses behind a price: "5994 (6 pts)" says
// the same thing twice.
func (r *reader) aside(i int) {
	first := r.tok(i + 1)
	if first.kind != tokNumber && first.kind != tokRatio {
		return
	}
	for n := i + 1; n <= i+8 && n < len(r.toks); n++ {
		if r.toks[n].text == ")" {
			for k := i + 1; k < n; k++ {
				r.toks[k] = token{kind: tokPunct, text: "…"}
			}
			return
		}
	}
}

// listGoesOn says whether a number follows the comma, and no label of its own
// behind that number.
func (r *reader) listGoesOn(i int) bool {
	for n := i + 1; n <= i+4; n++ {
		switch t := r.tok(n); {
		case t.kind == tokNumber:
			after := r.tok(n + 1)
			if got := r.cur.Targets; len(got) > 0 && t.unit == unitNone && !signed(t) && !near(t.value, got[len(got)-1].Value) && r.pending == (part{}) && after.text != "@" && after.text != "at" && after.kind != tokSymbol {
				return false // "target 6012, 25k"
			}
			return t.lead != '$' || r.cur.Entry == nil || after.kind != tokWord || labels[after.text] == roleNone
		case t.kind == tokWord && (portions[t.text] != nil || t.text == "rest" || t.text == "remainder" || t.text == "then" || t.text == "and" || t.text == "&" || t.text == "the" || t.text == "at" || t.text == "a" || t.text == "other" || t.text == "last" || t.text == "first" || t.text == "second" || t.text == "final" || t.text == "next"):
		default:
			return false
		}
	}
	return false
}

// portions are parts of a position in words; read only.
var portions = map[string]*decimal.Decimal{
	"half": share("0.5"), "third": nil, "quarter": share("0.25"), "all": share("1"),
}

func share(s string) *decimal.Decimal {
	d := decimal.RequireFromString(s)
	return &d
}

// word reads a word and says how many more tokens it used up.
func (r *reader) word(i int) int {
	t := r.toks[i]
	if side := sideWords[t.text]; side != "" {
		return r.side(i, side)
	}
	if to, ok := labels[t.text]; ok && to != roleNone {
		return r.label(i, to)
	}
	switch t.text {
	case "was", "were":
		r.stopWas(i)
	case "at", "from", "frm", "off", "in", "around", "round", "above", "below", "over", "under", "near":
		if t.text == "from" && r.movedFrom(i) {
			return 1
		}
		if r.role == roleNone && r.cur.Side != "" && r.cur.Entry == nil && r.tok(i+1).kind == tokNumber {
			r.setRole(roleEntry)
			if r.cur.priced(r.tok(i + 1).value) {
				r.setRole(roleIgnore) // "…breakeven at 6006": the entry is known
			}
		}
		if r.role == roleNone && r.cur.past && r.cur.Entry != nil && t.text == "at" {
			r.setRole(roleExit)
		}
		if t.text == "in" && r.tok(i+1).text == ":" && r.tok(i+2).kind == tokNumber && r.cur.Entry == nil {
			r.setRole(roleEntry)
		}
		if r.toks[i].text == "at" && r.tok(i-1).text == "in" && r.cur.Entry == nil {
			r.setRole(roleEntry)
		}
	case "out":
		if r.cur.past && r.tok(i+1).kind == tokNumber {
			return r.label(i, roleExit)
		}
		if r.tok(i+1).text == ":" {
			return r.label(i, roleTarget)
		}
		r.cur.past = r.cur.past || r.tok(i+1).text == "of" && (r.tok(i+2).text == "my" || r.tok(i+2).text == "the") // "out of my long"
	case "lot", "lots", "contracts", "shares", "cars":
		r.sizeLabel(i)
	case "after", "once", "until", "till":
		r.setRole(roleIgnore) // a condition, not a level of the trade
	case "e", "s", "t":
		if next := r.tok(i + 1); next.kind == tokNumber && next.unit == unitNone || next.text == ":" {
			return r.label(i, map[string]role{"e": roleEntry, "s": roleStop, "t": roleTarget}[t.text])
		}
	case "wait", "actually", "correction", "mean", "meant", "sorry":
		if r.role == roleNone && r.last != roleNone && r.tok(i+1).text != "for" {
			r.setRole(r.last)
		}
	case "of", "on", "with", "have", "got", "has":
		r.moneyComes(i)
	case "third":
		if r.tok(i-1).text != "," && r.tok(i-1).text != "and" || len(r.cur.Targets) < 2 { // "first 6006, second 6012, third 6018"
			r.portion(t.text)
		}
	case "half", "quarter", "rest", "remainder", "runner", "thirds":
		r.portion(t.text)
	case "to":
		if r.stopFromTo(i) || r.movedIt(i) {
			return 1
		}
		if r.role == roleNone && r.cur.Entry != nil && len(r.cur.Targets) == 0 && r.tok(i+1).kind == tokNumber && r.tok(i+1).unit == unitNone {
			r.setRole(roleTarget)
		}
	case "pointvalue", "tickvalue", "multiplier":
		r.pointValue(i)
	case "point", "tick", "pip":
		return r.stepIs(i)
	default:
		r.remark(i)
	}
	return 0
}

func (r *reader) ratio(i int) {
	t := r.toks[i]
	near := r.role == roleRatio || r.role == roleReward || r.role == roleTarget || r.tok(i+1).text == "on" // "1:2 on a short"
	if !near && r.cur.Side == "" {
		return
	}
	v := t.value
	r.cur.rr = &v
	r.setRole(roleNone)
}

// bad asks about digits that make no number, where a number was expected.
func (r *reader) bad(t token) {
	field := map[role]Field{roleEntry: FieldEntry, roleStop: FieldStop, roleTarget: FieldTarget, roleEquity: FieldEquity, roleRisk: FieldRisk, roleQuantity: FieldQuantity}[r.role]
	if field == "" && r.cur.Side != "" {
		field = FieldEntry
	}
	if field != "" {
		r.cur.ask(field, "I cannot read “"+shorten(t.raw)+"” as a number. Which number do you mean?")
	}
	r.setRole(roleNone)
}

func shorten(s string) string {
	if len(s) > 24 {
		return s[:24] + "…"
	}
	return s
}
