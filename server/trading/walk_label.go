package trading

import "slices"

// label gives the next number its role, unless the words refuse the thing.
func (r *reader) label(i int, to role) int {
	t := r.toks[i]
	if t.text == "exit" && r.cur.past {
		to = roleExit // told in the past tense: what was, not what is planned
	}
	if r.tok(i+1).text == "in" && (t.text == "scale" || t.text == "scaling" || t.text == "scaled") {
		r.cur.scalesIn = true
		r.setRole(roleNone)
		return 1
	}
	switch to {
	case roleStop, roleTarget:
		if r.refused(i) {
			r.decline(to)
			r.setRole(roleNone)
			return 0
		}
	case roleExit:
		if t.text == "closed" && r.tok(i+1).kind != tokNumber && r.tok(i+1).text != "at" && r.tok(i+1).text != "@" {
			r.cur.past = true
			return 0
		}
		r.cur.past = true
	case roleEquity:
		if t.text == "port" && r.tok(i+1).kind != tokNumber && r.tok(i+1).text != ":" {
			return 0
		}
	case roleEntry:
		if t.text == "price" && (r.role == roleStop || r.role == roleTarget) || t.text == "limit" && r.role == roleStop {
			return 0 // "stop price", "stop limit"
		}
		if t.text == "limit" && r.cur.Status == Open && r.cur.Entry != nil && r.cur.Stop != nil {
			to = roleTarget // "working limit 6038.75" of a position
		}
		if t.text == "filled" || t.text == "entered" {
			r.cur.Status = Open
		}
	}
	if isNegation(r.tok(i-1).text) && to != roleRisk && to != roleEntry {
		return 0
	}
	if to == roleQuantity && r.role == roleEquity {
		return 0
	}
	if to == roleRisk && r.cur.RiskPct != nil && labels[r.tok(i-1).text] == roleEquity {
		r.setRole(roleNone)
		return 0 // "1.5% account risk"
	}
	r.setRole(to)
	r.plural = to == roleExit || to == roleTarget
	if to == roleEntry && t.text == "filled" {
		r.setRole(roleEntry)
	}
	return 0
}

// refused looks for "no stop", "without a stop", "not using a target", and
// "stop: none".
func (r *reader) refused(i int) bool {
	for n := i - 1; n >= i-4 && n >= 0; n-- {
		t := r.toks[n]
		if t.kind != tokWord {
			break
		}
		if isNegation(t.text) {
			if n == i-1 && !outright[t.text] {
				return false // "I can't stop trading"
			}
			if t.text == "no" && n == i-1 && r.tok(i+1).text == "yet" || t.text == "not" && r.tok(n+1).text == "sure" {
				return false
			}
			if stopAmong(r.toks[n+1:i]) && r.ownNumber(i) {
				return false // "no stop target 6012": the stop is refused, and the target is named
			}
			return !unfinished(r.toks[n+1 : i])
		}
		if t.text != "a" && t.text != "any" && t.text != "use" && t.text != "using" && t.text != "hard" && t.text != "have" && t.text != "need" && t.text != "want" && t.text != "put" && t.text != "set" && t.text != "setting" && t.text != "fixed" && t.text != "profit" && t.text != "placing" && t.text != "or" && t.text != "stop" && t.text != "real" && t.text != "having" && t.text != "putting" {
			break
		}
	}
	for n := i + 1; n <= i+2; n++ {
		switch r.tok(n).text {
		case ":", "=", "is", "-":
		case "none", "no", "nope", "nil", "n/a":
			return true
		default:
			return false
		}
	}
	return false
}

func stopAmong(between []token) bool {
	return slices.ContainsFunc(between, func(t token) bool { return labels[t.text] == roleStop })
}

// ownNumber says whether the number behind the label at i is its own, and not
// that of a label behind it.
func (r *reader) ownNumber(i int) bool {
	if !r.labelTakesNumber(i) {
		return false
	}
	n := i + 1
	for r.tok(n).kind != tokNumber && r.tok(n).kind != tokBad {
		n++
	}
	return !isPriceLabel(r.tok(n + 1))
}

// outright are the words that refuse a thing when they stand right before it;
// read only.
var outright = set("no without w/o skip skipping")

// unfinished tells "I haven't set a stop yet" from a refusal: it is asked for.
func unfinished(between []token) bool {
	for _, t := range between {
		if t.text == "set" || t.text == "have" {
			return true
		}
	}
	return false
}

func (r *reader) decline(to role) {
	if to == roleStop {
		r.cur.decline(FieldStop)
		return
	}
	r.cur.decline(FieldTarget)
}
