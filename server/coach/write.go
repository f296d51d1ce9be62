package coach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	// deltaEvery is how often an answer's room is told of new text, at most:
	// text that comes sooner is gathered into one delta. Text that comes later
	// than that, the first of an answer included, does not wait. The promise is
	// 40 ms; the rest of it is for timers, which wake late, and for what waits for
	// a processor then.
	deltaEvery = 37 * time.Millisecond
	// checkpointEvery is how much of an answer a crash may take, at most.
	checkpointEvery = 2 * time.Second
	// The signals of an answer that may wait; a full channel drops the signal:
	// a stop is on the row too, and one who asked for the text asks again.
	signalDepth = 64
)

// Why a model was told to end before its time.
var (
	errStopped   = errors.New("the answer was stopped")
	errLeaseLost = errors.New("the lease was lost")
	errTooLong   = errors.New("the answer took too long")
	errNotRead   = errors.New("the conversation could not be read")
)

// writing is one answer in progress. The model runs beside the goroutine of
// write, and only adds to the manuscript.
type writing struct {
	w     *Worker
	job   chat.Job
	text  *manuscript
	asks  chan string
	stops chan struct{}
	end   context.CancelCauseFunc
}

// result is what the model came to.
type result struct {
	answer      Answer
	planVersion int64 // that the answer was made by
	err         error
}

// write brings one claimed answer to an end, or gives it back when ctx ends.
func (w *Worker) write(ctx context.Context, job chat.Job) {
	a := &writing{w: w, job: job, text: newManuscript(), asks: make(chan string, signalDepth), stops: make(chan struct{}, 1)}
	if job.StopRequested {
		a.finish(ctx, a.checked(ctx, chat.Outcome{Status: chat.StatusStopped, Text: job.Text}))
		return
	}
	if job.Attempt > maxAttempts {
		a.finish(ctx, a.checked(ctx, failure(fault.New(fault.Internal, "The coach could not finish this answer; ask again."), job.Text)))
		return
	}
	cancel := w.Bus.Subscribe(chat.AnswerTopic(job.ID), a.signal)
	defer cancel()
	limited, endLimit := context.WithTimeoutCause(ctx, w.Limit, errTooLong)
	defer endLimit()
	modelCtx, end := context.WithCancelCause(limited)
	a.end = end
	defer end(nil)
	done := make(chan result, 1)
	go func() { done <- a.think(modelCtx) }()
	r := a.relay(ctx, done)
	a.conclude(ctx, modelCtx, r)
}

// signal runs on the bus.
func (a *writing) signal(e bus.Event) {
	switch e.Name {
	case chat.EventStop:
		select {
		case a.stops <- struct{}{}:
		default:
		}
	case chat.EventAsk:
		var ask chat.Ask
		if err := json.Unmarshal(e.Data, &ask); err != nil {
			return
		}
		select {
		case a.asks <- ask.For:
		default:
		}
	}
}

// think runs the model. A panic of it costs this answer only.
func (a *writing) think(ctx context.Context) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("the model panicked: %v", p)
		}
	}()
	prompt, err := a.w.prompt(ctx, a.job)
	if fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Timeout) {
		return result{err: fmt.Errorf("%w: %w", errNotRead, err)}
	}
	if err != nil {
		return result{err: err}
	}
	answer, err := a.w.Model.Stream(ctx, prompt, func(piece string) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.text.add(piece)
		return nil
	})
	return result{answer, int64(prompt.PlanVersion), err}
}

// relay tells the room what is written and keeps the lease, until the model is
// done.
func (a *writing) relay(ctx context.Context, done <-chan result) result {
	checkpoint := time.NewTicker(min(checkpointEvery, a.w.Lease/3))
	defer checkpoint.Stop()
	kept := make(chan error, 1)
	keeping := false
	for {
		select {
		case <-a.text.now:
			a.publish(ctx)
		case <-a.text.later.C:
			a.publish(ctx)
		case whom := <-a.asks:
			a.publish(ctx)
			a.w.Chat.PublishFull(ctx, chat.Full{For: whom, Delta: a.delta(0, a.text.heard())})
		case <-a.stops:
			a.end(errStopped)
		case <-checkpoint.C:
			if !keeping {
				keeping = true
				go func(text string) { kept <- a.keep(ctx, text) }(a.text.all())
			}
		case err := <-kept:
			keeping = false
			if err != nil {
				a.end(err)
			}
		case r := <-done:
			a.publish(ctx)
			if keeping {
				if err := <-kept; err != nil { // its write must not follow the last one
					a.w.Logger.Debug("the last checkpoint of an answer", "answer", a.job.ID, "err", err)
				}
			}
			return r
		}
	}
}

// keep stores the text so far. An error tells why the model must end.
func (a *writing) keep(ctx context.Context, text string) error {
	stop, err := a.w.Chat.Checkpoint(ctx, a.job, text, a.w.Lease)
	switch {
	case errors.Is(err, chat.ErrLeaseLost):
		return errLeaseLost
	case err != nil:
		// The database is away: go on, the lease tells whether it was too long.
		a.w.Logger.Warn("an answer was not checkpointed", "answer", a.job.ID, "err", err)
		return nil
	case stop:
		return errStopped
	}
	return nil
}

// publish tells the room what it has not been told.
func (a *writing) publish(ctx context.Context) {
	if offset, text := a.text.untold(); text != "" {
		a.w.Chat.PublishDelta(ctx, a.delta(offset, text))
	}
}

func (a *writing) delta(offset int, text string) chat.Delta {
	return chat.Delta{ConversationID: a.job.ConversationID, MessageID: a.job.ID, Attempt: a.job.Attempt, Offset: offset, Text: text}
}

// conclude stores how the answer ended. ctx is the worker's: ended, it gives
// the answer back; cause tells why the model was ended.
func (a *writing) conclude(ctx, model context.Context, r result) {
	text := a.text.all()
	cause := context.Cause(model)
	switch {
	case r.err == nil:
		a.finish(ctx, completed(r, text))
	case errors.Is(cause, errLeaseLost):
		a.w.Logger.Info("an answer went to another worker", "answer", a.job.ID)
	case errors.Is(cause, errStopped):
		a.finish(ctx, a.checked(ctx, given(r, chat.Outcome{Status: chat.StatusStopped, Text: text})))
	case ctx.Err() != nil:
		a.release(ctx, text)
	case errors.Is(r.err, errNotRead):
		// The database is away: that is not the answer's failure. Whoever
		// claims it once there is a database begins anew.
		a.release(ctx, text)
	case errors.Is(cause, errTooLong):
		a.finish(ctx, a.checked(ctx, given(r, failure(fault.New(fault.Timeout, "The coach took too long; ask again."), text))))
	default:
		a.w.Logger.Error("an answer failed", "answer", a.job.ID, "attempt", a.job.Attempt, "err", r.err)
		a.finish(ctx, a.checked(ctx, given(r, failure(r.err, text))))
	}
}

func completed(r result, text string) chat.Outcome {
	answer := r.answer
	o := chat.Outcome{
		Status: chat.StatusCompleted, Text: text, Verdict: answer.Verdict, Confidence: answer.Confidence, PlanVersion: r.planVersion,
	}
	return given(r, o)
}

// given says who gave an answer, or what there is of it, and what that took.
func given(r result, o chat.Outcome) chat.Outcome {
	o.Model, o.Analysis = r.answer.Model, r.answer.Analysis
	if u := r.answer.Usage; u != nil {
		o.Usage = &chat.Usage{PromptTokens: int64(u.PromptTokens), CompletionTokens: int64(u.CompletionTokens), CostMicros: u.CostMicros}
	}
	return o
}

// checked has the numbers of a text looked at that is kept without its model's
// word: the model panicked, or the text is what a lost worker left.
func (a *writing) checked(ctx context.Context, o chat.Outcome) (found chat.Outcome) {
	defer func() {
		if p := recover(); p != nil { // costs this answer its check only
			a.w.Logger.Error("looking for the numbers of a kept text panicked", "answer", a.job.ID, "panic", p)
			found = o
		}
	}()
	model, ok := a.w.Model.(checker)
	if !ok || o.Text == "" || o.Analysis != nil || o.Model == builtinName {
		return o
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.w.Lease/2)
	defer cancel()
	prompt, err := a.w.prompt(ctx, a.job)
	if err != nil {
		// Then no number is known to be right.
		a.w.Logger.Warn("the numbers of a kept text were not looked for", "answer", a.job.ID, "err", err)
		prompt = Prompt{}
	}
	o.Analysis = model.Check(ctx, prompt, o.Text)
	return o
}

// failure words an error for the one who asked: a refusal keeps its words,
// anything else is said neutrally.
func failure(err error, text string) chat.Outcome {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = fault.New(fault.AIUnavailable, "The coach could not answer; ask again in a moment.")
	}
	return chat.Outcome{Status: chat.StatusFailed, Text: text, Error: &chat.MessageError{Code: string(f.Code), Message: f.Message}}
}

// finish stores the outcome, trying for as long as the lease can last.
func (a *writing) finish(ctx context.Context, o chat.Outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.w.Lease)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := a.w.Chat.Finish(ctx, a.job, o)
		if err == nil {
			a.text.pace.done(a.w, o)
		}
		if err == nil || errors.Is(err, chat.ErrLeaseLost) {
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			a.w.Logger.Error("an answer could not be stored; it will be written anew", "answer", a.job.ID, "err", err)
			return
		}
	}
}

func (a *writing) release(ctx context.Context, text string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := a.w.Chat.Release(ctx, a.job, text); err != nil {
		a.w.Logger.Warn("an answer was not given back; its lease must run out first", "answer", a.job.ID, "err", err)
	}
}
