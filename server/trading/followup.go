package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// IsFresh says whether an idea stands on its own, instead of completing or
// correcting the one before: it names what is traded and in which direction,
// or an entry for either.
func (i Idea) IsFresh() bool {
	named := i.Symbol != "" || i.Kind != ""
	directed := i.Side != "" && !i.SideDerived
	return named && directed || (named || directed) && i.Entry != nil
}

// Continue reads a message as a follow-up to an earlier idea: it fills what
// was missing ("stop 5994", or just "5994" when only the stop was asked for),
// corrects ("make the stop 5992", "what about 3 contracts"), refuses ("no
// stop") or confirms ("yes"). asked is what the coach asked for last, in
// order. changed is false when the message says nothing about the idea; prev
// then comes back as it was.
func Continue(prev Idea, asked []Field, text string) (next Idea, changed bool) {
	r := newReader(text)
	if onlyAsks(r.toks) {
		return prev, false
	}
	if size, ok := prev.sizeAlone(r); ok {
		next = prev
		next.Quantity = &size
		next.Resolve()
		return next, true
	}
	numbers := bareNumbers(r.toks)
	if len(numbers) > 0 {
		if next, ok := prev.answer(asked, numbers); ok {
			return next, true
		}
	}
	r.cur.Side, r.cur.Symbol, r.cur.Instrument = prev.Side, prev.Symbol, prev.Instrument
	r.walk()
	next, changed = prev, false
	next.Targets, next.Pending = slices.Clone(prev.Targets), slices.Clone(prev.Pending) // prev must stay as it is
	d := r.drafts[0]
	prev.shift(r.toks, d)
	if prev.Entry != nil {
		d.loose = nil // a passing number is no new entry
	}
	if said, ok := d.finishRaw(); ok {
		if len(said.Targets) > 0 && adds(r.toks) {
			said.Targets = append(slices.Clone(prev.Targets), said.Targets...)
		}
		changed = next.merge(said)
	}
	if isYes(r.toks) && len(prev.Questions) > 0 {
		if !next.agree() {
			next.Confirmed = true
		}
		next.Questions, changed = nil, true
	}
	if !changed {
		return prev, false
	}
	next.Resolve()
	return next, true
}

// bareNumbers are the numbers of a message that says nothing else: "5994",
// "25k", "5994 and 6012", "6 points".
func bareNumbers(toks []token) []token {
	var numbers []token
	for _, t := range toks {
		switch {
		case t.kind == tokNumber:
			numbers = append(numbers, t)
		case t.kind == tokWord && t.text != "and" && t.text != "ok" && t.text != "okay" && t.text != "then" && t.text != "is" && t.text != "it" && t.text != "it's" && t.text != "at" && t.text != "about" && t.text != "say":
			return nil
		case t.kind == tokSymbol, t.kind == tokBad, t.kind == tokRatio:
			return nil
		}
	}
	return numbers
}

// answer gives bare numbers to what was asked for, in that order. Money goes
// to the account; prices only when there are as many as were asked for.
func (i Idea) answer(asked []Field, numbers []token) (Idea, bool) {
	open := make([]Field, 0, len(asked))
	for _, f := range asked {
		switch f {
		case FieldEntry, FieldStop, FieldTarget, FieldEquity, FieldPointValue, FieldQuantity:
			open = append(open, f)
		}
	}
	if len(numbers) == 1 && len(open) > 1 && (numbers[0].kilo || numbers[0].lead == '$') {
		for _, f := range open {
			if f == FieldEquity {
				open = []Field{FieldEquity}
			}
		}
	}
	if len(numbers) == 1 && len(open) > 1 {
		open = i.fitting(open, numbers[0])
	}
	if len(open) != len(numbers) {
		return i, false
	}
	said := &draft{Idea: Idea{Instrument: i.Instrument, Symbol: i.Symbol, Kind: i.Kind}}
	for n, f := range open {
		if f == FieldEquity && numbers[n].value.LessThan(decimal.New(100, 0)) && numbers[n].lead == 0 {
			return i, false // "2" is no account
		}
		said.put(f, numbers[n])
	}
	said.settleUnits()
	said.Pending = pendingOf(said.distances, nil)
	if !i.merge(said.Idea) {
		return i, false
	}
	i.Resolve()
	return i, true
}

// fitting is the one field that a single price can be the answer to: the
// entry while that is missing, else the stop on the losing side of the entry
// and the target on the winning side.
func (i Idea) fitting(open []Field, t token) []Field {
	switch {
	case open[0] == FieldEntry && t.unit == unitNone && !signed(t):
		return open[:1]
	case i.Entry == nil || i.Side == "" || t.unit != unitNone || signed(t) || !near(t.value, i.Entry.Value):
		return nil
	}
	fits := FieldTarget
	if t.value.Sub(i.Entry.Value).Mul(i.Side.toward()).Sign() < 0 {
		fits = FieldStop
	}
	for _, f := range open {
		if f == fits {
			return []Field{f}
		}
	}
	return nil
}

func (d *draft) put(f Field, t token) {
	v := t.value
	if t.unit == unitPoint || t.unit == unitTick || t.unit == unitPip || t.unit == unitPct || t.unit == unitR || signed(t) {
		u := t.unit
		if u == unitNone {
			u = unitPoint
		}
		d.distances = append(d.distances, distance{field: f, size: v, unit: u, words: spell(t)})
		return
	}
	switch f {
	case FieldEntry:
		d.Entry = &Price{Value: v}
	case FieldStop:
		d.Stop = &Price{Value: v}
	case FieldTarget:
		d.Targets = []Target{{Price: Price{Value: v}}}
	case FieldEquity:
		d.takeEquity(t)
	case FieldPointValue:
		d.PointValue = &v
	case FieldQuantity:
		d.Quantity, d.lots = &v, t.unit == unitLot
	}
}

// finishRaw is finish without turning distances into prices: the entry they
// need may be in the earlier idea.
func (d *draft) finishRaw() (Idea, bool) {
	d.place()
	if d.empty() {
		return Idea{}, false
	}
	d.settleMicros()
	d.askReward()
	d.settleAsides()
	d.Pending = pendingOf(d.distances, d.rr)
	return d.Idea, true
}

// isYes hears a confirmation.
func isYes(toks []token) bool {
	for n, t := range toks {
		switch t.text {
		case "yes", "yep", "yeah", "correct", "right", "confirmed", "sure", "intended":
			return n < 6
		}
	}
	return false
}
