package trading

import (
	"slices"
	"strings"
)

// side reads a side word: the direction of this idea, the exit of it, or the
// start of the next.
func (r *reader) side(i int, side Side) int {
	t := r.toks[i]
	if r.notASide(i) {
		return 0
	}
	past := t.text == "bought" || t.text == "sold" || t.text == "shorted" || t.text == "longed"
	d := r.cur
	switch {
	case r.turned(i, side):
		r.drafts = r.drafts[:len(r.drafts)-1]
		r.begin()
		r.takeSide(i, side)
	case d.Side == "" && !d.sideUnset, r.meant(i) && d.Stop == nil && len(d.Targets) == 0:
		r.takeSide(i, side) // the direction, or a correction of it
	case r.choice(i) && d.Side != side && d.Entry == nil && d.Stop == nil && len(d.Targets) == 0:
		d.Side, d.sideUnset = "", true // "long or short?"
		return 0
	case r.startsIdea(i, side):
		alternative := r.choice(i)
		symbol, inst, contract := d.Symbol, d.Instrument, d.Contract
		r.begin()
		r.cur.Alternative = alternative
		if r.symbolWithin(i) == nil {
			r.cur.Symbol, r.cur.Instrument, r.cur.Contract, r.cur.firm = symbol, inst, contract, true
		}
		r.takeSide(i, side)
	case side == d.Side:
		// "long MES, buying at 6000": the same idea goes on
	case past:
		d.past = true
		r.setRole(roleExit)
		r.plural = true
		return 0
	default:
		r.setRole(roleTarget)
		r.plural = true
		return r.orderWord(i, roleTarget)
	}
	if past && r.cur.Status == Planned {
		r.cur.Status = Open
	}
	if r.wasOpen(i) {
		r.cur.Status = Open
	}
	return r.orderWord(i, roleEntry)
}

// turned hears "out of my long, now short": what was has no part in the idea.
func (r *reader) turned(i int, side Side) bool {
	d := r.cur
	return d.past && d.Side != "" && d.Side != side && r.tok(i-1).text == "now" && d.Entry == nil && d.Stop == nil && len(d.loose) == 0 && len(d.Exits) == 0
}

func (r *reader) takeSide(i int, side Side) {
	r.cur.Side, r.cur.sideAt = side, i
	r.setRole(roleNone)
}

// orderWord skips the order type: "buy stop 6005" enters at 6005, and "sell
// stop 5994" of a long is its stop.
func (r *reader) orderWord(i int, to role) int {
	next := r.tok(i + 1)
	if next.kind != tokWord {
		return 0
	}
	switch next.text {
	case "stop":
		if to == roleTarget {
			return 0
		}
		if k := r.tok(i + 2).kind; k == tokNumber || r.tok(i+2).text == "at" || r.tok(i+2).text == "@" {
			r.setRole(roleEntry)
			return 1
		}
	case "limit", "lmt":
		r.setRole(to)
		return 1
	}
	return 0
}

// notASide excludes "as long as", "short term", "sell-off", "don't buy".
func (r *reader) notASide(i int) bool {
	t, prev, next := r.toks[i], r.tok(i-1), r.tok(i+1)
	if prev.text == "was" && (r.tok(i-2).text == "i" || r.tok(i-2).kind == tokBreak) {
		r.cur.past = true // "was long from 6000, out at 6010"
		return false
	}
	if prev.kind == tokWord && (beforeNoSide[prev.text] || isNegation(prev.text) && prev.text != "no") {
		return true
	}
	for n := i - 2; n >= i-3 && n >= 0; n-- {
		if w := r.toks[n]; w.kind == tokWord && isNegation(w.text) && (r.toks[n+1].text == "going" || r.toks[n+1].text == "to" || r.toks[n+1].text == "want" || r.toks[n+1].text == "gonna") {
			return true
		}
	}
	if next.text == "-" && next.glued && (r.tok(i+2).text == "off" || afterNoSide[r.tok(i+2).text]) {
		return true
	}
	if t.text == "lon" || t.text == "sto" || t.text == "srt" || t.text == "shor" {
		return next.kind != tokNumber && next.kind != tokSymbol
	}
	if next.text == "off" && sideWords[t.text] == Long {
		return false // "long off the low"
	}
	return next.kind == tokWord && afterNoSide[next.text]
}

// Words that make a side word mean something else; read only.
var (
	beforeNoSide = set("how as too before day night very fall falls falling instead rather squeeze wish everyone they people was were who")
	afterNoSide  = set("as term time way run ago enough story squeeze answer version summary interest off lived signal signals side-effects pressure wall imbalance volume")
)

// wasOpen hears "I'm long", "I am short", "currently long".
func (r *reader) wasOpen(i int) bool {
	if r.tok(i-1).text == "a" && r.tok(i-2).text == "in" {
		return true // "in a long position"
	}
	in := i - 2
	if r.tok(in).kind == tokNumber {
		in-- // "in 2 MES shorts"
	}
	if r.tok(i-1).kind == tokSymbol && r.tok(in).text == "in" {
		switch r.tok(in - 1).text {
		case "im", "i'm", "am", "already", "still", "currently":
			return true // "im in MES short"
		}
	}
	switch r.tok(i - 1).text {
	case "i'm", "im", "am", "i’m", "already", "currently", "went", "got", "been", "still":
		return true
	}
	return false
}

// choice hears "or" just before.
func (r *reader) choice(i int) bool {
	for n := i - 1; n >= i-4 && n >= 0; n-- {
		switch r.toks[n].text {
		case "or", "otherwise", "alternatively", "else", "either", "alt":
			return true
		}
		if r.toks[n].text == "b" && r.tok(n-1).text == "plan" {
			return true
		}
		if r.toks[n].kind == tokNumber {
			return false
		}
	}
	return false
}

// symbolWithin is the instrument named directly behind a side word.
func (r *reader) symbolWithin(i int) *token {
	for n := i + 1; n <= i+4; n++ {
		t := r.tok(n)
		switch {
		case t.kind == tokSymbol:
			return &t
		case t.kind == tokNumber, t.kind == tokWord && (t.text == "of" || t.text == "a" || t.text == "the" || t.text == "some"), t.text == "$", t.text == "/":
		default:
			return nil
		}
	}
	return nil
}

// startsIdea decides whether a further side word begins another idea or tells
// how this one ends.
func (r *reader) startsIdea(i int, side Side) bool {
	d := r.cur
	full := d.Entry != nil || len(d.loose) > 0 || d.Stop != nil || len(d.distances) > 0 || d.HasDeclined(FieldStop)
	if s := r.symbolWithin(i); s != nil && !s.weak {
		if s.text != d.Symbol {
			return full || d.Symbol != ""
		}
		if d.past || r.toks[i].text == "sold" || r.toks[i].text == "bought" {
			return false
		}
		return full && (side == d.Side || r.ownStop(i))
	}
	if side == d.Side {
		return full && r.choice(i) && (d.Stop != nil || len(d.distances) > 0)
	}
	return full && (d.Stop != nil || len(d.distances) > 0 || d.HasDeclined(FieldStop)) && r.ownStop(i)
}

// ownStop looks for a stop of its own before the next side word.
func (r *reader) ownStop(i int) bool {
	for n := i + 1; n < len(r.toks) && n < i+40; n++ {
		t := r.toks[n]
		if t.kind != tokWord {
			continue
		}
		if sideWords[t.text] != "" {
			return false
		}
		if labels[t.text] == roleStop {
			return n > i+1
		}
	}
	return false
}

// symbol takes an instrument for this idea, or starts the next one with it.
func (r *reader) symbol(i int) {
	t, d := r.toks[i], r.cur
	strong := !t.weak && (sideWords[r.tok(i-1).text] != "" || r.tok(i-1).kind == tokNumber || sideWords[r.tok(i+1).text] != "")
	switch {
	case d.Symbol == "" && t.text != "":
		r.takeSymbol(t, strong)
	case r.tok(i-1).kind == tokSymbol && isMicro(d.Symbol) && samePrices(d.Symbol, t.text):
		// "micro e-mini ES": still the micro
	case d.Symbol != t.text && !t.weak && r.meant(i):
		r.takeSymbol(t, strong)
	case d.Entry == nil && (r.tok(i-1).kind == tokSymbol || r.tok(i-1).text == "(" && r.tok(i-2).kind == tokSymbol) && len(d.loose) == 0 && !t.weak:
		r.takeSymbol(t, strong) // "soybeans ZS": the name, then the symbol
	case d.Instrument == nil && !t.weak && slices.Contains(strings.Fields(manyOf[d.Symbol]), t.text):
		r.takeSymbol(t, strong) // "short crude …, CL": which of the several
	case d.Symbol == t.text:
		d.firm = d.firm || strong
	case d.Entry == nil && d.Stop == nil && len(d.loose) == 0 && d.Quantity == nil && (strong || !d.firm && !t.weak):
		r.takeSymbol(t, strong)
	case d.Entry == nil && len(d.loose) == 0 && d.Stop == nil && strong && !d.firm:
		r.takeSymbol(t, strong)
	case r.symbolStartsIdea(i):
		r.begin()
		r.takeSymbol(t, strong)
	}
}

// meant hears "I meant MES".
func (r *reader) meant(i int) bool {
	prev := r.tok(i - 1).text
	return prev == "meant" || prev == "mean" || prev == "actually"
}

func (r *reader) takeSymbol(t token, firm bool) {
	r.cur.Symbol, r.cur.Instrument, r.cur.Contract, r.cur.firm = t.text, t.instrument, t.contract, firm
	r.cur.Kind = ""
	if t.instrument != nil {
		r.cur.Kind = t.instrument.Kind
	}
	if r.role != roleEntry {
		r.setRole(roleNone)
	}
}

// symbolStartsIdea wants a beginning before the name and a trade behind it: a
// mere mention ("NQ is weak") starts nothing.
func (r *reader) symbolStartsIdea(i int) bool {
	prev, next := r.tok(i-1), r.tok(i+1)
	begins := prev.kind == tokBreak || prev.text == "and" || prev.text == "or" || prev.text == "also" || prev.text == "then" || prev.text == "," || prev.text == ")" || prev.kind == tokNumber
	trade := next.kind == tokNumber || next.text == "@" || next.text == "at" || sideWords[next.text] != "" || next.text == ":"
	if prev.kind == tokPunct && (prev.text == "," || prev.text == ")") && sideWords[next.text] == "" && next.kind != tokNumber {
		return false
	}
	return begins && trade && !r.toks[i].weak
}
