package trading

import (
	"github.com/shopspring/decimal"
)

// remark takes what a word says of the trade as a whole.
func (r *reader) remark(i int) {
	switch w := r.toks[i].text; w {
	case "stopped":
		r.cur.Status, r.cur.past = Open, true
	case "already":
		if next := r.tok(i + 1); !aboutTheDay(next.text) && (next.kind != tokBreak || r.cur.Side != "") {
			r.cur.Status = Open
		}
	case "holding", "currently", "filled", "took":
		r.cur.Status = Open
	case "closed":
		r.cur.past = true
	case "later", "tomorrow", "tmrw", "tmr", "tmw", "tonight", "monday", "tuesday", "wednesday", "thursday", "friday":
		r.cur.Later = true
	case "overnight":
		r.cur.Later = r.cur.Later || !r.held(i)
	case "call", "put":
		r.unsized = r.unsized || r.option(i)
	case "calls", "puts", "option", "options", "perp", "perps", "perpetual", "cfd", "cfds", "strike", "0dte", "spreads":
		r.unsized = true
	case "now", "immediately", "today":
		r.cur.today = true
		r.stopNow(i)
	case "daily", "weekly", "hourly", "monthly":
		r.cur.Timeframe = w
	case "breakeven":
		r.setRole(roleNone)
	}
}

// held hears "hold 2 MES overnight": how long, and not when.
func (r *reader) held(i int) bool {
	for n := i - 1; n >= i-5 && n >= 0; n-- {
		switch r.toks[n].text {
		case "hold", "holding", "keep", "keeping", "carry", "carrying":
			return true
		}
	}
	return false
}

// aboutTheDay tells "already down $300" from "already long".
func aboutTheDay(next string) bool {
	switch next {
	case "down", "up", "lost", "lose", "made", "red", "green", "had", "tried", "stopped", "at", "traded", "done", "did", "took", "taken", "on":
		return true
	}
	return false
}

// moneyComes opens the account's role where "1 % of", "with", "on a" is
// followed by money: "risk 1% of 25k".
func (r *reader) moneyComes(i int) {
	next := i + 1
	for n := 0; n < 2 && (r.tok(next).text == "my" || r.tok(next).text == "a" || r.tok(next).text == "an" || r.tok(next).text == "the"); n++ {
		next++
	}
	t := r.tok(next)
	if t.kind != tokNumber || t.unit != unitNone && t.unit != unitM {
		return
	}
	percent := r.toks[i].text == "of" && r.tok(i-1).unit == unitPct && r.tok(i-1).kind == tokNumber
	if percent || (t.kilo || t.lead == '$' || t.currency != "") && r.toks[i].text != "of" && !isPriceLabel(r.tok(next+1)) {
		r.setRole(roleEquity)
	}
}

func isPriceLabel(t token) bool {
	to := labels[t.text]
	return t.kind == tokWord && (to == roleStop || to == roleTarget || to == roleEntry || to == roleRisk)
}

func (r *reader) portion(w string) {
	switch w {
	case "rest", "remainder", "runner":
		r.pending = part{rest: true}
	case "third", "thirds":
		third := cut(one, decimal.New(3, 0))
		r.pending = part{fraction: &third}
	default:
		r.pending = part{fraction: portions[w]}
	}
	d := r.cur
	if r.role == roleNone && (len(d.Targets)+len(d.distances) > 0 || d.Side != "" && (d.Entry != nil || len(d.loose) > 0)) {
		r.setRole(roleTarget)
	}
	r.plural = r.plural || r.role == roleTarget
	r.since = 0
}

// sizeLabel reads "lot 0.4" and "contracts: 4"; "shares 150" may be a price.
func (r *reader) sizeLabel(i int) {
	next := r.tok(i + 1)
	marked := (next.text == ":" || next.text == "=") && r.tok(i+2).kind == tokNumber
	lot := (r.toks[i].text == "lot" || r.toks[i].text == "lots") && next.kind == tokNumber && next.unit == unitNone
	if (marked || lot) && r.cur.Quantity == nil {
		r.setRole(roleQuantity)
	}
}
