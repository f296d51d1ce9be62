package live

import (
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// What operators see of the sockets. Looking takes each socket's own locks for
// a moment and none that all share, and a look at all of them lets others go
// first again and again, so ten thousand sockets may be looked at while they
// talk.

// stride is how many sockets are looked at before others may go first.
const stride = 32

// everySocket walks the sockets that are connected when the walk begins.
func (s *Server) everySocket() iter.Seq[*socketio.Socket] {
	return func(yield func(*socketio.Socket) bool) {
		n := 0
		for socket := range s.ns.Sockets() {
			if n++; n%stride == 0 {
				runtime.Gosched()
			}
			if !yield(socket) {
				return
			}
		}
	}
}

// Seat is one socket as it stands.
type Seat struct {
	ID                    string
	Actor                 auth.Actor
	Address, UserAgent    string
	Transport             string // polling, websocket
	Recovered             bool
	Rooms                 int // conversations
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64
	Queued                int // bytes
	Lagging               int // answers
	RoundTrip             time.Duration
	ConnectedAt           time.Time
	LastEvent             time.Time // ConnectedAt before the first
}

// Refusal is one "no" of a limit.
type Refusal struct {
	Actor   auth.Actor
	Address string
	Rule    string
	Limit   int
}

// Seats walks the sockets that are connected when the walk begins.
func (s *Server) Seats() iter.Seq[Seat] {
	return func(yield func(Seat) bool) {
		for socket := range s.everySocket() {
			if !yield(s.seat(socket)) {
				return
			}
		}
	}
}

// Actors walks those behind the sockets that are connected when the walk
// begins; who has several comes as often.
func (s *Server) Actors() iter.Seq[auth.Actor] {
	return func(yield func(auth.Actor) bool) {
		for socket := range s.everySocket() {
			if !yield(of(socket).who()) {
				return
			}
		}
	}
}

// SeatsOf lists a user's sockets.
func (s *Server) SeatsOf(userID string) []Seat { return s.seatsIn(chat.UserTopic(userID)) }

// SeatsIn lists the sockets that are in a conversation.
func (s *Server) SeatsIn(conversation string) []Seat {
	return s.seatsIn(chat.ConversationTopic(conversation))
}

func (s *Server) seatsIn(room string) []Seat {
	var all []Seat
	for _, socket := range s.ns.InRoom(room) {
		all = append(all, s.seat(socket))
	}
	return all
}

func (s *Server) seat(socket *socketio.Socket) Seat {
	c, h, stats := of(socket), socket.Handshake(), socket.Session().Stats()
	seat := Seat{
		ID: socket.ID(), Actor: c.who(), Address: s.addressOf(socket), UserAgent: fault.Clip(h.Header.Get("User-Agent")), Transport: socket.Transport(),
		Recovered: socket.Recovered(), Rooms: max(0, socket.CountRooms()-1), // one is the user's own
		PacketsIn: stats.PacketsIn, PacketsOut: stats.PacketsOut, BytesIn: stats.BytesIn, BytesOut: stats.BytesOut,
		Queued: socket.Queued(), Lagging: int(c.lags.Load()), RoundTrip: stats.RTT, ConnectedAt: socket.ConnectedAt(),
	}
	seat.LastEvent = seat.ConnectedAt
	if at := c.lastEvent.Load(); at > 0 {
		seat.LastEvent = time.UnixMicro(at)
	}
	return seat
}

// addressOf is the other end of a socket. It never changes, so the headers of a
// proxy are read for it once.
func (s *Server) addressOf(socket *socketio.Socket) string {
	c := of(socket)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.address == "" {
		c.address = s.o.Address(socket.Handshake())
	}
	return c.address
}

// Closely is one socket, the conversations it has open, and what it sent last,
// newest first.
func (s *Server) Closely(id string) (seat Seat, conversations []string, recent []Deed, found bool) {
	socket := s.ns.Socket(id)
	if socket == nil {
		return Seat{}, nil, nil, false
	}
	for _, name := range socket.Rooms() {
		if conversation, ok := strings.CutPrefix(name, chat.ConversationTopic("")); ok {
			conversations = append(conversations, conversation)
		}
	}
	return s.seat(socket), conversations, of(socket).recent(), true
}

// Table is one open conversation as it stands.
type Table struct {
	ID             string
	Sockets, Users int
	Rev            int64     // delivered up to here
	Queue          int       // events that wait
	Idle           time.Time // since when nobody is in it; zero: somebody is
}

// Tables walks the conversations that are open when the walk begins.
func (s *Server) Tables() iter.Seq[Table] {
	return func(yield func(Table) bool) {
		for _, r := range s.rooms.all() {
			if !yield(s.table(r)) {
				return
			}
		}
	}
}

// TableOf is one of them.
func (s *Server) TableOf(conversation string) (Table, bool) {
	s.rooms.mu.Lock()
	r := s.rooms.open[conversation]
	s.rooms.mu.Unlock()
	if r == nil {
		return Table{}, false
	}
	return s.table(r), true
}

func (l *rooms) all() []*room {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.open))
}

func (s *Server) table(r *room) Table {
	members := s.ns.InRoom(r.name())
	users := map[string]bool{}
	for _, socket := range members {
		users[socket.Identity()] = true
	}
	s.rooms.mu.Lock()
	idle := r.idle
	s.rooms.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	return Table{ID: r.id, Sockets: len(members), Users: len(users), Rev: r.shown.Load(), Queue: len(r.queue), Idle: idle}
}

// Crowd is how many there are: users on this node, open conversations, and the
// bytes that wait for all sockets together.
func (s *Server) Crowd() (users, rooms int, queued int64) {
	s.presence.mu.Lock()
	users = s.presence.present
	s.presence.mu.Unlock()
	s.rooms.mu.Lock()
	rooms = len(s.rooms.open)
	s.rooms.mu.Unlock()
	return users, rooms, s.io.Engine().Queued()
}

// deedsKept is how many events of a socket are remembered.
const deedsKept = 16

// Deed is an event that a client sent, without what was in it.
type Deed struct {
	At   time.Time
	Name string
	Code fault.Code // of the refusal, "" = done
	Took time.Duration
}

// deeds is the last events of one socket, made when the first one comes: an
// idle socket has none.
type deeds struct {
	mu   sync.Mutex
	ring [deedsKept]Deed
	n    int // of events there ever were
}

// handled notes one event when all is said about it. The name of one that is
// none is the client's own choice, and so is not kept.
func (s *Server) handled(c *client, r *request) {
	name := r.event.Name
	if s.handler[name] == nil && name != "ping" {
		name = "other"
	}
	if r.took == 0 {
		r.took = time.Since(r.began)
	}
	s.o.Metrics.Event(name, string(r.code), r.took)
	c.lastEvent.Store(r.began.UnixMicro())
	c.did(Deed{At: r.began, Name: name, Code: r.code, Took: r.took})
}

// did is called by the socket's own turn only.
func (c *client) did(d Deed) {
	c.mu.Lock()
	if c.deeds == nil {
		c.deeds = &deeds{}
	}
	all := c.deeds
	c.mu.Unlock()
	all.mu.Lock()
	defer all.mu.Unlock()
	all.ring[all.n%deedsKept] = d
	all.n++
}

func (c *client) recent() []Deed {
	c.mu.Lock()
	all := c.deeds
	c.mu.Unlock()
	if all == nil {
		return nil
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	var out []Deed
	for i := all.n - 1; i >= 0 && i >= all.n-deedsKept; i-- {
		out = append(out, all.ring[i%deedsKept])
	}
	return out
}

// limited tells of a refusal.
func (s *Server) limited(socket *socketio.Socket, a auth.Actor, f *fault.Error) {
	s.o.Refused(Refusal{Actor: a, Address: s.addressOf(socket), Rule: f.Rule, Limit: f.Limit})
}
