// Package docstest writes down what tests see, for the examples of the documentation.
package docstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/docs"
)

// longest bounds a text in an example, in bytes; the rest is left out, and a line says so.
const longest = 1200

// Recorder keeps the first exchange of each route and the first payload and acknowledgement of each event. It may be
// used by several goroutines.
type Recorder struct {
	mu      sync.Mutex
	began   time.Time
	names   map[string]string // ids as they were, to ids as they are written
	seen    docs.Examples
	replace *strings.Replacer
}

// NewRecorder makes one. Words are pairs of what is to be written differently each time it is seen, and what instead.
func NewRecorder(words ...string) *Recorder {
	return &Recorder{
		began: time.Now(), names: map[string]string{}, replace: strings.NewReplacer(words...),
		seen: docs.Examples{Routes: map[string]docs.Exchange{}, Events: map[string]docs.Said{}},
	}
}

// Exchange keeps a request, whose body was sent, and its reply. Operation is such as "GET /api/messages/{id}".
func (r *Recorder) Exchange(operation string, req *http.Request, sent []byte, res *http.Response, reply []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.seen.Routes[operation]; known {
		return
	}
	e := docs.Exchange{Path: r.plain(req.URL.RequestURI()), Status: res.StatusCode}
	e.BodyType, e.Body = r.body(req.Header.Get("Content-Type"), sent)
	e.ReplyType, e.Reply = r.body(res.Header.Get("Content-Type"), reply)
	r.seen.Routes[operation] = e
}

// Event keeps what was said under a name; ack is nil where nobody answered.
func (r *Recorder) Event(name string, payload, ack json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.seen.Events[name]; !known {
		r.seen.Events[name] = docs.Said{Payload: r.json(payload), Ack: r.json(ack)}
	}
}

// Seen is what was kept.
func (r *Recorder) Seen() docs.Examples {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// Write puts what was kept into a file, where COACH_TEST_UPDATE asks for it, and tells whether it did.
func (r *Recorder) Write(t testing.TB, file string) bool {
	t.Helper()
	if os.Getenv("COACH_TEST_UPDATE") == "" {
		return false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(r.Seen()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return true
}

// body gives the media type of a body and the body, if it is text.
func (r *Recorder) body(kind string, b []byte) (string, json.RawMessage) {
	media, _, _ := mime.ParseMediaType(kind)
	switch {
	case len(b) == 0:
		return media, nil
	case media == "application/json" && json.Valid(b):
		return media, r.json(b)
	case !utf8.Valid(b) || strings.HasPrefix(media, "multipart/") || bytes.IndexByte(b, 0) >= 0:
		return media, nil
	}
	text := r.plain(string(b))
	if len(text) > longest {
		cut := strings.LastIndexByte(text[:longest], '\n') + 1
		text = text[:cut] + "…\n"
	}
	quoted, _ := json.Marshal(text) // a string always can be
	return media, quoted
}

func (r *Recorder) json(b json.RawMessage) json.RawMessage {
	if b == nil {
		return nil
	}
	return json.RawMessage(r.plain(string(b)))
}

var (
	anID     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	aTime    = regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z`)
	aToken   = regexp.MustCompile(`eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+`)
	aHost    = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	aSignal  = regexp.MustCompile(`(expires=)\d+|((?:signature|sig)=)[\w-]+`)
	aMachine = regexp.MustCompile(`Go-http-client/[\d.]+`)
)

// plain takes out of a text what is different each time: ids are numbered, the test began at one moment, tokens and
// signatures are cut short, the address is the usual one.
func (r *Recorder) plain(text string) string {
	text = anID.ReplaceAllStringFunc(text, func(id string) string {
		if r.names[id] == "" {
			r.names[id] = fmt.Sprintf("0198c0de-0000-7000-8000-%012x", len(r.names)+1)
		}
		return r.names[id]
	})
	text = aTime.ReplaceAllStringFunc(text, r.moment)
	text = aToken.ReplaceAllString(text, "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjb2FjaCJ9.c2lnbmF0dXJl")
	text = aHost.ReplaceAllString(text, "http://localhost:3001")
	text = aSignal.ReplaceAllString(text, "${1}${2}AAAA")
	text = aMachine.ReplaceAllString(text, "Mozilla/5.0")
	return r.replace.Replace(text)
}

// moment moves times of the test to one day, by whole minutes; times that the test named are left.
func (r *Recorder) moment(text string) string {
	at, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if err != nil || at.Before(r.began.Add(-time.Hour)) {
		return text
	}
	day := time.Date(2026, time.March, 2, 14, 30, 0, 0, time.UTC)
	return day.Add(at.Sub(r.began).Round(time.Minute)).Format("2006-01-02T15:04:05.000Z")
}
