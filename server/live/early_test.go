package live

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// moments is a server whose moments between two steps a test can hold on to.
type moments struct {
	*Server
	store *storage.Store
	// before runs before Connected: a recovered socket is in its rooms by then.
	before func(*socketio.Socket)
}

func (m *moments) Connected(socket *socketio.Socket) {
	if m.before != nil {
		m.before(socket)
	}
	m.Server.Connected(socket)
}

// newMoments gives a running server and the token of somebody with an account.
func newMoments(t *testing.T) (m *moments, url string, token string) {
	t.Helper()
	store, b := storagetest.NewSQLite(t), bus.NewMemory()
	accounts, err := auth.New(store, b, auth.Options{
		Secret: []byte(strings.Repeat("s", 32)), Argon: auth.Argon{MemoryKiB: 8192, Iterations: 1, Parallelism: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	m = &moments{store: store, Server: New(Options{
		Auth: accounts, Chat: chat.New(chat.Options{Store: store, Bus: b}), Bus: b, Limiter: limit.NewMemory(), Tiers: limit.NewTiers(),
		Limits: func(context.Context, auth.Actor) any { return nil }, Unlimited: true,
	})}
	m.io = socketio.New(socketio.Options{})
	m.ns = m.io.Of("/", m)
	for _, run := range []func(context.Context) error{b.Run, m.Run} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	web := httptest.NewServer(m)
	t.Cleanup(web.Close)
	g, err := accounts.Register(t.Context(), auth.NewAccount{Email: "a@example.org", Username: "ann", Password: "Correct-Horse-9"}, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return m, web.URL, g.Token
}

// enters connects who holds the token.
func enters(t *testing.T, url, token string) *socketiotest.Client {
	t.Helper()
	c, err := socketiotest.Dial(t.Context(), url, map[string]string{"token": token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// holds is who holds the token.
func (m *moments) holds(t *testing.T, token string) auth.Actor {
	t.Helper()
	actor, err := m.o.Auth.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

func (m *moments) conversation(t *testing.T, a auth.Actor) chat.Conversation {
	t.Helper()
	conversation, err := m.o.Chat.Create(t.Context(), a, chat.NewConversation{})
	if err != nil {
		t.Fatal(err)
	}
	return conversation
}

// hears reads events until one has this name; false when the connection ends first.
func hears(c *socketiotest.Client, name string) bool {
	for {
		select {
		case e := <-c.Events:
			if e.Name == name {
				return true
			}
			continue
		case <-c.Closed:
		}
		for len(c.Events) > 0 {
			if e := <-c.Events; e.Name == name {
				return true
			}
		}
		return false
	}
}

func TestASessionThatEndsBeforeConnectedEndsItsSocket(t *testing.T) {
	m, url, token := newMoments(t)
	m.before = func(socket *socketio.Socket) {
		socket.Join(chat.UserTopic(socket.Identity()))
		m.revoked(auth.Revocation{UserID: socket.Identity(), Code: fault.SessionRevoked})
	}
	c := enters(t, url, token)
	if !hears(c, "session_expired") {
		t.Fatal("the client was not told why")
	}
}

// TestASignInThatEndsWhileItIsTakenEndsItsSocket: its end was told while the
// socket had the one before.
func TestASignInThatEndsWhileItIsTakenEndsItsSocket(t *testing.T) {
	m, url, token := newMoments(t)
	c := enters(t, url, token)
	if !hears(c, "connected") {
		t.Fatal("the client was not let in")
	}
	g, err := m.o.Auth.Login(t.Context(), "ann", "Correct-Horse-9", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	fresh := m.holds(t, g.Token)
	if err := m.o.Auth.Logout(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	socket := m.ns.InRoom(chat.UserTopic(fresh.UserID))[0]
	var r request
	if err := m.renew(t.Context(), of(socket), &r, fresh, g.Token); !fault.Is(err, fault.SessionRevoked) || r.after == nil {
		t.Fatalf("it says %v", err)
	}
	r.after() // when the refusal has been said
	if !hears(c, "session_expired") {
		t.Error("the client was not told why")
	}
}

// entrance is a client whose join has come, and waits for its turn in the room
// until release.
type entrance struct {
	*moments
	client       *socketiotest.Client
	actor        auth.Actor
	conversation chat.Conversation
	room         *room
	release      func()
	answered     <-chan json.RawMessage
}

func onTheWayIn(t *testing.T) *entrance {
	t.Helper()
	m, url, token := newMoments(t)
	e := &entrance{moments: m, client: enters(t, url, token), actor: m.holds(t, token)}
	e.conversation = m.conversation(t, e.actor)
	e.room = m.rooms.room(e.conversation.ID)
	e.release = e.room.hold()
	t.Cleanup(e.release) // or a test that fails would wait for it
	var err error
	if e.answered, err = e.client.Emit("join_conversation", e.conversation.ID); err != nil {
		t.Fatal(err)
	}
	e.room.awaitWaiting(t)
	return e
}

// hold keeps the room busy until release.
func (r *room) hold() (release func()) {
	begun, end := make(chan struct{}), make(chan struct{})
	r.enqueue(func() { close(begun); <-end })
	<-begun
	return sync.OnceFunc(func() { close(end) })
}

// awaitWaiting waits until something waits for its turn in the room.
func (r *room) awaitWaiting(t *testing.T) {
	t.Helper()
	waits := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.queue) > 0
	}
	for limit := time.Now().Add(10 * time.Second); !waits(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("nobody came to the room")
		}
	}
}

func TestWhoIsExpelledOnTheWayInIsNotIn(t *testing.T) {
	e := onTheWayIn(t)
	if err := e.o.Chat.Delete(t.Context(), e.actor, e.conversation.ID); err != nil {
		t.Fatal(err)
	}
	if !hears(e.client, "conversation_deleted") {
		t.Fatal("the client was not told of the end")
	}
	e.release()
	// The next event of this client is handled after the join.
	if _, err := e.client.Ask("ping", nil); err != nil {
		t.Fatal(err)
	}
	if n := e.ns.RoomSize(e.room.name()); n != 0 {
		t.Fatal("the client is in the room of a deleted conversation")
	}
}

// TestWhoIsAnsweredIsInTheRoom: what another does once a join is answered
// reaches who joined, also what is told to those present and to nobody later.
func TestWhoIsAnsweredIsInTheRoom(t *testing.T) {
	e := onTheWayIn(t)
	select {
	case <-e.answered:
		t.Fatal("the join was answered before its turn")
	case <-time.After(100 * time.Millisecond):
	}
	e.release()
	<-e.answered
	e.publishTyping(typist{"another", e.conversation.ID}, typingStarts)
	if !hears(e.client, typingStarts) {
		t.Error("who joined does not hear that another types")
	}
}

// syncing is a client whose sync of two conversations was answered, and who
// waits at the door of the first until release.
type syncing struct {
	*moments
	client  *socketiotest.Client
	actor   auth.Actor
	rooms   [2]*room
	release func()
}

func onTheWayIntoTwo(t *testing.T) *syncing {
	t.Helper()
	m, url, token := newMoments(t)
	y := &syncing{moments: m, client: enters(t, url, token), actor: m.holds(t, token)}
	var points []syncPoint
	for i := range y.rooms {
		y.rooms[i] = m.Server.rooms.room(m.conversation(t, y.actor).ID)
		points = append(points, syncPoint{ID: y.rooms[i].id})
	}
	y.release = y.rooms[0].hold()
	t.Cleanup(y.release)
	answered, err := y.client.Emit("sync", map[string]any{"conversations": points})
	if err != nil {
		t.Fatal(err)
	}
	<-answered
	y.rooms[0].awaitWaiting(t)
	return y
}

func TestWhoIsExpelledFromOneSyncedConversationEntersTheOthers(t *testing.T) {
	y := onTheWayIntoTwo(t)
	if err := y.o.Chat.Delete(t.Context(), y.actor, y.rooms[0].id); err != nil {
		t.Fatal(err)
	}
	y.release()
	// The next event of this client is handled after the sync.
	if _, err := y.client.Ask("ping", nil); err != nil {
		t.Fatal(err)
	}
	if n := y.ns.RoomSize(y.rooms[1].name()); n != 1 {
		t.Error("the client is not in the other room")
	}
}

// TestWhoCannotEnterASyncedConversationComesAgain: the answer has promised all
// of them.
func TestWhoCannotEnterASyncedConversationComesAgain(t *testing.T) {
	y := onTheWayIntoTwo(t)
	y.rooms[1].close()
	y.release()
	select {
	case <-y.client.Closed:
	case <-time.After(socketiotest.Patience):
		t.Error("the client believes itself in a room that it is not in")
	}
}

// TestWhatADeadNodeDidNotTellIsFound: it may have died between its commit and
// its telling.
func TestWhatADeadNodeDidNotTellIsFound(t *testing.T) {
	m, url, token := newMoments(t)
	conversation := m.conversation(t, m.holds(t, token))
	c := enters(t, url, token)
	if _, err := c.Ask("join_conversation", conversation.ID); err != nil {
		t.Fatal(err)
	}
	err := m.store.Tx(t.Context(), func(tx *storage.Tx) error { return tx.DeleteConversation(t.Context(), conversation.ID, storage.Now()) })
	if err != nil {
		t.Fatal(err)
	}
	m.rooms.mend(t.Context())
	if !hears(c, "conversation_deleted") {
		t.Error("the client was not told of the end")
	}
}

// TestWhoGivesUpOnTheWayInIsNotIn: a join that was refused because it took too
// long is not done later.
func TestWhoGivesUpOnTheWayInIsNotIn(t *testing.T) {
	m, url, token := newMoments(t)
	actor := m.holds(t, token)
	conversation := m.conversation(t, actor)
	if !hears(enters(t, url, token), "connected") {
		t.Fatal("the client was not let in")
	}
	var c *client
	for _, socket := range m.ns.InRoom(chat.UserTopic(actor.UserID)) {
		c = of(socket)
	}
	if c == nil {
		t.Fatal("nobody is connected")
	}
	known, err := m.o.Chat.Enter(t.Context(), actor, conversation.ID)
	if err != nil {
		t.Fatal(err)
	}
	room := m.rooms.room(conversation.ID)
	release := room.hold()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.attach(ctx, room, c, known, func() { t.Error("it was answered") }); !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	release()
	room.hold()() // it comes after what waited
	if n := m.ns.RoomSize(room.name()); n != 0 {
		t.Error("the client is in the room")
	}
}
