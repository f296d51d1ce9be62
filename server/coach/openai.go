package coach

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	openai "github.com/sashabaranov/go-openai"
	"github.com/sony/gobreaker/v2"

	"github.com/elite-trading-coach/coach/server/budget"
)

const (
	// A call is made again only while nothing of it was shown.
	maxTries    = 3
	firstWait   = 200 * time.Millisecond
	longestWait = 3 * time.Second
	// A model that failed so often in a row is left alone for a while.
	breakerTrips = 5
	breakerRests = 20 * time.Second
)

// ModelOptions is what a language model needs beside its endpoint.
type ModelOptions struct {
	Endpoint Endpoint
	Limits   Limits
	Prompts  *Prompts
	// Tools runs one of the six tools of the journal on the records of a user;
	// nil: none is offered.
	Tools Tools
	// Purse pays for calls; nil: nobody counts.
	Purse  *budget.Service
	Hooks  Hooks
	Logger *slog.Logger
	// Transport carries the requests; nil: HTTP with the limits.
	Transport http.RoundTripper
}

// OpenAI is a language model behind an OpenAI-compatible endpoint. It is given
// what the built-in coach computed and puts it into words: verdict, confidence
// and analysis are Go's, whatever the model writes.
type OpenAI struct {
	endpoint Endpoint
	limits   Limits
	prompts  atomic.Pointer[Prompts]
	tools    Tools
	purse    *budget.Service
	hooks    Hooks
	log      *slog.Logger
	http     *http.Client
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
	builtin  *Builtin
}

// NewOpenAI makes a model; it calls nobody until it is asked.
func NewOpenAI(o ModelOptions) *OpenAI {
	m := &OpenAI{
		endpoint: o.Endpoint, limits: o.Limits.orDefaults(), tools: o.Tools, purse: o.Purse,
		hooks: o.Hooks.orSilent(), log: o.Logger, builtin: NewBuiltin(),
	}
	m.prompts.Store(o.Prompts)
	if own := o.Endpoint.Policy.FirstToken; own > 0 {
		m.limits.FirstToken = own
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = newTransport(m.limits)
	}
	m.http = &http.Client{Transport: o.Transport, CheckRedirect: noRedirect}
	m.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: o.Endpoint.Model, Timeout: breakerRests,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerTrips },
		// What the caller broke off, or asked for wrongly, says nothing of the
		// provider's health.
		IsExcluded: func(err error) bool {
			var t *trouble
			return err != nil && (!errors.As(err, &t) || t.kind == troubleRefused)
		},
		OnStateChange: func(name string, from, to gobreaker.State) {
			m.log.Warn("a language model's circuit breaker changed", "model", name, "from", from.String(), "to", to.String())
		},
	})
	return m
}

// UsePrompts tells the model other prompts from its next answer on.
func (m *OpenAI) UsePrompts(p *Prompts) { m.prompts.Store(p) }

// Name is the model's.
func (m *OpenAI) Name() string { return m.endpoint.Model }

// Sees reports whether the model looks at images.
func (m *OpenAI) Sees() bool { return m.endpoint.Policy.Vision }

// Open reports whether calls are made now; false while the breaker rests after
// failures.
func (m *OpenAI) Open() bool { return m.breaker.State() != gobreaker.StateOpen }

// Breaker is how the model's circuit breaker stands: closed, half-open or
// open.
func (m *OpenAI) Breaker() string { return m.breaker.State().String() }

// call makes one request, again where that may help, and pays for it. Money is
// set aside before and settled after; what came to nothing costs nothing.
func (m *OpenAI) call(ctx context.Context, p Prompt, req openai.ChatCompletionRequest, emit func(string) error) (reply, error) {
	prompted := m.weigh(req)
	hold, err := m.reserve(ctx, p, prompted)
	if err != nil {
		return reply{}, err
	}
	began := time.Now()
	out, err := m.tryCall(ctx, req, emit)
	spent := m.usage(prompted, out, err)
	m.hooks.Called(Call{Model: m.Name(), Took: time.Since(began), First: out.first, Usage: spent, Err: err})
	// The answer may have been stopped: the books are kept all the same.
	if bookErr := hold.Settle(context.WithoutCancel(ctx), spent.CostMicros); bookErr != nil {
		m.log.Error("the cost of a call was not booked; it stays set aside until that runs out", "answer", p.AnswerID, "model", m.Name(), "micros", spent.CostMicros, "err", bookErr)
	}
	out.spent = spent
	return out, err
}

// tryCall repeats a call that failed before its first token, with jitter, and
// as the provider wishes where it says so and the wish is a short one.
func (m *OpenAI) tryCall(ctx context.Context, req openai.ChatCompletionRequest, emit func(string) error) (reply, error) {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = firstWait, longestWait
	var last reply
	once := func() (reply, error) {
		done, err := m.breaker.Allow()
		if err != nil {
			return reply{}, backoff.Permanent(&trouble{kind: troubleAway, err: err})
		}
		last, err = m.stream(ctx, req, emit)
		done(err)
		var t *trouble
		switch {
		case err == nil:
			return last, nil
		case !errors.As(err, &t), last.spoke, t.kind == troubleRefused, t.wait > longestWait, errors.Is(err, errFirstToken):
			return last, backoff.Permanent(err)
		case t.wait > 0:
			return last, errors.Join(err, &backoff.RetryAfterError{Duration: t.wait})
		}
		return last, err
	}
	out, err := backoff.Retry(ctx, once, backoff.WithBackOff(waits), backoff.WithMaxTries(maxTries), backoff.WithNotify(func(err error, wait time.Duration) {
		m.log.Info("a language model is asked again", "model", m.Name(), "in", wait, "err", err)
	}))
	if err != nil {
		return last, err
	}
	return out, nil
}

// weigh estimates the tokens of a request.
func (m *OpenAI) weigh(req openai.ChatCompletionRequest) int {
	n := 0
	for _, msg := range req.Messages {
		n += tokensPerMessage + estimateTokens(msg.Content)
		for _, part := range msg.MultiContent {
			if part.Type == openai.ChatMessagePartTypeImageURL {
				n += tokensPerImage
			}
			n += estimateTokens(part.Text)
		}
		for _, c := range msg.ToolCalls {
			n += estimateTokens(c.Function.Name + c.Function.Arguments)
		}
	}
	if len(req.Tools) > 0 {
		n += toolTokens
	}
	return n
}

// reserve sets aside what a call can cost at most.
func (m *OpenAI) reserve(ctx context.Context, p Prompt, prompted int) (*budget.Hold, error) {
	if m.purse == nil || p.AskedBy == "" {
		return nil, nil
	}
	hold, err := m.purse.Reserve(ctx, budget.Wish{
		UserID: p.AskedBy, AnswerID: p.AnswerID, Attempt: p.Attempt,
		Micros: m.endpoint.Policy.Price.Cost(prompted, m.endpoint.Policy.MaxTokens), For: maxTries*m.limits.Total + time.Minute,
	})
	if err != nil && !errors.Is(err, budget.ErrOut) {
		return nil, fmt.Errorf("%w: set money aside: %w", errNotRead, err)
	}
	return hold, err
}

// usage is what a call cost: by the provider's count, or by estimate where it
// was broken off or the provider does not count. A call that was refused, or
// came to nothing, cost nothing.
func (m *OpenAI) usage(prompted int, out reply, err error) Usage {
	u := Usage{}
	switch {
	case out.usage != nil && (out.usage.PromptTokens > 0 || out.usage.CompletionTokens > 0):
		u.PromptTokens, u.CompletionTokens = out.usage.PromptTokens, out.usage.CompletionTokens
	case err == nil, out.spoke:
		u.PromptTokens, u.CompletionTokens = prompted, estimateTokens(string(out.text))
	}
	u.CostMicros = m.endpoint.Policy.Price.Cost(u.PromptTokens, u.CompletionTokens)
	return u
}

// request is what a model is asked, in the words that it wants to hear it in.
func (m *OpenAI) request(messages []openai.ChatCompletionMessage, tools []openai.Tool) openai.ChatCompletionRequest {
	policy := m.endpoint.Policy
	req := openai.ChatCompletionRequest{Model: m.endpoint.Model, Messages: messages, Stream: true, ReasoningEffort: policy.Effort}
	if policy.Reasoning {
		req.MaxCompletionTokens = policy.MaxTokens
	} else {
		req.MaxTokens, req.Temperature = policy.MaxTokens, 0.3 //nolint:staticcheck // the newer name is unknown to local servers
	}
	if policy.Usage {
		req.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	if policy.Tools {
		req.Tools = tools
	}
	return req
}

// clean leaves out what neither a database nor a client wants.
func clean(piece string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(piece, "\x00", ""), "\uFFFD")
}
