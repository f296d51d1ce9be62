package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// onlyAsks hears a question about what was said, which changes nothing: "why
// is 2R needed?".
func onlyAsks(toks []token) bool {
	if len(toks) == 0 {
		return false
	}
	switch toks[0].text {
	case "why", "explain":
		return true
	case "how":
		return len(toks) > 1 && toks[1].text == "come"
	}
	return false
}

// sizeAlone hears another size in a message with one whole number and no
// label: "make it 3", "and with 4?". A number near the entry is a price.
func (i Idea) sizeAlone(r *reader) (decimal.Decimal, bool) {
	if i.Quantity == nil || i.Entry == nil || len(r.toks) < 2 || len(r.toks) > 6 {
		return decimal.Zero, false
	}
	var found *token
	for n := range r.toks {
		t := &r.toks[n]
		switch {
		case t.kind == tokNumber && found == nil:
			found = t
		case t.kind == tokPunct && t.text == ",", t.kind == tokBreak:
		case t.kind == tokWord && sizeWords[t.text]:
		default:
			return decimal.Zero, false
		}
	}
	if found == nil || found.unit != unitNone || found.lead != 0 || found.kilo || found.currency != "" || found.other != nil ||
		!found.value.IsInteger() || found.value.Sign() <= 0 || near(found.value, i.Entry.Value) || found.value.GreaterThan(i.Quantity.Mul(decimal.New(100, 0))) {
		return decimal.Zero, false
	}
	for _, t := range r.toks {
		if t.text == "make" || t.text == "with" || t.text == "about" || t.text == "only" || t.text == "just" || t.text == "try" || t.text == "take" {
			return found.value, true
		}
	}
	return decimal.Zero, false
}

// sizeWords may stand around a size that has no label; read only.
var sizeWords = set("make it that with and what about how only just try take ok okay if i instead then please maybe even")

// adds hears that a target joins the others instead of replacing them.
func adds(toks []token) bool {
	return slices.ContainsFunc(toks, func(t token) bool {
		return t.kind == tokWord && (t.text == "add" || t.text == "another" || t.text == "second" || t.text == "additional" || t.text == "plus")
	})
}

// shift takes "move the stop 2 points lower" out of the distances: it counts
// from where the level was, not from the entry.
func (i Idea) shift(toks []token, d *draft) {
	at := slices.IndexFunc(toks, func(t token) bool { return moveOf(t.text) != 0 })
	if at < 1 || toks[at-1].kind != tokNumber || len(d.distances) != 1 || !d.distances[0].size.Equal(toks[at-1].value) || i.Side == "" || i.Instrument == nil {
		return
	}
	x := d.distances[0]
	step := one
	switch x.unit {
	case unitPoint:
	case unitTick:
		step = i.Instrument.Tick
	case unitPip:
		step = i.Instrument.Pip
	default:
		return
	}
	away := x.size.Mul(step).Mul(decimal.New(moveOf(toks[at].text), 0))
	words := x.words + " " + toks[at].text
	if outward(toks[at].text) { // from the entry, whichever side that is
		away = away.Mul(i.Side.toward())
		if x.field == FieldStop {
			away = away.Neg()
		}
	}
	switch {
	case x.field == FieldStop && i.Stop != nil:
		d.Stop = &Price{Value: i.Stop.Value.Add(away), Derived: true, Words: words}
	case x.field == FieldTarget && len(i.Targets) == 1:
		d.Targets = []Target{{Price: Price{Value: i.Targets[0].Value.Add(away), Derived: true, Words: words}}}
	default:
		return
	}
	d.distances = nil
}

// moveOf is the sign of a move: up and farther count up.
func moveOf(w string) int64 {
	switch w {
	case "higher", "up", "wider", "further", "farther":
		return 1
	case "lower", "down", "tighter", "closer":
		return -1
	}
	return 0
}

func outward(w string) bool {
	switch w {
	case "wider", "further", "farther", "tighter", "closer":
		return true
	}
	return false
}
