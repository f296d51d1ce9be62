package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// cast is who plays: ann owns the conversation and has two devices, bob is a
// member of it, vic may only read, and eve is a stranger.
type cast struct {
	t    *testing.T
	w    *witness
	c    configs.Config
	base string
	s    *stageCoach
	stop func()
	// store is the server's database, for what no route does yet.
	store *storage.Store

	ann, bob, vic, eve         *caller
	annID, bobID               string
	room                       string // the conversation that ann shares
	phone, laptop, bobs, reads *listener
}

// newCast starts a server and lets everybody in.
func newCast(t *testing.T, w *witness, url string) *cast {
	t.Helper()
	p := &cast{t: t, w: w, c: config(t, url)}
	p.base, p.s, p.stop = stage(t, p.c)
	p.store = storagetest.Open(t, url)
	var vicID string
	p.ann, p.annID = register(t, p.base, "ann")
	p.bob, p.bobID = register(t, p.base, "bob")
	p.vic, vicID = register(t, p.base, "vic")
	p.eve, _ = register(t, p.base, "eve")
	p.room = p.ann.conversation()
	p.share(p.room, p.bobID, "member")
	p.share(p.room, vicID, "viewer")
	p.phone, p.laptop = w.dial(t, p.base, p.ann.token), w.dial(t, p.base, p.ann.token)
	p.phone.hears("connected", nil)
	p.laptop.hears("connected", nil)
	p.bobs, p.reads = w.dial(t, p.base, p.bob.token), w.dial(t, p.base, p.vic.token)
	return p
}

func (p *cast) share(conversation, user, role string) {
	p.t.Helper()
	err := p.store.Tx(p.t.Context(), func(tx *storage.Tx) error {
		return tx.PutMember(p.t.Context(), storage.Member{ConversationID: conversation, UserID: user, Role: role, JoinedAt: storage.Now()})
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// operator does what `coach user` does, beside the running server.
func (p *cast) operator(do func(ctx context.Context, u *server.Desk) error) {
	p.t.Helper()
	u, err := server.OpenDesk(p.t.Context(), p.c, server.MakeAbsent, slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = u.Close() }()
	if err := do(p.t.Context(), u); err != nil {
		p.t.Fatal(err)
	}
}

// send says something in a conversation and gives the message.
func (l *listener) send(conversation, content string) message {
	l.t.Helper()
	return l.says("send_message", object{"conversationId": conversation, "content": content}, "").Message
}

// object is the payload of an event.
type object map[string]any

// quiet makes a conversation in which the coach says nothing.
func (c *caller) quiet() string {
	c.t.Helper()
	var v struct{ ID string }
	c.must(http.MethodPost, "/api/conversations", map[string]string{"coach": "off"}).into(c.t, &v)
	return v.ID
}
