package rest

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
)

func TestStreamFromBeforeTheFirstWord(t *testing.T) {
	p, b := openStream(t)
	ann := p.person("ann")
	id := ann.question()
	r := ann.listen(id, "")
	w := p.claim(b)
	w.write("Two R, ")
	if d := r.next().delta(t); d != (delta{id, 1, 0, "Two R, "}) {
		t.Fatalf("first delta %+v", d)
	}
	w.write("𝟠 contracts.")
	e := r.next()
	if d := e.delta(t); d != (delta{id, 1, 7, "𝟠 contracts."}) || e.id != "1:20" {
		t.Fatalf("second delta %+v, id %q", d, e.id)
	}
	w.finish(chat.Outcome{Status: chat.StatusCompleted, Text: "Two R, 𝟠 contracts.", Verdict: "fire", Model: "test"})
	last := r.next()
	var done struct{ Message chat.Message }
	if err := json.Unmarshal([]byte(last.data), &done); err != nil || last.name != "ai_response" || last.id != "1:20" {
		t.Fatalf("last %+v: %v", last, err)
	}
	var row chat.Message
	ann.get("/api/messages/" + id).want(200).into(&row)
	if diff := cmp.Diff(row, done.Message, cmp.Comparer(func(a, b chat.Time) bool { return time.Time(a).Equal(time.Time(b)) })); diff != "" {
		t.Errorf("ai_response and the row (-row +event):\n%s", diff)
	}
	r.ends()
}

func TestStreamFromTheMiddleAndOn(t *testing.T) {
	p, b := openStream(t)
	ann := p.person("ann")
	id := ann.question()
	w := p.claim(b)
	w.write("Two R, eight contracts.")
	first := ann.listen(id, "")
	if d := first.next().delta(t); d != (delta{id, 1, 0, "Two R, eight contracts."}) {
		t.Fatalf("all so far: %+v", d)
	}
	again := ann.listen(id, "1:7")
	if d := again.next().delta(t); d != (delta{id, 1, 7, "eight contracts."}) {
		t.Fatalf("from where the reader was: %+v", d)
	}
	other := ann.listen(id, "0:500")
	if d := other.next().delta(t); d != (delta{id, 1, 0, "Two R, eight contracts."}) {
		t.Fatalf("of another attempt: %+v", d)
	}
	first.leave()
	w.finish(chat.Outcome{Status: chat.StatusStopped, Text: "Two R, eight contracts."})
	for _, r := range []*reader{again, other} {
		if e := r.next(); e.name != "ai_response" || e.id != "1:23" {
			t.Fatalf("last %+v", e)
		}
		r.ends()
	}
}

func TestStreamAfterTheEnd(t *testing.T) {
	p, b := openStream(t)
	ann := p.person("ann")
	id := ann.question()
	w := p.claim(b)
	w.finish(chat.Outcome{Status: chat.StatusCompleted, Text: "Two R."})
	for from, want := range map[string]string{"": "Two R.", "1:4": "", "1:6": ""} {
		r := ann.listen(id, from)
		if from == "1:4" {
			if d := r.next().delta(t); d != (delta{id, 1, 4, "R."}) {
				t.Fatalf("the rest: %+v", d)
			}
		}
		text, last := r.until("ai_response")
		if text != want || last.id != "1:6" {
			t.Errorf("from %q: %q and %+v", from, text, last)
		}
		r.ends()
	}
}

func TestStreamOfAnAnswerThatFails(t *testing.T) {
	p, b := openStream(t)
	ann := p.person("ann")
	id := ann.question()
	r := ann.listen(id, "")
	w := p.claim(b)
	w.finish(chat.Outcome{Status: chat.StatusFailed, Error: &chat.MessageError{Code: "AI_UNAVAILABLE", Message: "Nobody answers."}})
	if e := r.next(); e.name != "ai_response" {
		t.Fatalf("%+v", e)
	}
	var failed struct {
		MessageID, Error, Code string
		Retryable              bool
	}
	e := r.next()
	if err := json.Unmarshal([]byte(e.data), &failed); err != nil || e.name != "ai_error" || failed.MessageID != id || failed.Code != "AI_UNAVAILABLE" || !failed.Retryable {
		t.Fatalf("%+v: %v", e, err)
	}
	r.ends()
}

func TestStreamRefusals(t *testing.T) {
	p, _ := openStream(t)
	ann, bob := p.person("ann"), p.person("bob")
	id := ann.question()
	path := "/api/messages/" + id + "/stream"
	p.do(ask{method: "GET", path: path}).refused(401, "TOKEN_MISSING")
	bob.get(path).refused(404, "NOT_FOUND")
	ann.get("/api/messages/nonsense/stream").refused(404, "NOT_FOUND")
	var page messagePage
	ann.get("/api/messages/" + page.idOf(ann, id)).want(200)
	ann.get("/api/messages/"+page.idOf(ann, id)+"/stream").refused(400, "VALIDATION_ERROR")
	for _, bad := range []string{"x", "1", "1:", ":1", "-1:0", "1:0:0", "1: 0", "99999999999999999999:0"} {
		p.do(ask{method: "GET", path: path, token: ann.token, header: map[string]string{"Last-Event-ID": bad}}).
			refused(400, "VALIDATION_ERROR").names("Last-Event-ID")
	}
}

// idOf is the message that an answer is for.
func (messagePage) idOf(p *person, answerID string) string {
	p.t.Helper()
	var m chat.Message
	p.get("/api/messages/" + answerID).want(200).into(&m)
	return *m.ParentMessageID
}

func TestStreamForEventSource(t *testing.T) {
	p, b := openStream(t)
	ann := p.person("ann")
	id := ann.question()
	p.claim(b).finish(chat.Outcome{Status: chat.StatusCompleted, Text: "Two R."})
	got := p.do(ask{method: "GET", path: "/api/messages/" + id + "/stream?token=" + ann.token}).want(200)
	if !strings.Contains(string(got.raw), "event: ai_response\n") {
		t.Errorf("stream %q", got.raw)
	}
	p.do(ask{method: "GET", path: "/api/messages/" + id + "?token=" + ann.token}).refused(401, "TOKEN_MISSING")
	p.do(ask{method: "GET", path: "/api/messages/" + id + "/stream?token=guess"}).refused(401, "TOKEN_INVALID")
	if strings.Contains(p.log.String(), ann.token) {
		t.Error("the log holds the token")
	}
}

func TestStreamKeepsAQuietReaderAlive(t *testing.T) {
	p, b := openStream(t)
	p.site.keepAlive = 5 * time.Millisecond
	ann := p.person("ann")
	r := ann.listen(ann.question(), "")
	for range 3 {
		if e := r.next(); e.comment != "alive" {
			t.Fatalf("%+v", e)
		}
	}
	p.claim(b).finish(chat.Outcome{Status: chat.StatusCompleted, Text: "Two R."})
	if text, _ := r.until("ai_response"); text != "Two R." {
		t.Errorf("text %q", text)
	}
}

func TestStreamEndsWithTheSignIn(t *testing.T) {
	p, _ := openStream(t)
	p.site.recheck = 5 * time.Millisecond
	ann := p.person("ann")
	r := ann.listen(ann.question(), "")
	ann.post("/api/auth/logout", nil).want(200)
	r.ends()
}

func TestStreamEndsWhenTheServerDrains(t *testing.T) {
	var draining atomic.Bool
	p, _ := openStream(t, func(o *Options, _ *chat.Options, _ *auth.Options) { o.Draining = draining.Load })
	p.site.recheck = 5 * time.Millisecond
	ann := p.person("ann")
	r := ann.listen(ann.question(), "")
	draining.Store(true)
	r.ends()
}

func TestStreamEndsWithTheConversation(t *testing.T) {
	p, _ := openStream(t)
	ann := p.person("ann")
	id := ann.question()
	var m chat.Message
	ann.get("/api/messages/" + id).want(200).into(&m)
	r := ann.listen(id, "")
	ann.delete("/api/conversations/"+m.ConversationID, nil).want(200)
	r.ends()
}
