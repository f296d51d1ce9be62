package live_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/live"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is one node with everything behind its sockets, and no REST.
type desk struct {
	t     *testing.T
	base  string
	store *storage.Store
	auth  *auth.Service
	chat  *chat.Service
	live  *live.Server
	tiers *limit.Tiers
	model model
}

// setup is what a test may choose.
type setup struct {
	bus     func(bus.Bus) bus.Bus // wraps the memory bus
	tier    *limit.Tier           // of everybody
	socket  socketio.Options
	expires time.Duration // of tokens
	limited bool          // events are counted
}

// heardByAnn is a conversation that ann and bob are members of. She is in its
// room, and hears what he does there.
func heardByAnn(t *testing.T) (ann, bob *person, conversation string, hers *device) {
	t.Helper()
	d := newDesk(t, setup{})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	a.invites(b, id, chat.RoleMember)
	v := a.connect(nil)
	v.must("join_conversation", id)
	return a, b, id, v
}

// model is what the coach says, piece by piece: a piece is said when it is sent.
type model chan string

func (model) Name() string { return "script" }

func (m model) Stream(ctx context.Context, _ coach.Prompt, emit func(string) error) (coach.Answer, error) {
	var all strings.Builder
	for {
		select {
		case piece := <-m:
			if piece == "" {
				return coach.Answer{Text: all.String(), Model: "script"}, nil
			}
			all.WriteString(piece)
			if err := emit(piece); err != nil {
				return coach.Answer{}, err
			}
		case <-ctx.Done():
			return coach.Answer{}, ctx.Err()
		}
	}
}

func newDesk(t *testing.T, o setup) *desk {
	t.Helper()
	d := &desk{t: t, store: storagetest.NewSQLite(t), tiers: limit.NewTiers(), model: make(model)}
	if o.tier != nil {
		if err := d.tiers.Load(map[string]limit.Tier{limit.Free: *o.tier}); err != nil {
			t.Fatal(err)
		}
	}
	memory := bus.NewMemory()
	var b bus.Bus = memory
	if o.bus != nil {
		b = o.bus(memory)
	}
	var err error
	d.auth, err = auth.New(d.store, b, auth.Options{
		Secret: []byte(strings.Repeat("s", 32)), ExpiresIn: o.expires, Argon: auth.Argon{MemoryKiB: 8192, Iterations: 1, Parallelism: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.chat = chat.New(chat.Options{Store: d.store, Bus: b})
	d.auth.OnDeleted(d.chat.AccountDeleted)
	worker := coach.NewWorker(coach.Options{Chat: d.chat, Bus: b, Model: d.model, Owner: "w", Alone: true, Grace: time.Millisecond})
	d.live = live.New(live.Options{
		Auth: d.auth, Chat: d.chat, Bus: b, Limiter: limit.NewMemory(), Tiers: d.tiers,
		Limits: func(_ context.Context, a auth.Actor) any { return map[string]string{"tier": a.Tier} }, Socket: o.socket,
		Unlimited: !o.limited,
	})
	for _, run := range []func(context.Context) error{memory.Run, d.auth.Run, d.chat.Run, worker.Run, d.live.Run} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	web := httptest.NewUnstartedServer(http.HandlerFunc(d.live.ServeHTTP))
	web.Listener = narrow{web.Listener}
	web.Start()
	t.Cleanup(web.Close)
	d.base = web.URL
	return d
}

// narrow makes the system's send buffers small, so that a client that does
// not read is felt after some hundred kilobytes instead of some megabytes.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(128 << 10)
	}
	return conn, err
}

// person is somebody with an account.
type person struct {
	d     *desk
	actor auth.Actor
	token string
}

func (d *desk) person(name string) *person {
	d.t.Helper()
	g, err := d.auth.Register(d.t.Context(), auth.NewAccount{Email: name + "@example.org", Username: name, Password: "Correct-Horse-9"}, auth.Client{})
	if err != nil {
		d.t.Fatal(err)
	}
	a, err := d.auth.Verify(d.t.Context(), g.Token)
	if err != nil {
		d.t.Fatal(err)
	}
	return &person{d, a, g.Token}
}

func (p *person) conversation(coachSetting string) string {
	p.d.t.Helper()
	c, err := p.d.chat.Create(p.d.t.Context(), p.actor, chat.NewConversation{Coach: coachSetting})
	if err != nil {
		p.d.t.Fatal(err)
	}
	return c.ID
}

// invites makes somebody a member.
func (p *person) invites(other *person, conversation, role string) {
	p.d.t.Helper()
	err := p.d.store.Tx(p.d.t.Context(), func(tx *storage.Tx) error {
		return tx.PutMember(p.d.t.Context(), storage.Member{ConversationID: conversation, UserID: other.actor.UserID, Role: role, JoinedAt: storage.Now()})
	})
	if err != nil {
		p.d.t.Fatal(err)
	}
}

// says sends a message past the sockets.
func (p *person) says(conversation, text string) chat.Message {
	p.d.t.Helper()
	sent, err := p.d.chat.Send(p.d.t.Context(), p.actor, chat.Draft{ConversationID: conversation, Content: text})
	if err != nil {
		p.d.t.Fatal(err)
	}
	return sent.Message
}

// device is one open socket.
type device struct {
	*socketiotest.Client
	t *testing.T
}

func (p *person) connect(extra map[string]any) *device {
	p.d.t.Helper()
	handshake := map[string]any{"token": p.token}
	for k, v := range extra {
		handshake[k] = v
	}
	c, err := socketiotest.Dial(p.d.t.Context(), p.d.base, handshake)
	if err != nil {
		p.d.t.Fatal(err)
	}
	p.d.t.Cleanup(c.Close)
	return &device{c, p.d.t}
}

type answer struct {
	Success  bool
	Code     string
	Complete bool
	LastRev  int64
	Message  chat.Message
	Messages []chat.Message
	Users    []struct{ UserID, Status string }
	raw      string
}

func (v *device) ask(name string, payload any) answer {
	v.t.Helper()
	raw, err := v.Ask(name, payload)
	if err != nil {
		v.t.Fatalf("%s: %v", name, err)
	}
	a := answer{raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		v.t.Fatalf("%s answered %s: %v", name, raw, err)
	}
	return a
}

func (v *device) must(name string, payload any) answer {
	v.t.Helper()
	a := v.ask(name, payload)
	if !a.Success {
		v.t.Fatalf("%s was refused: %s", name, a.raw)
	}
	return a
}

// next is the next event with one of these names; others are skipped.
func (v *device) next(names ...string) socketiotest.Event {
	v.t.Helper()
	var seen []string
	for {
		e, ok := v.event()
		if !ok {
			v.t.Fatalf("no %v came; saw %v", names, seen)
		}
		if slices.Contains(names, e.Name) {
			return e
		}
		seen = append(seen, e.Name)
	}
}

// event is the next event; false when none came in time or can come.
func (v *device) event() (socketiotest.Event, bool) {
	select {
	case e := <-v.Events:
		return e, true
	case <-time.After(socketiotest.Patience):
		return socketiotest.Event{}, false
	case <-v.Closed:
	}
	// What came before the end still counts.
	select {
	case e := <-v.Events:
		return e, true
	default:
		return socketiotest.Event{}, false
	}
}

// silent fails when one of these events has come by the time something else,
// which is caused later, comes.
func (v *device) silent(until string, names ...string) {
	v.t.Helper()
	e := v.next(append(names, until)...)
	if e.Name != until {
		v.t.Fatalf("%s came: %s", e.Name, e.Data)
	}
}

func read[T any](t *testing.T, data []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("read %s: %v", data, err)
	}
	return v
}

type row struct{ Message chat.Message }

// apply puts a delta into a text as clients do.
func apply(text string, d chat.Delta) string {
	units := utf16.Encode([]rune(text))
	return string(utf16.Decode(units[:min(d.Offset, len(units))])) + d.Text
}

// meddler is a bus that lets a test hold back or drop what is published.
type meddler struct {
	bus.Bus
	mu   sync.Mutex
	rule func(e bus.Event, publish func(bus.Event)) // what happens to an event
}

func (m *meddler) Publish(ctx context.Context, e bus.Event) error {
	m.mu.Lock()
	rule := m.rule
	m.mu.Unlock()
	if rule == nil || e.Rev == 0 {
		return m.Bus.Publish(ctx, e)
	}
	rule(e, func(e bus.Event) { _ = m.Bus.Publish(ctx, e) })
	return nil
}
