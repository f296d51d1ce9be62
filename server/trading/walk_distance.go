package trading

import "github.com/shopspring/decimal"

// percent is a risk, a distance, or a part of the position.
func (r *reader) percent(i int) int {
	t := r.toks[i]
	next, used := r.skipFillers(i+1, 2)
	behind := labels[next.text]
	switch {
	case behind == roleRisk, r.role == roleRisk, r.standsAlone(i), next.text == "of" && (r.role == roleNone || r.isMoney(i+2)), r.aboutAccount(i):
		r.cur.takeRiskPct(t.value)
		r.setRole(roleNone)
		if behind == roleRisk {
			return used
		}
		return 0
	case r.shareBehind(i):
		return 0
	case r.shareBefore(i) || (next.text == "at" || next.text == "@" || next.text == "off") && (r.role == roleTarget || next.text == "off" && r.role == roleNone && r.cur.Side != "" || r.role == roleExit || len(r.cur.Targets) > 0):
		share := t.value.Shift(-2)
		r.pending = part{fraction: &share}
		if r.role == roleNone {
			r.setRole(roleTarget)
		}
		r.plural, r.since = true, 0
		return 0
	}
	return r.distance(i)
}

// isMoney says whether an amount stands at i, "my" and "a" aside: what "half a
// percent of" is then a percentage of is the account, not a price.
func (r *reader) isMoney(i int) bool {
	for r.tok(i).text == "my" || r.tok(i).text == "a" || r.tok(i).text == "the" {
		i++
	}
	t := r.tok(i)
	return t.kind == tokNumber && (t.kilo || t.lead == '$' || t.unit == unitM || t.value.GreaterThanOrEqual(decimal.New(1000, 0)))
}

// standsAlone says whether a small percentage is an item of its own in a list:
// "acct 10k, 1%".
func (r *reader) standsAlone(i int) bool {
	parts := func(t token) bool {
		return t.kind == tokBreak || t.kind == tokPunct && (t.text == "," || t.text == "|" || t.text == "/")
	}
	return r.role == roleNone && r.toks[i].lead == 0 && i > 0 && parts(r.tok(i-1)) && parts(r.tok(i+1)) &&
		r.cur.RiskPct == nil && r.toks[i].value.LessThanOrEqual(decimal.New(5, 0))
}

// aboutAccount hears "1% of my account", "1% per trade".
func (r *reader) aboutAccount(i int) bool {
	for n := i + 1; n <= i+4; n++ {
		t := r.tok(n)
		if t.kind == tokNumber || t.kind == tokBreak {
			return false
		}
		if labels[t.text] == roleEquity || t.text == "trade" && r.tok(n-1).text == "per" {
			return true
		}
	}
	return false
}

func (r *reader) skipFillers(i, most int) (token, int) {
	for n := 0; n < most; n++ {
		if w := r.tok(i + n).text; w != "-" && w != "my" && w != "a" && w != "the" && w != "as" && w != "for" {
			return r.tok(i + n), n + 1
		}
	}
	return r.tok(i + most), most + 1
}

// distance is a stop or target that stands so far from the entry.
func (r *reader) distance(i int) int {
	t := r.toks[i]
	to, used := r.role, 0
	if next, n := r.skipFillers(i+1, 2); next.kind == tokWord && isPriceLabel(next) && !r.close(i) {
		to, used = labels[next.text], n
		if next.text == "profit" && labels[r.tok(i+n+1).text] == roleTarget {
			used++
		}
	}
	if to == roleRatio || to == roleReward {
		to = roleTarget
	}
	if t.unit == unitR && t.lead == '-' {
		return 0 // a result, not a target
	}
	if to == roleNone && t.unit == unitR && r.cur.Side != "" {
		to = roleTarget
	}
	d := distance{size: t.value, unit: t.unit, words: spell(t)}
	switch to {
	case roleStop, roleRisk:
		if t.unit == unitR || t.unit == unitPct && to == roleRisk {
			return 0
		}
		d.field = FieldStop
	case roleTarget:
		d.field, d.part = FieldTarget, r.takePart()
	default:
		return used
	}
	r.cur.distances = append(r.cur.distances, d)
	r.afterNumber()
	return used
}

// spell writes a distance as it was read.
func spell(t token) string {
	name := map[unit]string{unitPct: " %", unitPoint: " points", unitTick: " ticks", unitPip: " pips", unitR: " R"}[t.unit]
	return t.value.String() + name
}

// close says whether a label stands before the number at i with nothing but
// fillers between: it then outweighs one behind.
func (r *reader) close(i int) bool {
	if r.role == roleNone || r.role == roleRatio || r.role == roleReward || r.since == 0 {
		return false
	}
	for n := i - 1; n > i-r.since && n >= 0; n-- {
		if t := r.toks[n]; !fillers[t.text] && t.kind != tokSymbol {
			return false
		}
	}
	return true
}

// labelTakesNumber says whether the label at i has a number of its own behind
// it, so that the number before it is not its.
func (r *reader) labelTakesNumber(i int) bool {
	for n := i + 1; n <= i+4; n++ {
		t := r.tok(n)
		switch {
		case t.kind == tokNumber && t.unit == unitNone && r.tok(n+1).kind == tokSymbol:
			return false // "stop on 2 MES": a size
		case t.kind == tokNumber, t.kind == tokBad:
			return t.unit != unitPct || labels[r.tok(i).text] != roleEquity
		case t.text == ",", t.kind == tokBreak, t.kind == tokSymbol:
			return false
		case !fillers[t.text]:
			return false
		}
	}
	return false
}
