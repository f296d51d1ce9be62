package trading

import (
	"time"

	"github.com/shopspring/decimal"
)

// dayLosses reads "lost 2 trades", "three losses in a row", "2 losers today".
func (r *reader) dayLosses(i int) {
	n, end := r.countAt(i), i+1
	if n <= 0 || n > 100 {
		return
	}
	for end <= i+2 && (r.tok(end).text == "straight" || r.tok(end).text == "consecutive" || r.tok(end).text == "small" || r.tok(end).text == "trades" && r.tok(i-1).text != "lost") {
		end++
	}
	w := r.tok(end).text
	row := r.rowBehind(end) || r.rowBehind(i) || r.tok(i+1).text == "straight" || r.tok(i+1).text == "consecutive"
	lost := r.tok(i-1).text == "lost" || r.tok(i-2).text == "lost" && r.tok(i-1).text == "already" || r.tok(i-1).text == "last" && r.tok(i-3).text == "lost"
	switch {
	case w == "losses" || w == "losers" || w == "stopouts" || w == "loss" && n == 1:
		if !row && !r.todayBehind(end) && !r.saidAlready(i) {
			return
		}
	case lost && (w == "trades" || w == "trade" || row):
	default:
		return
	}
	if !r.happenedToday(i, end) || r.winMentioned() && !row {
		return
	}
	if p := r.tok(i - 1).text; p == "max" || p == "after" && r.tok(i-2).text == "stop" {
		return
	}
	r.day.Losses = max(r.day.Losses, n)
	r.blank(i)
}

func (r *reader) saidAlready(i int) bool {
	for n := i - 1; n >= 0 && n >= i-3; n-- {
		switch r.toks[n].text {
		case "already", "had", "after", "took", "taken", "got":
			return true
		}
	}
	return false
}

func (r *reader) rowBehind(i int) bool {
	for n := i + 1; n <= i+3; n++ {
		switch r.tok(n).text {
		case "row", "straight":
			return true
		}
	}
	return false
}

func (r *reader) winMentioned() bool {
	for _, t := range r.toks {
		switch t.text {
		case "won", "win", "wins", "winner", "winners", "green":
			return true
		}
	}
	return false
}

// dayAgo reads "stopped out 5 minutes ago", "lost 10 min ago", "just got
// stopped out".
func (r *reader) dayAgo(i int) {
	w := r.toks[i].text
	if w != "stopped" && w != "stoppedout" && w != "lost" && w != "loss" || !r.happenedToday(i, i) {
		return
	}
	if p := r.tok(i - 1).text; (p == "just" || r.tok(i-2).text == "just" && (p == "got" || p == "been" || p == "took" || p == "a")) && w != "lost" {
		none := time.Duration(0)
		r.day.LossAgo = &none
		return
	}
	for n := i + 1; n <= i+6; n++ {
		t := r.tok(n)
		if t.kind == tokBreak {
			return
		}
		if t.kind == tokNumber && (t.unit == unitTime || t.unit == unitM) && r.tok(n+1).text == "ago" {
			ago := time.Duration(t.value.IntPart()) * time.Minute
			if c := t.unitWord; c == "h" || c == "hr" || c == "hour" || c == "hours" {
				ago *= 60
			}
			if t.value.Sign() >= 0 && t.value.LessThan(decimal.New(1000, 0)) {
				r.day.LossAgo = &ago
				r.blank(n)
			}
			return
		}
	}
}
