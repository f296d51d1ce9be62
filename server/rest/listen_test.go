package rest

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
)

// event is one server-sent event, or a comment.
type event struct{ name, id, data, comment string }

// delta is the payload of ai_delta.
type delta struct {
	MessageID       string
	Attempt, Offset int
	Text            string
}

func (e event) delta(t *testing.T) delta {
	t.Helper()
	var d delta
	if err := json.Unmarshal([]byte(e.data), &d); err != nil || e.name != "ai_delta" {
		t.Fatalf("%+v is no ai_delta: %v", e, err)
	}
	return d
}

// reader is somebody who listens to a stream.
type reader struct {
	t      *testing.T
	events chan event // closed at the stream's end
	leave  context.CancelFunc
}

// listen opens the stream of an answer.
func (p *person) listen(answerID, lastEventID string) *reader {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	req := p.request(ask{method: "GET", path: "/api/messages/" + answerID + "/stream", token: p.token})
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	res, err := p.http.Do(req.WithContext(ctx))
	if err != nil {
		p.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Content-Encoding") != "" {
		p.t.Fatalf("stream: %d %v", res.StatusCode, res.Header)
	}
	r := &reader{p.t, make(chan event, 100), cancel}
	done := make(chan struct{})
	p.t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		defer res.Body.Close()
		defer close(r.events)
		parse(res, func(e event) {
			select {
			case r.events <- e:
			case <-ctx.Done():
			}
		})
	}()
	if first := r.next(); first != (event{}) { // the line that says when to come back
		p.t.Fatalf("the stream began with %+v", first)
	}
	return r
}

// parse reads events as WHATWG HTML, 9.2.6 says.
func parse(res *http.Response, yield func(event)) {
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	var e event
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			yield(e)
			e = event{}
		case field == "":
			e.comment = value
		case field == "event":
			e.name = value
		case field == "id":
			e.id = value
		case field == "data":
			e.data += value
		}
	}
}

// next is the next event that says something, the zero one when the stream
// has ended. Who asks for the whole text before its first word is told "".
func (r *reader) next() event {
	r.t.Helper()
	for {
		select {
		case e := <-r.events:
			if e.name != "ai_delta" || e.delta(r.t).Text != "" {
				return e
			}
		case <-time.After(waiting):
			r.t.Fatal("no event came")
		}
	}
}

// ends fails unless the stream ends now; comments may come before.
func (r *reader) ends() {
	r.t.Helper()
	for {
		select {
		case e, more := <-r.events:
			if !more {
				return
			}
			if e.comment == "" {
				r.t.Fatalf("another event: %+v", e)
			}
		case <-time.After(waiting):
			r.t.Fatal("the stream does not end")
		}
	}
}

// until reads up to the event of that name and puts the deltas together.
func (r *reader) until(name string) (text string, last event) {
	r.t.Helper()
	var units []uint16
	for {
		e := r.next()
		switch {
		case e == event{}:
			r.t.Fatalf("the stream ended before %s", name)
		case e.name == "ai_delta":
			d := e.delta(r.t)
			if d.Offset > len(units) {
				r.t.Fatalf("a hole: %d units and offset %d", len(units), d.Offset)
			}
			units = append(units[:d.Offset], utf16.Encode([]rune(d.Text))...)
		}
		if e.name == name {
			return string(utf16.Decode(units)), e
		}
	}
}

// writer is a worker that writes what a test tells it to.
type writer struct {
	*place
	job chat.Job

	mu   sync.Mutex // held while publishing too, so that a whole text and the deltas keep their order
	text string
}

// claim takes the one answer that waits, and gives the whole text to who asks.
func (p *place) claim(b bus.Bus) *writer {
	p.t.Helper()
	jobs, err := p.chat.Claim(p.t.Context(), "test", time.Minute, 1)
	if err != nil || len(jobs) != 1 {
		p.t.Fatalf("claim: %v, %v", jobs, err)
	}
	w := &writer{place: p, job: jobs[0]}
	asked := make(chan string, 16)
	p.t.Cleanup(b.Subscribe(chat.AnswerTopic(w.job.ID), func(e bus.Event) {
		var a chat.Ask
		if e.Name == chat.EventAsk && json.Unmarshal(e.Data, &a) == nil {
			asked <- a.For
		}
	}))
	background(p.t, func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case whom := <-asked:
				w.tellAll(ctx, whom)
			}
		}
	})
	return w
}

func (w *writer) tellAll(ctx context.Context, whom string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.chat.PublishFull(ctx, chat.Full{For: whom, Delta: w.delta(0, w.text)})
}

func (w *writer) delta(offset int, text string) chat.Delta {
	return chat.Delta{ConversationID: w.job.ConversationID, MessageID: w.job.ID, Attempt: w.job.Attempt, Offset: offset, Text: text}
}

// write adds to the text and tells the room.
func (w *writer) write(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.delta(chat.Units(w.text), text)
	w.text += text
	w.chat.PublishDelta(w.t.Context(), d)
}

func (w *writer) finish(o chat.Outcome) {
	w.t.Helper()
	if err := w.chat.Finish(w.t.Context(), w.job, o); err != nil {
		w.t.Fatal(err)
	}
}

// question asks the coach something and gives the id of the answer.
func (p *person) question() string {
	p.t.Helper()
	id := p.conversation("always")
	p.say(id, "long 2 MES at 6000?")
	var page messagePage
	p.get("/api/messages?conversationId=" + id).want(200).into(&page)
	return page.Messages[1].ID
}

// openStream is open, and gives the bus too.
func openStream(t *testing.T, changes ...change) (*place, bus.Bus) {
	t.Helper()
	var b bus.Bus
	p := open(t, append(changes, func(_ *Options, co *chat.Options, _ *auth.Options) { b = co.Bus })...)
	return p, b
}
