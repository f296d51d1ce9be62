package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// caller speaks REST with one token.
type caller struct {
	t     testing.TB
	base  string
	token string
	// key is sent as Idempotency-Key, if any.
	key string
}

// reply is the envelope of every answer.
type reply struct {
	status  int
	header  http.Header
	Success bool            `json:"success"`
	Data    json.RawMessage `json:"data"`
	Error   string          `json:"error"`
	Code    string          `json:"code"`
}

func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if !r.Success {
		t.Fatalf("status %d %s: %s", r.status, r.Code, r.Error)
	}
	if err := json.Unmarshal(r.Data, v); err != nil {
		t.Fatalf("read %s: %v", r.Data, err)
	}
}

// do sends a request; an error means that no answer came.
func (c *caller) do(method, path string, body any) (reply, error) {
	var b []byte
	if body != nil {
		b, _ = json.Marshal(body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(b))
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: res.StatusCode, header: res.Header}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("%s %s answered %d %q", method, path, res.StatusCode, raw)
	}
	return r, nil
}

func (c *caller) must(method, path string, body any) reply {
	c.t.Helper()
	r, err := c.do(method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// message is what tests look at of one.
type message struct {
	ID, ConversationID, Type, Content, Status string
	Seq, Rev                                  int64
	Verdict, ClientMessageID, ParentMessageID *string
	Confidence                                *int
	Analysis                                  json.RawMessage
	Error                                     *struct{ Code, Message string }
	Uploads                                   []struct{ ID string }
}

// register makes an account and returns a caller with its token.
func register(t testing.TB, base, name string) (*caller, string) {
	t.Helper()
	c := &caller{t: t, base: base}
	var grant struct {
		Token string
		User  struct{ ID string }
	}
	c.must(http.MethodPost, "/api/auth/register", map[string]string{
		"email": name + "@example.org", "username": name, "password": "Correct-Horse-9",
	}).into(t, &grant)
	c.token = grant.Token
	return c, grant.User.ID
}

func (c *caller) conversation() string {
	c.t.Helper()
	var v struct{ ID string }
	c.must(http.MethodPost, "/api/conversations", map[string]string{}).into(c.t, &v)
	return v.ID
}

// socket is a Socket.IO client whose failures end the test.
type socket struct {
	*socketiotest.Client
	t testing.TB
}

type event = socketiotest.Event

func dial(t testing.TB, base, token string) (*socket, error) {
	c, err := socketiotest.Dial(context.Background(), base, map[string]string{"token": token})
	return &socket{c, t}, err
}

func mustDial(t testing.TB, base, token string) *socket {
	t.Helper()
	s, err := dial(t, base, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ack is what every acknowledgement says.
type ack struct {
	Success   bool
	Error     string
	Code      string
	Retryable bool
	Duplicate bool
	Complete  bool
	Message   message
	Messages  []message
	LastRev   int64
	raw       json.RawMessage
}

// ask sends an event and waits for its acknowledgement.
func (s *socket) ask(name string, payload any) (ack, error) {
	raw, err := s.Ask(name, payload)
	if err != nil {
		return ack{}, err
	}
	a := ack{raw: raw}
	return a, json.Unmarshal(raw, &a)
}

func (s *socket) must(name string, payload any) ack {
	s.t.Helper()
	a, err := s.ask(name, payload)
	if err != nil {
		s.t.Fatal(err)
	}
	if !a.Success {
		s.t.Fatalf("%s was refused: %s", name, a.raw)
	}
	return a
}

// await reads events until one has this name, and gives all it read.
func (s *socket) await(name string) []event {
	s.t.Helper()
	var seen []event
	for {
		e, ok := s.nextEvent()
		if !ok {
			s.t.Fatalf("no %s; saw %v", name, names(seen))
		}
		if seen = append(seen, e); e.Name == name {
			return seen
		}
	}
}

// nextEvent is the next event; false when none came in time or can come.
func (s *socket) nextEvent() (event, bool) {
	select {
	case e := <-s.Events:
		return e, true
	case <-time.After(patience):
		return event{}, false
	case <-s.Closed:
	}
	// What came before the end still counts.
	select {
	case e := <-s.Events:
		return e, true
	default:
		return event{}, false
	}
}

func names(events []event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.Name
	}
	return out
}
