//go:build unix

package crashtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// person is somebody with an account; servers come and go under them.
type person struct {
	t      testing.TB
	client *api.Client
}

// row is what tests look at of a message.
type row struct {
	ID, ConversationID, Type, Content, Status string
	Seq, Rev                                  int64
	ClientMessageID, ParentMessageID          string
}

// ack is what every acknowledgement says.
type ack struct {
	Success   bool
	Error     string
	Code      string
	Retryable bool
	Duplicate bool
	Complete  bool
	LastRev   int64
	Message   row
	Messages  []row
}

// register makes an account.
func register(t testing.TB, base, name string) *person {
	t.Helper()
	// Connections of its own, so that the end of the test can wait for them.
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(transport.CloseIdleConnections)
	p := &person{t, &api.Client{BaseURL: base, HTTP: &http.Client{Transport: transport}, Timeout: patience}}
	var grant struct{ Token string }
	p.post("/api/auth/register", map[string]string{
		"email": name + "@example.org", "username": name, "password": "Correct-Horse-9",
	}, &grant)
	p.client.Token = grant.Token
	return p
}

// moveTo speaks to another server from now on.
func (p *person) moveTo(s *process) { p.client.BaseURL = s.base }

func (p *person) post(path string, in, out any) {
	p.t.Helper()
	if err := p.client.Post(p.t.Context(), path, in, out); err != nil {
		p.t.Fatalf("POST %s: %v", path, err)
	}
}

func (p *person) get(path string, out any) {
	p.t.Helper()
	if err := p.client.Get(p.t.Context(), path, out); err != nil {
		p.t.Fatalf("GET %s: %v", path, err)
	}
}

// conversation makes one; coach is always, mention or off.
func (p *person) conversation(coach string) string {
	p.t.Helper()
	var v struct{ ID string }
	p.post("/api/conversations", map[string]string{"coach": coach}, &v)
	return v.ID
}

// rows reads a whole conversation.
func (p *person) rows(conversation string) []row {
	p.t.Helper()
	all, err := p.tryRows(conversation)
	if err != nil {
		p.t.Fatalf("read the conversation: %v", err)
	}
	return all
}

func (p *person) tryRows(conversation string) ([]row, error) {
	var all []row
	for before := int64(0); ; {
		var page struct {
			Messages   []row
			HasMore    bool
			NextBefore int64
		}
		path := fmt.Sprintf("/api/conversations/%s/messages?limit=100", conversation)
		if before > 0 {
			path += fmt.Sprintf("&before=%d", before)
		}
		if err := p.client.Get(p.t.Context(), path, &page); err != nil {
			return nil, err
		}
		all = append(page.Messages, all...)
		if !page.HasMore {
			return all, nil
		}
		before = page.NextBefore
	}
}

// socket is a connection of a person.
type socket struct{ *socketiotest.Client }

// errNoAck says that the connection ended before the acknowledgement: whether
// the message is stored is not known.
var errNoAck = errors.New("no acknowledgement came")

func (p *person) dial() *socket {
	p.t.Helper()
	s, err := p.tryDial()
	if err != nil {
		p.t.Fatalf("dial: %v", err)
	}
	p.t.Cleanup(s.Close)
	return s
}

func (p *person) tryDial() (*socket, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := socketiotest.Dial(ctx, p.client.BaseURL, map[string]string{"token": p.client.Token})
	return &socket{c}, err
}

// await gives the acknowledgement that comes on ch.
func (s *socket) await(ch <-chan json.RawMessage) (ack, error) {
	var a ack
	select {
	case raw := <-ch:
		return a, json.Unmarshal(raw, &a)
	case <-time.After(patience):
		return a, fmt.Errorf("%w within %s", errNoAck, patience)
	case <-s.Closed:
	}
	select { // it may have come just before the end
	case raw := <-ch:
		return a, json.Unmarshal(raw, &a)
	default:
		return a, errNoAck
	}
}

func (s *socket) ask(name string, payload any) (ack, error) {
	ch, err := s.Emit(name, payload)
	if err != nil {
		return ack{}, fmt.Errorf("%w: %w", errNoAck, err)
	}
	return s.await(ch)
}
