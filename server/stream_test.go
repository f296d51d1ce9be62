package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// streamed is one server-sent event.
type streamed struct {
	name, id string
	data     json.RawMessage
}

// stream is an answer as GET /api/messages/:id/stream tells it.
type stream struct {
	t      testing.TB
	events chan streamed // closed at its end
	leave  func()        // waits until the reader has gone
}

// streamDepth bounds what a test may leave unread.
const streamDepth = 1024

// follow opens the stream of an answer, after the event with this id.
func (c *caller) follow(answer, lastEventID string) *stream {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/api/messages/"+answer+"/stream", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		cancel()
		c.t.Fatal(err)
	}
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		c.t.Errorf("the stream of %s: %d %s", answer, res.StatusCode, kind)
	}
	s := &stream{t: c.t, events: make(chan streamed, streamDepth)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.events)
		defer func() { _ = res.Body.Close() }()
		s.read(bufio.NewScanner(res.Body))
	}()
	s.leave = func() { cancel(); <-done }
	c.t.Cleanup(s.leave)
	return s
}

// read takes the events apart (WHATWG HTML, 9.2.6).
func (s *stream) read(lines *bufio.Scanner) {
	lines.Buffer(nil, 1<<20)
	var e streamed
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = append(e.data, value...)
		case "":
			if e.name != "" && lines.Text() == "" {
				s.events <- e
			}
			e = streamed{}
		}
	}
}

// next is the next event; false at the end of the stream.
func (s *stream) next() (streamed, bool) {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		return e, ok
	case <-time.After(patience):
		s.t.Fatal("the stream is silent")
		return streamed{}, false
	}
}

// until reads pieces into text until it ends so, and gives it with the id of
// the last piece.
func (s *stream) until(text, end string) (string, string) {
	s.t.Helper()
	for {
		e, ok := s.next()
		if !ok || e.name != "ai_delta" {
			s.t.Fatalf("after %q came %q %s", text, e.name, e.data)
		}
		if text = apply(text, e.data); strings.HasSuffix(text, end) {
			return text, e.id
		}
	}
}

// last reads to the end: the text, and the one event after the pieces.
func (s *stream) last(text string) (string, streamed) {
	s.t.Helper()
	var finished streamed
	for {
		e, ok := s.next()
		switch {
		case !ok:
			return text, finished
		case finished.name != "":
			s.t.Fatalf("after %s came %s", finished.name, e.name)
		case e.name == "ai_delta":
			text = apply(text, e.data)
		default:
			finished = e
		}
	}
}
