package trading

// A stop that is moved has two prices. The one before is not the stop, and is
// kept: without it nobody sees that the stop was moved away from the entry.

// stopFromTo reads the new price of "stop from 5994 to 5990"; i is the "to".
func (r *reader) stopFromTo(i int) bool {
	from, to := r.tok(i-1), r.tok(i+1)
	if from.kind != tokNumber || r.tok(i-2).text != "from" || r.last != roleStop || to.kind != tokNumber {
		return false
	}
	if r.isStop(from) && r.couldBeStop(i+1) {
		r.moveStop(to)
	} else {
		r.cur.ask(FieldStop, "The stop moves from "+spell(from)+" to "+spell(to)+". At which price was it, and at which is it now?")
	}
	return true
}

// stopNow reads the new price of "stop was 5994, now 5990"; i is the "now".
// Where other words stand between, the number may be the market's, and is
// asked about.
func (r *reader) stopNow(i int) {
	n := i + 1
	for r.tok(n).text == "at" || r.tok(n).text == "is" || r.tok(n).text == "it's" || r.tok(n).text == "@" || r.tok(n).text == ":" {
		n++
	}
	if !r.cur.stopWas || r.role != roleNone || !r.couldBeStop(n) {
		return
	}
	back := i - 1
	for back > i-6 && movedWords[r.tok(back).text] {
		back--
	}
	t := r.toks[n]
	if r.isStop(r.tok(back)) {
		r.moveStop(t)
	} else {
		r.cur.suppose(FieldStop, t.value, "The stop was "+r.cur.Stop.Value.String()+". Is it "+t.value.String()+" now?")
	}
	r.toks[n].kind = tokPunct // taken
}

// stopWas hears that a stop is told of as it was; or reads the price before,
// in "stop now 5990, was 5994".
func (r *reader) stopWas(i int) {
	if r.role == roleStop {
		r.cur.stopWas = true
		return
	}
	before, n := i-1, i+1
	if r.tok(before).text == "," || r.tok(before).text == "(" {
		before--
	}
	if r.tok(n).text == "at" {
		n++
	}
	if r.role == roleNone && r.last == roleStop && r.isStop(r.tok(before)) && r.couldBeStop(n) {
		r.priorStop(n)
	}
}

// movedFrom reads the price before, in "moved my stop to 5990 from 5994".
func (r *reader) movedFrom(i int) bool {
	if r.role != roleNone || r.last != roleStop || r.tok(i-2).text != "to" || !r.isStop(r.tok(i-1)) || !r.couldBeStop(i+1) {
		return false
	}
	r.priorStop(i + 1)
	return true
}

// movedIt reads "stop was 5994 but I moved it to 5990"; i is the "to".
func (r *reader) movedIt(i int) bool {
	if r.role != roleNone || r.last != roleStop || r.tok(i-1).text != "it" || !moves[r.tok(i-2).text] || r.cur.Stop == nil || !r.couldBeStop(i+1) {
		return false
	}
	r.moveStop(r.toks[i+1])
	return true
}

// Words around a stop that moves; read only.
var (
	movedWords = set(", - ( and but it it's its is i i've ive have")
	moves      = set("move moved moving raised lowered widened dragged trailed")
)

func (r *reader) isStop(t token) bool {
	return t.kind == tokNumber && r.cur.Stop != nil && t.unit == unitNone && t.value.Equal(r.cur.Stop.Value)
}

// couldBeStop says whether the number at i is a price like the stop's, and no
// label behind it says otherwise.
func (r *reader) couldBeStop(i int) bool {
	t := r.tok(i)
	return t.kind == tokNumber && t.unit == unitNone && t.lead == 0 && !t.kilo && r.cur.Stop != nil && near(t.value, r.cur.Stop.Value) && !isPriceLabel(r.tok(i+1))
}

func (r *reader) moveStop(t token) {
	prior := r.cur.Stop.Value
	r.cur.Stop, r.cur.PriorStop = &Price{Value: r.priceOf(FieldStop, t)}, &prior
	r.setRole(roleNone)
	r.last = roleStop
}

func (r *reader) priorStop(i int) {
	v := r.priceOf(FieldStop, r.toks[i])
	r.cur.PriorStop = &v
	r.toks[i].kind = tokPunct // taken
}
