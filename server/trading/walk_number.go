package trading

import (
	"github.com/shopspring/decimal"
)

// number gives one number to the idea by the role it stands in, and says how
// many more tokens it used up.
func (r *reader) number(i int) int {
	t := r.toks[i]
	if t.unit == unitTime || t.unit == unitOrdinal || t.unit == unitM && r.role != roleEquity && t.lead == 0 {
		return r.timeframe(t)
	}
	if used, ok := r.listMark(i); ok {
		return used
	}
	if r.ofIndicator(i) {
		r.setRole(roleIgnore)
		return 1
	}
	if next := r.tok(i + 1); next.text == "off" && r.cur.Quantity != nil && t.unit == unitNone && t.value.LessThanOrEqual(*r.cur.Quantity) {
		v := t.value // "2 off at 6009"
		r.setRole(roleTarget)
		r.pending, r.plural = part{units: &v}, true
		return 1
	}
	if r.pointWorth(i) {
		return 2
	}
	if used, ok := r.strike(i); ok {
		return used
	}
	if used, ok := r.pricedShare(i); ok {
		return used
	}
	if used, ok := r.besides(i); ok {
		return used
	}
	switch t.unit {
	case unitPct:
		return r.percent(i)
	case unitPoint, unitTick, unitPip, unitR:
		return r.distance(i)
	case unitContract, unitLot, unitShare, unitX:
		return r.units(i)
	}
	if t.lead == '$' && labels[r.tok(i+1).text] == roleStop && !r.labelTakesNumber(i+1) && r.leveraged() {
		r.cur.ask(FieldStop, "A stop of "+ShowAmount(t.value)+": for the whole position, or for each contract? Give it as a price or in points.")
		return 1
	}
	if used, ok := r.labelBehind(i); ok {
		return used
	}
	r.plain(i)
	return 0
}

// leveraged says whether the message is about something whose price is no
// amount of dollars: a "$50 stop" is then money, and not a price.
func (r *reader) leveraged() bool {
	for _, t := range r.toks {
		if t.kind == tokSymbol && t.instrument != nil && (t.instrument.Kind == KindFuture || t.instrument.Kind == KindFX) {
			return true
		}
	}
	return false
}

// ofIndicator hears "200ema", "50 sma", "61.8 fib": no number of the trade.
func (r *reader) ofIndicator(i int) bool {
	t, next := r.toks[i], r.tok(i+1)
	if t.unit != unitNone || t.lead != 0 || next.kind != tokWord {
		return false
	}
	switch next.text {
	case "ema", "sma", "ma", "fib":
		return t.value.LessThanOrEqual(decimal.New(200, 0))
	}
	return false
}

// timeframe keeps what a chart may show; the rest of the times is let go.
func (r *reader) timeframe(t token) int {
	if t.value.IsInteger() && t.value.LessThan(decimal.New(1000, 0)) && t.unit != unitOrdinal && r.cur.Timeframe == "" {
		switch unitOf := t.unit; unitOf {
		case unitM, unitTime:
			r.cur.Timeframe = t.text + r.timeSuffix(t)
		}
	}
	if r.role != roleStop && r.role != roleTarget && r.role != roleEntry {
		r.setRole(roleNone)
	}
	return 0
}

func (r *reader) timeSuffix(t token) string {
	if t.unit == unitM {
		return "m"
	}
	return t.unitWord
}

// listMark skips the 1. or 2) of a list, and the count of "target 1: 6007".
func (r *reader) listMark(i int) (int, bool) {
	t, prev, next := r.toks[i], r.tok(i-1), r.tok(i+1)
	if !t.value.IsInteger() || t.value.GreaterThan(decimal.New(20, 0)) || t.unit != unitNone || t.lead != 0 {
		return 0, false
	}
	if (i == 0 || prev.kind == tokBreak && prev.text == "\n") && (next.text == ")" || next.text == "." && r.tok(i+2).kind != tokNumber) {
		return 1, true
	}
	if (prev.text == "tp" || prev.text == "target" || prev.text == "tgt" || prev.text == "entry") && (next.text == ":" || next.text == "=" || next.text == "-" || next.kind == tokNumber && next.unit == unitNone ||
		(next.text == "at" || next.text == "@") && t.value.Equal(decimal.NewFromInt(int64(len(r.cur.Targets)+1))) && (r.cur.Quantity == nil || len(r.cur.Targets) > 0)) {
		r.since = 0
		return 0, true
	}
	return 0, false
}

// units is a size, or how much of the position a target or exit is for.
func (r *reader) units(i int) int {
	t := r.toks[i]
	if t.unit == unitX && t.value.GreaterThan(decimal.New(20, 0)) && r.cur.Symbol == "" {
		return 0 // "50x leverage"
	}
	v := t.value
	if r.tok(i+1).text == "leverage" {
		return 1
	}
	if t.unit == unitX && (r.role == roleRatio || r.role == roleReward) {
		r.cur.rr = &v // "reward 2x"
		r.setRole(roleNone)
		return 0
	}
	apart := r.tok(i-1).text == "|" || r.tok(i-1).text == "," || r.tok(i-1).kind == tokBreak
	if t.unit == unitX && (apart || i == len(r.toks)-1) && r.cur.Quantity == nil && len(r.cur.Targets)+len(r.cur.distances) > 0 {
		r.cur.Quantity = &v // "tp 1.0935 x1", "TP 6030 | x3 | account 25k"
		return 0
	}
	next := r.tok(i + 1)
	priced := next.text == "@" || next.text == "at" || next.text == "off" || next.kind == tokNumber
	if (r.role == roleTarget || r.role == roleExit) && (priced || r.cur.Quantity != nil || t.unit == unitX) {
		if len(r.cur.Targets)+len(r.cur.Exits) > 0 && r.pending == (part{}) && !priced {
			r.tagLast(v) // "tp1 6007.5 x1"
			return 0
		}
		r.pending, r.since = part{units: &v}, 0
		return 0
	}
	if r.cur.Quantity == nil || r.role == roleNone && r.corrected(i) {
		r.cur.Quantity, r.cur.lots = &v, t.unit == unitLot
		r.cur.micros = t.unitWord == "micros" || t.unitWord == "micro"
	}
	if r.role != roleEntry {
		r.setRole(roleNone)
	}
	return 0
}

func (r *reader) tagLast(v decimal.Decimal) {
	if n := len(r.cur.Targets); n > 0 && r.role == roleTarget {
		r.cur.Targets[n-1].Quantity = &v
	}
}

func (r *reader) takePart() part {
	p := r.pending
	r.pending = part{}
	return p
}

// labelBehind reads "5994 stop" and "25k account": a label directly behind,
// without a number of its own.
func (r *reader) labelBehind(i int) (int, bool) {
	next, used := r.skipFillers(i+1, 2)
	to := labels[next.text]
	if next.kind != tokWord || to == roleNone || to == roleRatio || to == roleReward || to == roleIgnore || to == roleExit || next.text == "limit" && r.role == roleNone {
		return 0, false
	}
	if !r.behind && (r.labelTakesNumber(i+used) || r.close(i) && r.role != to) || r.refused(i+used) {
		return 0, false
	}
	if to == roleQuantity && r.toks[i].unit == unitNone && r.role == roleEquity {
		return 0, false
	}
	keep := r.plural
	r.setRole(to)
	r.plural = keep && to == roleTarget
	r.plain(i)
	r.setRole(roleNone)
	return used, true
}

// plain is a number without a unit.
func (r *reader) plain(i int) {
	t, d := r.toks[i], r.cur
	if t.unit == unitM {
		t.value = t.value.Shift(6)
	}
	if r.sizeBeforePrice(i) {
		return
	}
	switch r.role {
	case roleStop:
		r.stopAt(i, t)
	case roleTarget:
		if next := r.tok(i + 1); next.kind == tokSymbol && next.text == d.Symbol && d.Quantity == nil && d.Entry != nil && !near(t.value, d.Entry.Value) {
			v := t.value
			d.Quantity = &v // "tp 99,300 / 0.05 btc"
			break
		}
		if r.ifWrong(i) {
			r.stopAt(i, t) // "out at 5994 if I'm wrong"
			break
		}
		r.targetAt(t)
	case roleEntry:
		if r.tok(i+1).kind == tokSymbol && t.lead != '$' && t.lead != '-' && d.Quantity == nil {
			v := t.value
			if t.lead == '+' && d.Side == "" {
				d.Side = Long // "filled: +2 MES 6020.75", as platforms write it
			}
			d.Quantity, r.since = &v, 0 // "buy limit 2 MES 6010"
			return
		}
		r.entryAt(i, t)
	case roleExit:
		r.exitAt(t)
	case roleEquity:
		d.takeEquity(t)
	case roleRisk:
		r.riskOf(t)
	case roleQuantity:
		v := t.value
		d.Quantity = &v
	case roleRatio:
		v, _ := r.toOne(i)
		d.rr = &v
	case roleReward:
		r.rewardOf(i)
	case roleIgnore:
	default:
		r.unlabelled(i, t)
		return
	}
	r.afterNumber()
}

// afterNumber ends a role, except that a list of targets may go on.
func (r *reader) afterNumber() {
	r.last = r.role
	if !r.plural {
		r.setRole(roleNone)
		return
	}
	r.since = roleLasts - 3 // only what follows at once still belongs to it
}
