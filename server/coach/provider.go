package coach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// Endpoint is one model at one OpenAI-compatible provider.
type Endpoint struct {
	Model      string
	BaseURL    string // "" is OpenAI's own
	Key        string // "" sends none, as local servers want it
	Azure      bool   // the older addresses of Azure: deployments and api-version
	APIVersion string // of Azure, "" the library's
	Policy     Policy
}

// Limits bound one call of a model.
type Limits struct {
	FirstToken time.Duration // from the request to the first text or tool call; 0: 30 s
	Idle       time.Duration // between two pieces; 0: 20 s
	Total      time.Duration // of one call; 0: two minutes
}

func (l Limits) orDefaults() Limits {
	l.FirstToken = orDefault(l.FirstToken, 30*time.Second)
	l.Idle = orDefault(l.Idle, 20*time.Second)
	l.Total = orDefault(l.Total, 2*time.Minute)
	return l
}

// Why a call was given up. They say what the provider did, for the log; nobody
// else sees them.
var (
	errFirstToken = errors.New("the provider sent nothing in time")
	errIdle       = errors.New("the provider stopped sending in the middle")
	errCallLong   = errors.New("the provider took too long in all")
	errUnfinished = errors.New("the provider's stream ended without a finish_reason")
	errElsewhere  = errors.New("the endpoint sends to another address; set that one")
	errTooMuch    = errors.New("the model wrote more than an answer may hold")
)

// maxAnswerBytes bounds an answer whatever its model thinks of limits.
const maxAnswerBytes = 64 << 10

// newTransport sets the limits that go-openai leaves out.
func newTransport(l Limits) http.RoundTripper {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: l.FirstToken,
		MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second,
	}
}

// client is go-openai's for one call. It costs nothing: connections are kept
// by the transport below it.
func (m *OpenAI) client(wait *retryAfter) *openai.Client {
	e := m.endpoint
	c := openai.DefaultConfig(e.Key)
	switch {
	case e.Azure:
		c = openai.DefaultAzureConfig(e.Key, e.BaseURL)
		c.AzureModelMapperFunc = func(model string) string { return model } // the deployment's name, as it was given
		if e.APIVersion != "" {
			c.APIVersion = e.APIVersion
		}
	case e.BaseURL != "":
		c.BaseURL = e.BaseURL
	}
	c.HTTPClient = doer{m.http, wait}
	return openai.NewClientWithConfig(c)
}

// noRedirect keeps a key from being carried to another host.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// doer keeps what go-openai forgets of a failed reply: how long to wait.
type doer struct {
	http *http.Client
	wait *retryAfter
}

func (d doer) Do(r *http.Request) (*http.Response, error) {
	resp, err := d.http.Do(r) //nolint:gosec // the operator's own provider
	switch {
	case err != nil:
	case resp.StatusCode >= http.StatusBadRequest:
		d.wait.read(resp.Header, time.Now())
	case resp.StatusCode >= http.StatusMultipleChoices:
		_ = resp.Body.Close()
		return nil, errElsewhere // go-openai would read it as an empty stream
	}
	return resp, err
}

// retryAfter is how long a provider asked to wait; 0: it did not say.
type retryAfter struct{ time.Duration }

// read takes Retry-After in seconds or as a date (RFC 9110, 10.2.3), or the
// milliseconds that some providers send beside it.
func (w *retryAfter) read(h http.Header, now time.Time) {
	if ms, err := strconv.Atoi(h.Get("Retry-After-Ms")); err == nil && ms > 0 {
		w.Duration = time.Duration(ms) * time.Millisecond
		return
	}
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		w.Duration = time.Duration(min(seconds, 3600)) * time.Second
	} else if at, err := http.ParseTime(value); err == nil && at.After(now) {
		w.Duration = at.Sub(now)
	}
}

// reply is what one call of a model came to.
type reply struct {
	text   []byte
	tools  []openai.ToolCall
	finish openai.FinishReason
	usage  *openai.Usage // nil where the provider did not count
	spoke  bool          // something was handed to emit
	spent  Usage
	first  time.Duration // from the request to the first token; 0: none came
}

// stream makes one call and hands on its text as it comes. What it returns
// with an error is what had come until then.
func (m *OpenAI) stream(ctx context.Context, req openai.ChatCompletionRequest, emit func(string) error) (out reply, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	total := time.AfterFunc(m.limits.Total, func() { cancel(errCallLong) })
	defer total.Stop()
	silence := time.AfterFunc(m.limits.FirstToken, func() { cancel(errFirstToken) })
	defer silence.Stop()
	wait, began := &retryAfter{}, time.Now()
	s, err := m.client(wait).CreateChatCompletionStream(ctx, req)
	if err != nil {
		return out, m.trouble(ctx, err, wait.Duration)
	}
	defer func() { _ = s.Close() }()
	idle := time.AfterFunc(m.limits.Idle, func() { cancel(errIdle) })
	idle.Stop()
	defer idle.Stop()
	var calls toolCalls
	for {
		chunk, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, m.trouble(ctx, err, 0)
		}
		if chunk.Usage != nil {
			out.usage = chunk.Usage
		}
		if len(chunk.Choices) == 0 {
			continue
		}
		c := chunk.Choices[0]
		if c.Delta.Content != "" || len(c.Delta.ToolCalls) > 0 || c.Delta.ReasoningContent != "" {
			silence.Stop()
			idle.Reset(m.limits.Idle)
			if out.first == 0 {
				out.first = time.Since(began)
			}
		}
		calls.add(c.Delta.ToolCalls)
		if c.FinishReason != "" {
			out.finish = c.FinishReason
		}
		if err := out.take(c.Delta.Content, emit); err != nil {
			return out, err
		}
	}
	out.tools = calls.all()
	if out.finish == "" {
		return out, m.trouble(ctx, errUnfinished, 0)
	}
	return out, nil
}

// take hands on a piece of text. NUL characters, which no database and no
// client wants, are left out.
func (r *reply) take(piece string, emit func(string) error) error {
	piece = clean(piece)
	if piece == "" {
		return nil
	}
	if len(r.text)+len(piece) > maxAnswerBytes {
		return errTooMuch
	}
	if err := emit(piece); err != nil {
		return err
	}
	r.spoke = true
	r.text = append(r.text, piece...)
	return nil
}

// toolCalls puts the fragments of streamed tool calls together.
type toolCalls struct{ list []openai.ToolCall }

// maxToolBytes bounds the arguments of one call, which are stored with the
// answer. What is longer is cut, and so is no JSON and refused.
const maxToolBytes = 8 << 10

func (t *toolCalls) add(parts []openai.ToolCall) {
	for _, part := range parts {
		at := len(t.list)
		switch {
		case part.Index != nil:
			at = *part.Index
		case part.ID == "" && at > 0:
			at-- // a fragment without an index belongs to the latest call
		}
		if at < 0 || at > maxToolCalls {
			continue
		}
		for len(t.list) <= at {
			t.list = append(t.list, openai.ToolCall{Type: openai.ToolTypeFunction})
		}
		c := &t.list[at]
		if part.ID != "" {
			c.ID = part.ID
		}
		c.Function.Name += part.Function.Name
		room := max(maxToolBytes-len(c.Function.Arguments), 0)
		c.Function.Arguments += part.Function.Arguments[:min(room, len(part.Function.Arguments))]
	}
}

// all are the calls with a name, each with an id to answer to.
func (t *toolCalls) all() []openai.ToolCall {
	var out []openai.ToolCall
	for n, c := range t.list {
		if c.Function.Name == "" {
			continue
		}
		if c.ID == "" {
			c.ID = fmt.Sprintf("call_%d", n)
		}
		out = append(out, c)
	}
	return out
}
