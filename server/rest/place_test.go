package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/docs/docstest"
	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const password = "Correct-Horse-9"

// waiting bounds how long a test waits for what must come.
const waiting = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a server on a fresh store. Every exchange with it is held against
// docs/openapi.yaml.
type place struct {
	t      *testing.T
	site   *site
	url    string
	http   *http.Client
	auth   *auth.Service
	chat   *chat.Service
	store  *storage.Store
	limits *limit.Memory
	floor  *floor
	log    *logged
	// diary keeps an example of each route, where a test wants that.
	diary *docstest.Recorder
}

// change is what a test wants to be different from the usual place.
type change func(*Options, *chat.Options, *auth.Options)

// open starts a place with limits that no test reaches by accident.
func open(t *testing.T, changes ...change) *place {
	t.Helper()
	p := &place{t: t, store: storagetest.NewSQLite(t), limits: limit.NewMemory(), log: &logged{}}
	b := bus.NewMemory()
	background(t, b.Run)
	logger := slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ao := auth.Options{Secret: []byte(strings.Repeat("s", 32)), Argon: auth.Argon{MemoryKiB: 8, Iterations: 1, Parallelism: 1}}
	co := chat.Options{Store: p.store, Bus: b}
	o := Options{
		Limiter: p.limits, Tiers: limit.NewTiers(), Build: api.Build{Version: "test"}, Compression: true, Logger: logger,
		Origins: func(origin string, _ *http.Request) bool { return origin == "https://app.example.org" },
		Health: func(context.Context) api.Health {
			return api.Health{Status: api.StatusOK, Build: api.Build{Version: "test"}, Checks: map[string]api.Check{"db": {Status: api.StatusOK}}}
		},
		Account: func(_ context.Context, a auth.Actor, w io.Writer) error {
			_, err := io.WriteString(w, "PK "+a.UserID)
			return err
		},
		Ready:  func(context.Context) api.Check { return api.Check{Status: api.StatusOK} },
		Checks: map[string]func(context.Context) api.Check{},
		Limits: func(_ context.Context, a auth.Actor) any {
			return map[string]any{"tier": a.Tier, "limits": []any{}}
		},
	}
	for _, name := range []string{"db", "websocket", "ai", "uploads"} {
		o.Checks[name] = func(context.Context) api.Check { return api.Check{Status: api.StatusOK, Message: name} }
	}
	plenty(o.Tiers)
	for _, c := range changes {
		c(&o, &co, &ao)
	}
	var err error
	if p.auth, err = auth.New(p.store, b, ao); err != nil {
		t.Fatal(err)
	}
	p.chat = chat.New(co)
	p.gallery(&o)
	if o.Analyst == nil {
		o.Analyst = &coach.Analyst{Model: coach.NewBuiltin()}
	}
	o.Auth, o.Chat, o.Journal = p.auth, p.chat, journal.New(journal.Options{Store: p.store})
	p.floor = &floor{}
	o.Operators, o.Metrics = p.operators(b), metrics.New(metrics.Build{Version: "test"})
	o.Refused = func(r admin.Refusal) { o.Operators.Refused(r) }
	background(t, o.Operators.Run)
	p.site = newSite(o)
	p.serve()
	return p
}

// serve gives the place an address of its own.
func (p *place) serve() {
	srv := httptest.NewServer(p.site.handler())
	p.url, p.http = srv.URL, srv.Client()
	p.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.t.Cleanup(srv.Close)
}

// plenty lifts the limits that tests would reach by being quick.
func plenty(tiers *limit.Tiers) {
	table := limit.Defaults()
	for name, tier := range table {
		tier.Requests15m, tier.BurstPerSecond = 100_000, 10_000
		table[name] = tier
	}
	if err := tiers.Load(table); err != nil {
		panic(err) // the numbers above are constants
	}
}

// background runs what lives until the test ends, and waits for its end.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("a room ended with %v", err)
		}
	})
}

// ask is one request.
type ask struct {
	method, path string
	token        string
	body         any // string, []byte or io.Reader as they are; else as JSON
	header       map[string]string
	loose        bool // the server is kinder to this request than the description promises
}

// answer is one reply. Data and the fields of a refusal are those of the
// envelope.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte

	Success   bool
	Data      json.RawMessage
	Error     string
	Code      string
	Retryable bool
	RequestID string
	Details   []api.Detail
	Tier      string
	Limit     *int
	Window    *int `json:"windowSeconds"`
}

// do sends a request and holds it and the reply against the description.
func (p *place) do(a ask) answer {
	p.t.Helper()
	req := p.request(a)
	res, err := p.http.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", a.method, a.path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatalf("%s %s: read the reply: %v", a.method, a.path, err)
	}
	out := answer{t: p.t, status: res.StatusCode, header: res.Header, raw: raw}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") && len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			p.t.Fatalf("%s %s answers %q: %v", a.method, a.path, raw, err)
		}
	}
	route := described(p.t, p.request(a), res, raw, a.loose)
	if p.diary != nil && route != "" && res.StatusCode < http.StatusBadRequest {
		p.write(route, a, res, raw)
	}
	return out
}

func (p *place) request(a ask) *http.Request {
	p.t.Helper()
	body, kind := bodyOf(p.t, a.body)
	req, err := http.NewRequestWithContext(p.t.Context(), a.method, p.url+a.path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	for name, value := range a.header {
		req.Header.Set(name, value)
	}
	return req
}

func bodyOf(t *testing.T, body any) (io.Reader, string) {
	t.Helper()
	const kind = "application/json"
	switch b := body.(type) {
	case nil:
		return nil, ""
	case string:
		return strings.NewReader(b), kind
	case []byte:
		return bytes.NewReader(b), kind
	case io.Reader:
		return b, kind
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(raw), kind
}

// want fails unless the reply has this status, and gives the reply back.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// refused fails unless the reply is this refusal.
func (a answer) refused(status int, code string) answer {
	a.t.Helper()
	a.want(status)
	if a.Code != code || a.Success || a.Error == "" {
		a.t.Fatalf("refusal %s, want %s", a.raw, code)
	}
	if a.RequestID != a.header.Get("X-Request-ID") || a.RequestID == "" {
		a.t.Fatalf("requestId %q, header %q", a.RequestID, a.header.Get("X-Request-ID"))
	}
	return a
}

// names fails unless the refusal names this field.
func (a answer) names(field string) answer {
	a.t.Helper()
	for _, d := range a.Details {
		if d.Field == field && d.Message != "" {
			return a
		}
	}
	a.t.Fatalf("%s does not name %q", a.raw, field)
	return a
}

// into reads the data.
func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Data, v); err != nil {
		a.t.Fatalf("read %s: %v", a.Data, err)
	}
}

// person is somebody who is signed in.
type person struct {
	*place
	id, token string
	actor     auth.Actor
}

// person registers somebody, past the limits.
func (p *place) person(name string) *person {
	p.t.Helper()
	grant, err := p.auth.Register(p.t.Context(), auth.NewAccount{Email: name + "@example.org", Username: name, Password: password},
		auth.Client{Address: "192.0.2.77", UserAgent: "test"})
	if err != nil {
		p.t.Fatal(err)
	}
	actor, err := p.auth.Verify(p.t.Context(), grant.Token)
	if err != nil {
		p.t.Fatal(err)
	}
	return &person{p, actor.UserID, grant.Token, actor}
}

func (p *person) get(path string) answer {
	p.t.Helper()
	return p.do(ask{"GET", path, p.token, nil, nil, false})
}

func (p *person) post(path string, body any) answer {
	p.t.Helper()
	return p.do(ask{"POST", path, p.token, body, nil, false})
}

func (p *person) patch(path string, body any) answer {
	p.t.Helper()
	return p.do(ask{"PATCH", path, p.token, body, nil, false})
}

func (p *person) delete(path string, body any) answer {
	p.t.Helper()
	return p.do(ask{"DELETE", path, p.token, body, nil, false})
}

// conversation begins one; coach is always, mention or off.
func (p *person) conversation(coach string) string {
	p.t.Helper()
	var c chat.Conversation
	p.post("/api/conversations", map[string]string{"coach": coach}).want(http.StatusCreated).into(&c)
	return c.ID
}

// say sends a message.
func (p *person) say(conversation, content string) chat.Message {
	p.t.Helper()
	var m chat.Message
	p.post("/api/messages", map[string]string{"conversationId": conversation, "content": content}).want(http.StatusCreated).into(&m)
	return m
}

// logged is what the log said.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
