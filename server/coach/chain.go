package coach

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/server/fault"
)

// Why an answer fell back.
const (
	reasonUnavailable = "unavailable"
	reasonBudget      = "budget"
)

// Chain is the models in the order in which they are tried; the built-in coach
// is always the last. It is a Model itself, and all that knows of the order.
//
// A model is left for the next one only while nothing of its answer was shown:
// two halves by two authors would be no answer.
type Chain struct {
	models  []*OpenAI
	builtin *Builtin
	hooks   Hooks
	log     *slog.Logger
}

// NewChain makes a chain. Without models the built-in coach answers alone.
func NewChain(models []*OpenAI, hooks Hooks, log *slog.Logger) *Chain {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Chain{models: models, builtin: NewBuiltin(), hooks: hooks.orSilent(), log: log}
}

// UsePrompts tells the models other prompts from their next answers on.
func (c *Chain) UsePrompts(p *Prompts) {
	for _, m := range c.models {
		m.UsePrompts(p)
	}
}

// Name lists who may answer, the first choice first.
func (c *Chain) Name() string {
	names := make([]string, 0, len(c.models)+1)
	for _, m := range c.models {
		names = append(names, m.Name())
	}
	return strings.Join(append(names, c.builtin.Name()), ", then ")
}

// Sees reports whether any of the models looks at images.
func (c *Chain) Sees() bool { return slices.ContainsFunc(c.models, (*OpenAI).Sees) }

// Resting lists the models that are left alone for now, after failures.
func (c *Chain) Resting() []string {
	var names []string
	for _, m := range c.models {
		if !m.Open() {
			names = append(names, m.Name())
		}
	}
	return names
}

// Breakers is how the circuit breaker of each model stands: closed, half-open
// or open.
func (c *Chain) Breakers() map[string]string {
	states := make(map[string]string, len(c.models))
	for _, m := range c.models {
		states[m.Name()] = m.Breaker()
	}
	return states
}

// Models is how many language models there are before the built-in coach.
func (c *Chain) Models() int { return len(c.models) }

// Stream answers with the first model that can. Someone in distress is
// answered by the built-in coach, before any model is asked.
func (c *Chain) Stream(ctx context.Context, p Prompt, emit func(string) error) (Answer, error) {
	if len(c.models) == 0 || distressIn(p.Text) != distressNone {
		return c.builtin.Stream(ctx, p, emit)
	}
	if onlyAChart(p) && !c.Sees() {
		return Answer{}, cannotSee()
	}
	spoke := false
	speak := func(piece string) error { spoke = true; return emit(piece) }
	first, reason := c.models[0].Name(), ""
	for _, m := range c.order(p) {
		answer, err := m.Stream(ctx, p, speak)
		if err == nil {
			if m.Name() != first && reason != "" {
				answer.Analysis = withFallback(answer, Fallback{From: first, Reason: reason})
				c.hooks.FellBack(first, m.Name(), reason)
			}
			return answer, nil
		}
		var refused *fault.Error // told to the trader as it is; no other model would do better
		if ctx.Err() != nil || spoke || errors.Is(err, errNotRead) || errors.As(err, &refused) && !errors.Is(err, budget.ErrOut) {
			return answer, err
		}
		reason = c.reasonOf(m, err, reason)
	}
	c.hooks.FellBack(first, c.builtin.Name(), reason)
	return c.standIn(ctx, p, Fallback{From: first, Reason: reason}, emit)
}

// Check is the analysis of what was kept of an answer, where it is not known
// any more which of the models wrote it and which tools it used. The built-in
// coach alone invents nothing.
func (c *Chain) Check(ctx context.Context, p Prompt, text string) json.RawMessage {
	if len(c.models) == 0 {
		return nil
	}
	draft, err := c.builtin.Stream(ctx, p, func(string) error { return nil })
	if err != nil {
		draft = Answer{} // a chart alone: nothing was computed
	}
	return kept(unverified(text, sources(p, draft)))
}

// order is the models as they are tried; with a picture, those that see come
// first.
func (c *Chain) order(p Prompt) []*OpenAI {
	models := slices.Clone(c.models)
	if len(p.Images) > 0 {
		slices.SortStableFunc(models, func(a, b *OpenAI) int { return rank(a) - rank(b) })
	}
	return models
}

func rank(m *OpenAI) int {
	if m.Sees() {
		return 0
	}
	return 1
}

// reasonOf logs why a model did not answer. Whatever else went wrong, "the
// money is out" is what a user can do something about.
func (c *Chain) reasonOf(m *OpenAI, err error, before string) string {
	if errors.Is(err, budget.ErrOut) {
		return reasonBudget
	}
	if fromProvider(err) {
		c.log.Warn("a language model did not answer; the next one is asked", "model", m.Name(), "err", err)
	} else {
		c.log.Error("a language model could not be asked; the next one is", "model", m.Name(), "err", err)
	}
	if before == reasonBudget {
		return before
	}
	return reasonUnavailable
}

// standIn is the answer of the built-in coach in place of a model's; it says
// so.
func (c *Chain) standIn(ctx context.Context, p Prompt, f Fallback, emit func(string) error) (Answer, error) {
	if onlyAChart(p) {
		return Answer{}, cannotSee()
	}
	notice := "The language model is away, so this is the built-in coach's answer.\n\n"
	if f.Reason == reasonBudget {
		notice = "Your budget for language models is used up for this month (UTC), so this is the built-in coach's answer. Its sums are the same.\n\n"
	}
	if err := emit(notice); err != nil {
		return Answer{}, err
	}
	answer, err := c.builtin.Stream(ctx, p, emit)
	answer.Text = notice + answer.Text
	if err == nil {
		answer.Analysis = withFallback(answer, f)
	}
	return answer, err
}

// withFallback writes into an analysis that another model was meant.
func withFallback(a Answer, f Fallback) json.RawMessage {
	n := narration{NumbersUnverified: []string{}, Tools: []ToolUse{}, Source: Source{Model: a.Model}}
	if len(a.Analysis) > 0 {
		if err := json.Unmarshal(a.Analysis, &n); err != nil {
			return a.Analysis
		}
		n.Source.Model = a.Model
	}
	n.Source.Fallback = &f
	doc, err := told(a.Analysis, n)
	if err != nil {
		return a.Analysis
	}
	return doc
}
