package coach

import (
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/metrics"
)

// pace is how fast one answer comes, for what is counted. It belongs to the
// goroutine that writes the answer.
type pace struct {
	began time.Time
	last  time.Time // of the last piece; zero: there was none
}

func startPace() pace { return pace{began: time.Now()} }

// text notes a piece of the answer's text.
func (p *pace) text(w *Worker) {
	now := time.Now()
	if p.last.IsZero() {
		w.Metrics.FirstText(w.Model.Name(), now.Sub(p.began))
	} else {
		w.Metrics.NextText(w.Model.Name(), now.Sub(p.last))
	}
	p.last = now
}

// done notes how the answer ended.
func (p *pace) done(w *Worker, o chat.Outcome) {
	a := metrics.Answer{Model: w.Model.Name(), Status: o.Status, Took: time.Since(p.began)}
	if o.Model != "" {
		a.Model = o.Model
	}
	if o.Usage != nil {
		a.PromptTokens, a.CompletionTokens, a.CostMicros = o.Usage.PromptTokens, o.Usage.CompletionTokens, o.Usage.CostMicros
	}
	w.Metrics.Answered(a)
}
