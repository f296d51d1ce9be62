// Package openaitest is a small provider in the shape of OpenAI's: it streams,
// stalls, breaks in the middle, calls tools and refuses, as a test tells it to.
//
// It is what the tests of the models talk to, what the load test is pointed at
// (see standin, a program of it), and it records and replays exchanges with real
// providers by file. It knows nothing of coach.
package openaitest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Request is what a client asked.
type Request struct {
	Path   string // with its query
	Header http.Header
	Body   json.RawMessage
	// What of the body tests look at most.
	Model    string    `json:"model"`
	Messages []Message `json:"messages"`
	Tools    []struct {
		Function struct{ Name string }
	} `json:"tools"`
}

// Message is one of a request. Content is a JSON text, or a list of parts.
type Message struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	ToolCallID string          `json:"tool_call_id"`
}

// Text is the content where it is a text, else the JSON of its parts.
func (m Message) Text() string {
	var s string
	if json.Unmarshal(m.Content, &s) == nil {
		return s
	}
	return string(m.Content)
}

// Last is the newest message of a request.
func (r Request) Last() Message {
	if len(r.Messages) == 0 {
		return Message{}
	}
	return r.Messages[len(r.Messages)-1]
}

// Call is one tool that a reply calls; Arguments are sent as they are.
type Call struct{ Name, Arguments string }

// Reply is what the provider does. The zero one is an empty answer.
type Reply struct {
	Status int               // other than 0 and 200: an error, with Body
	Header map[string]string // such as Retry-After
	Body   string

	Pieces []string // text, a chunk each
	// Stamp sends the moment in place of each piece: unix nanoseconds and a
	// space, so that a bench can tell how long it was under way.
	Stamp  bool
	Calls  []Call // sent in two fragments each
	Finish string // "" is stop, or tool_calls with Calls

	// Usage is what the last chunk counts: prompt and completion tokens.
	Usage [2]int
	// First and Gap are waited before the first piece and between two.
	First, Gap time.Duration
	// Cut breaks the connection after the pieces; Unfinished ends the stream
	// there in good order, without a finish_reason; Stall says no more and
	// keeps the connection until the client leaves or Stall is closed.
	Cut, Unfinished bool
	Stall           <-chan struct{}
	// Feed is text that follows the pieces as it comes, until it is closed.
	Feed <-chan string
}

// Says is a reply of these pieces.
func Says(pieces ...string) Reply { return Reply{Pieces: pieces, Usage: [2]int{100, 20}} }

// Provider is an http.Handler that answers as a function says.
type Provider struct {
	reply func(Request) Reply

	mu   sync.Mutex
	seen []Request
}

// New makes a provider. reply may be called by several requests at once.
func New(reply func(Request) Reply) *Provider { return &Provider{reply: reply} }

// Seen lists the requests so far.
func (p *Provider) Seen() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request{}, p.seen...)
}

// maxBody bounds a request: images travel inside it.
const maxBody = 64 << 20

// ServeHTTP answers a chat completion, and whatever else is asked with 404.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	req := Request{Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	if err == nil {
		err = json.Unmarshal(body, &req)
	}
	if err != nil || r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/chat/completions") {
		http.Error(w, `{"error":{"message":"no such thing","type":"invalid_request_error"}}`, http.StatusNotFound)
		return
	}
	p.mu.Lock()
	p.seen = append(p.seen, req)
	p.mu.Unlock()
	reply := p.reply(req)
	for name, value := range reply.Header {
		w.Header().Set(name, value)
	}
	if reply.Status != 0 && reply.Status != http.StatusOK {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(reply.Status)
		_, _ = io.WriteString(w, reply.Body)
		return
	}
	(&stream{w: w, r: r, reply: reply}).run(req.Model)
}

// stream writes one reply as server-sent events.
type stream struct {
	w     http.ResponseWriter
	r     *http.Request
	reply Reply
	model string
}

func (s *stream) run(model string) {
	s.model = model
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.chunk(map[string]any{"role": "assistant", "content": ""}, nil)
	if !s.pieces() || !s.feed() || !s.calls() {
		return
	}
	switch {
	case s.reply.Stall != nil:
		select {
		case <-s.reply.Stall:
		case <-s.r.Context().Done():
		}
		return
	case s.reply.Cut:
		panic(http.ErrAbortHandler)
	case s.reply.Unfinished:
		return
	}
	finish := s.reply.Finish
	if finish == "" {
		if finish = "stop"; len(s.reply.Calls) > 0 {
			finish = "tool_calls"
		}
	}
	s.chunk(map[string]any{}, &finish)
	if u := s.reply.Usage; u != [2]int{} {
		s.send(map[string]any{
			"id": "x", "object": "chat.completion.chunk", "model": s.model, "choices": []any{},
			"usage": map[string]int{"prompt_tokens": u[0], "completion_tokens": u[1], "total_tokens": u[0] + u[1]},
		})
	}
	_, _ = io.WriteString(s.w, "data: [DONE]\n\n")
}

func (s *stream) pieces() bool {
	for n, piece := range s.reply.Pieces {
		wait := s.reply.Gap
		if n == 0 {
			wait = s.reply.First
		}
		if !s.wait(wait) {
			return false
		}
		if s.reply.Stamp {
			piece = strconv.FormatInt(time.Now().UnixNano(), 10) + " "
		}
		s.chunk(map[string]any{"content": piece}, nil)
	}
	return true
}

// feed hands on what a test says meanwhile.
func (s *stream) feed() bool {
	if s.reply.Feed == nil {
		return true
	}
	for {
		select {
		case piece, more := <-s.reply.Feed:
			if !more {
				return true
			}
			s.chunk(map[string]any{"content": piece}, nil)
		case <-s.r.Context().Done():
			return false
		}
	}
}

func (s *stream) calls() bool {
	for n, c := range s.reply.Calls {
		half := len(c.Arguments) / 2
		s.chunk(map[string]any{"tool_calls": []any{map[string]any{
			"index": n, "id": fmt.Sprintf("call_%d", n), "type": "function", "function": map[string]string{"name": c.Name, "arguments": c.Arguments[:half]},
		}}}, nil)
		s.chunk(map[string]any{"tool_calls": []any{map[string]any{"index": n, "function": map[string]string{"arguments": c.Arguments[half:]}}}}, nil)
	}
	return true
}

func (s *stream) wait(d time.Duration) bool {
	if d <= 0 {
		return s.r.Context().Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.r.Context().Done():
		return false
	}
}

func (s *stream) chunk(delta map[string]any, finish *string) {
	s.send(map[string]any{
		"id": "x", "object": "chat.completion.chunk", "model": s.model,
		"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}},
	})
}

func (s *stream) send(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(s.w, "data: %s\n\n", raw)
	if f, ok := s.w.(http.Flusher); ok {
		f.Flush()
	}
}
