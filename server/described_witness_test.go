package server_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/docs/docstest"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// witness holds everything that is said on its sockets against the
// description, and remembers what it has seen.
type witness struct {
	doc  *document
	mu   sync.Mutex
	told map[string]int
	// taken and refused count the acknowledgements of each event.
	taken, refused map[string]int
	// diary keeps an example of each event for the documentation.
	diary *docstest.Recorder
}

func newWitness(t testing.TB) *witness {
	return &witness{doc: describedEvents(t), told: map[string]int{}, taken: map[string]int{}, refused: map[string]int{}, diary: newDiary()}
}

// listener is a socket with a witness.
type listener struct {
	*socket
	w *witness
}

func (w *witness) dial(t testing.TB, base, token string) *listener {
	t.Helper()
	return &listener{mustDial(t, base, token), w}
}

// turnedAway holds the CONNECT_ERROR that a token gets.
func (w *witness) turnedAway(t testing.TB, base, token, code string) {
	t.Helper()
	_, err := dial(t, base, token)
	var refused *socketiotest.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("a token that is %s: %v", code, err)
	}
	w.event(t, event{Name: "connect_error", Data: json.RawMessage(refused.Payload)})
	w.diary.Event("connect_error", json.RawMessage(refused.Payload), nil)
	if !strings.Contains(refused.Payload, code) {
		t.Errorf("CONNECT_ERROR %s, want %s", refused.Payload, code)
	}
}

func (w *witness) event(t testing.TB, e event) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[e.Name]++
	if !slices.Contains(w.doc.told, e.Name) {
		t.Errorf("the server sent %q, which is not described: %s", e.Name, e.Data)
		return
	}
	if err := w.doc.check(e.Name, e.Data); err != nil {
		t.Errorf("%s is not as described: %v\n%s", e.Name, err, e.Data)
	}
}

// says sends an event and holds its acknowledgement: code is that of the
// refusal, "" where there must be none. What was taken must itself be as
// described.
func (l *listener) says(name string, payload any, code string) ack {
	l.t.Helper()
	a, err := l.ask(name, payload)
	if err != nil {
		l.t.Fatal(err)
	}
	if a.Success != (code == "") || a.Code != code {
		l.t.Errorf("%s %v was answered with %s, want code %q", name, payload, a.raw, code)
	}
	l.w.acked(l.t, name, payload, a)
	return a
}

func (w *witness) acked(t testing.TB, name string, payload any, a ack) {
	t.Helper()
	if err := w.doc.check(name+"_ack", a.raw); err != nil {
		t.Errorf("the ack of %s is not as described: %v\n%s", name, err, a.raw)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !a.Success {
		w.refused[name]++
		return
	}
	w.taken[name]++
	sent, err := json.Marshal(payload)
	if err == nil {
		err = w.doc.check(name, sent)
	}
	if err != nil {
		t.Errorf("%s %s was taken, and is not as described: %v", name, sent, err)
	}
	w.diary.Event(name, sent, a.raw)
}

// hears reads events until one has this name and passes the test; nil passes
// all. What it read is the witness's.
func (l *listener) hears(name string, passes func(json.RawMessage) bool) event {
	l.t.Helper()
	var seen []event
	deadline := time.Now().Add(patience)
	for {
		e, ok := l.nextEvent()
		if !ok || time.Now().After(deadline) {
			l.t.Fatalf("no such %s; saw %v", name, names(seen))
		}
		l.w.event(l.t, e)
		if seen = append(seen, e); e.Name == name && (passes == nil || passes(e.Data)) {
			l.w.diary.Event(name, e.Data, nil) // what the play waited for, so the same one each time
			return e
		}
	}
}

// rest takes what nobody asked about. The socket must be closed.
func (l *listener) rest() {
	l.t.Helper()
	select {
	case <-l.Closed:
	case <-time.After(patience):
		l.t.Fatal("the socket is still open")
	}
	for {
		select {
		case e := <-l.Events:
			l.w.event(l.t, e)
		default:
			return
		}
	}
}

// with is a test for hears: the payload holds this text.
func with(text string) func(json.RawMessage) bool {
	return func(b json.RawMessage) bool { return strings.Contains(string(b), text) }
}
