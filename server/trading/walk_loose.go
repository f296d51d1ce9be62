package trading

// unlabelled is a number with no label: a size before the symbol, a price
// behind it.
func (r *reader) unlabelled(i int, t token) {
	d, next, prev := r.cur, r.tok(i+1), r.tok(i-1)
	v := t.value
	if r.moneySize(i) {
		return
	}
	if t.kilo && (t.lead == '$' || prev.kind != tokSymbol && sideWords[prev.text] == "") || t.currency != "" {
		if r.accountBehind(i) {
			d.takeEquity(t)
			return
		}
		if t.currency == "" && t.lead != '+' && t.lead != '-' && d.strayMoney == nil {
			d.strayMoney = &t // money that nobody said what for
		}
		return
	}
	if signed(t) {
		if next.kind == tokSymbol && t.lead == '-' {
			d.ask(FieldQuantity, "A size of -"+v.String()+" is not a size. How many, and long or short?")
		}
		return
	}
	if next.text == "of" && r.tok(i+2).kind == tokSymbol {
		d.Quantity = &v
		return
	}
	if next.kind == tokSymbol && t.lead == 0 && d.Quantity == nil && (d.Symbol == "" || d.Symbol == next.text || d.Entry == nil && !d.firm) {
		d.Quantity = &v
		return
	}
	if d.Side == "" && d.Symbol == "" {
		if prev.kind == tokBreak || i == 0 || sideWords[next.text] != "" {
			d.loose = append(d.loose, v)
		}
		return
	}
	if next.kind == tokSymbol && !next.weak && prev.kind == tokBreak && d.Side == "" && d.Entry == nil && len(d.loose) == 0 && t.lead == 0 {
		d.Quantity, d.Symbol, d.Instrument = &v, "", nil // "2 NKD? No. 2 MES."
		return
	}
	switch {
	case r.behindSide(i), prev.text == "if" && onceThere[next.text]: // "if 6010 breaks"
		d.loose = append(d.loose, v)
	case r.inSlashes(i):
		d.slash = append(d.slash, v)
	case prev.kind == tokSymbol, sideWords[prev.text] != "", prev.kind == tokNumber, prev.text == "@", prev.kind == tokWord && (fillers[prev.text] || prev.text == "from" || optionNames[prev.text]), prev.kind == tokPunct && (prev.text == "," || prev.text == "-" || prev.text == "(" || prev.text == ":" && r.tok(i-2).kind == tokSymbol), prev.kind == tokBreak:
		if t.other != nil {
			v = r.priceOf(FieldEntry, t)
		}
		if end := r.zone(i); end != nil && d.Entry == nil {
			d.takeZone(v, *end)
			return
		}
		d.loose = append(d.loose, v)
	default:
		if t.lead == 0 && t.unit == unitNone {
			d.strays = append(d.strays, v)
		}
	}
}

// onceThere says of a price that it is one to act at; read only.
var onceThere = set("breaks break trades hits holds gives rejects prints")

// behindSide hears the cell of a table: "MES | LONG | 6012".
func (r *reader) behindSide(i int) bool {
	return r.tok(i-1).text == "|" && (sideWords[r.tok(i-2).text] != "" || r.tok(i-2).kind == tokSymbol)
}

// accountBehind hears "$20k in this account", "20k cash account".
func (r *reader) accountBehind(i int) bool {
	for n := i + 1; n <= i+3; n++ {
		switch t := r.tok(n); {
		case t.kind != tokWord:
			return false
		case labels[t.text] == roleEquity, t.text == "combine", t.text == "eval", t.text == "evaluation", t.text == "challenge":
			return true
		}
	}
	return false
}

// inSlashes says whether a number is part of 6000/5994/6012.
func (r *reader) inSlashes(i int) bool {
	return r.tok(i-1).text == "/" && r.tok(i-2).kind == tokNumber || r.tok(i+1).text == "/" && r.tok(i+2).kind == tokNumber
}

// sizeBeforePrice reads "2 @ 6000" and "3 at 6007": a size with its price.
func (r *reader) sizeBeforePrice(i int) bool {
	t, next := r.toks[i], r.tok(i+1)
	if next.text == "stopped" && r.role == roleExit && (r.tok(i+2).text == "at" || r.tok(i+2).text == "@") && t.unit == unitNone {
		v := t.value // "sold 2 at 6006, 1 stopped at 6000"
		r.pending, r.since, r.plural = part{units: &v}, 0, true
		return true
	}
	if next.text != "@" && next.text != "at" || r.tok(i+2).kind != tokNumber || near(t.value, r.tok(i+2).value) || t.lead != 0 || t.kilo || t.unit != unitNone {
		return false
	}
	v := t.value
	switch r.role {
	case roleTarget, roleExit:
		r.pending, r.since = part{units: &v}, 0
		return true
	case roleNone, roleEntry:
		if r.cur.Quantity == nil && r.cur.Entry == nil {
			r.cur.Quantity = &v
			r.setRole(roleEntry)
			return true
		}
	}
	return false
}

// ifWrong hears "if im wrong" directly behind a number.
func (r *reader) ifWrong(i int) bool {
	if r.tok(i+1).text != "if" {
		return false
	}
	for n := i + 2; n <= i+4; n++ {
		if r.tok(n).text == "wrong" {
			return true
		}
	}
	return false
}
