package coach

import (
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/metrics"
)

// pace is how fast one answer comes, for what is counted. Which model of a
// chain speaks is known at the end only, so nothing is counted before.
type pace struct {
	began time.Time
	last  time.Time // of the last piece; zero: there was none
	first time.Duration
	next  []time.Duration // of each later piece, bounded by what an answer may hold
}

func startPace() pace { return pace{began: time.Now()} }

// text notes a piece of the answer's text that came now.
func (p *pace) text(now time.Time) {
	if p.last.IsZero() {
		p.first = now.Sub(p.began)
	} else {
		p.next = append(p.next, now.Sub(p.last))
	}
	p.last = now
}

// done notes how the answer ended, and who gave it.
func (p *pace) done(w *Worker, o chat.Outcome) {
	model := orDefault(o.Model, "none")
	if !p.last.IsZero() {
		w.Metrics.FirstText(model, p.first)
	}
	for _, took := range p.next {
		w.Metrics.NextText(model, took)
	}
	w.Metrics.Answered(metrics.Answer{Model: model, Status: o.Status, Took: time.Since(p.began)})
}
