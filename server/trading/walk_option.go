package trading

// An option is sized by a multiplier that the words do not say, and its strike
// is no price of the trade. Plurals are plain; "call" and "put" are everyday
// words, and name an option only where an instrument would stand.

// option hears "AAPL 150 call", "buy a put", "1 call on AAPL"; i is the call
// or put.
func (r *reader) option(i int) bool {
	prev, next := r.tok(i-1), r.tok(i+1)
	if next.text == "on" || next.text == "of" {
		return r.tok(i+2).kind == tokSymbol && r.countedOrTraded(i)
	}
	if next.kind == tokWord && notOfOption[next.text] || r.putsStop(i) {
		return false
	}
	return prev.kind == tokSymbol || optionKinds[prev.text] || r.countedOrTraded(i)
}

// countedOrTraded says whether a size, a strike or a side stands before the
// word at i, an article aside.
func (r *reader) countedOrTraded(i int) bool {
	prev := r.tok(i - 1)
	if prev.text == "a" || prev.text == "an" || prev.text == "the" || prev.text == "one" {
		return sideWords[r.tok(i-2).text] != ""
	}
	return prev.kind == tokNumber && prev.unit == unitNone || sideWords[prev.text] != ""
}

// putsStop hears "long MES 6000 put stop at 5994" and "2 MES put stop at 5994",
// where put is a verb: the stop is near the price before it, as no option's is
// near its strike, and what is no share has no puts that people name so.
func (r *reader) putsStop(i int) bool {
	prev := r.tok(i - 1)
	if r.toks[i].text != "put" || !isPriceLabel(r.tok(i+1)) {
		return false
	}
	if prev.kind == tokSymbol {
		return prev.instrument != nil && prev.instrument.Kind != KindStock && prev.instrument.Kind != KindUnknown
	}
	if prev.kind != tokNumber {
		return false
	}
	for n := i + 2; n <= i+4; n++ {
		if t := r.tok(n); t.kind == tokNumber {
			return near(t.value, prev.value)
		}
	}
	return false
}

// strike takes the number before a call or put out of the prices: behind the
// symbol it is the strike, before it how many. It says how many more tokens it
// used up.
func (r *reader) strike(i int) (int, bool) {
	t, next := r.toks[i], r.tok(i+1)
	if t.unit != unitNone || next.kind != tokWord || r.role != roleNone && r.role != roleEntry {
		return 0, false
	}
	used := 0
	switch next.text {
	case "c", "p":
		if !next.glued && r.tok(i-1).kind != tokSymbol || !r.optionMark(i) {
			return 0, false
		}
		used = 1
	case "call", "put":
		if !r.option(i + 1) {
			return 0, false
		}
	case "calls", "puts":
	default:
		return 0, false
	}
	r.unsized = true
	if r.cur.Symbol == "" && used == 0 && r.cur.Quantity == nil && t.lead == 0 {
		v := t.value
		r.cur.Quantity = &v
	}
	return used, true
}

// optionMark says whether the letter glued to the number at i is that of a
// call or put: beside a symbol. 20p beside a pair or a future may be pips.
func (r *reader) optionMark(i int) bool {
	if s := r.tok(i + 2); s.kind == tokSymbol {
		return r.marksOption(i, s)
	}
	for n := i - 1; n >= i-5 && n >= 0; n-- {
		t := r.toks[n]
		if t.kind == tokSymbol {
			return r.marksOption(i, t)
		}
		if t.kind == tokBreak || sideWords[t.text] != "" || labels[t.text] != roleNone {
			return false
		}
	}
	return false
}

func (r *reader) marksOption(i int, symbol token) bool {
	call := r.tok(i+1).text == "c"
	return call || symbol.instrument != nil && (symbol.instrument.Kind == KindStock || symbol.instrument.Kind == KindUnknown)
}

// Words around call and put; read only.
var (
	optionNames = set("call calls put puts c p")
	optionKinds = set("otm itm atm naked covered weekly monthly 0dte vertical")
	notOfOption = set("was is were it me him her us them back out my your the a an in this that some half")
)
