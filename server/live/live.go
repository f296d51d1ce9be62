// Package live is what coach says over Socket.IO: the names and payloads of
// events, who joins which room, and in what order a room hears of changes.
//
// A socket belongs to a [client], which knows the actor behind it. What a
// client asks is in events.go, one handler per event; every event is
// acknowledged. What it is told comes over the bus, on one path even on a
// single node: a [room] per open conversation takes its topic's events in a
// queue of its own, puts durable ones in order of their revision (a missing
// one is read from the store first), encodes each once and gives it to all
// sockets of the room. Pieces of answers may be dropped for a slow reader,
// who is then given the whole text once it reads again.
package live

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/server/socketio"
)

const (
	// tick is the grain of everything here that happens by time.
	tick = 250 * time.Millisecond
	// eventLimit bounds the handling of one event.
	eventLimit = 15 * time.Second
)

// Options is what the live side needs.
type Options struct {
	// Node is this process's name among the nodes of the site, different from
	// each other's; "": there are no others.
	Node    string
	Auth    *auth.Service
	Chat    *chat.Service
	Bus     bus.Bus
	Limiter limit.Limiter
	Tiers   *limit.Tiers
	// Limits shows an actor's limits for the connected event, as /api/limits does.
	Limits func(ctx context.Context, a auth.Actor) any
	Socket socketio.Options
	// Link gives an image its addresses for a client that reaches this server
	// under a base, which Base tells from its handshake. nil: no images.
	Link func(base string, u *chat.Upload)
	Base func(h socketio.Handshake) string
	// Address tells a client's address from its request, proxies considered.
	Address func(h socketio.Handshake) string
	// Refused hears of refusals by a limit; nil: nobody does.
	Refused func(r Refusal)
	// Metrics counts; nil: nobody does.
	Metrics *metrics.Metrics
	// Unlimited: rate limits are off.
	Unlimited bool
	Logger    *slog.Logger
}

// Server serves the sockets of one node.
type Server struct {
	o       Options
	io      *socketio.Server
	ns      *socketio.Namespace
	handler map[string]handler
	log     *slog.Logger

	rooms    *rooms
	typing   *typing
	presence *presence
	sockets  *sockets
	draining atomic.Bool
	// transient events wait here for the bus, at most this many.
	transient chan bus.Event

	// ctx is the server's life, for what outlives one event.
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// New makes the server; Run starts it.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Refused == nil {
		o.Refused = func(Refusal) {}
	}
	if o.Address == nil {
		o.Address = func(h socketio.Handshake) string { return h.RemoteAddr }
	}
	s := &Server{o: o, log: o.Logger, handler: handlers(), transient: make(chan bus.Event, 1024)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.rooms, s.typing, s.presence, s.sockets = newRooms(s), newTyping(), newPresence(s), newSockets()
	admit := o.Socket.Engine.Admit
	o.Socket.Engine.Admit = func(r *http.Request) error {
		if s.draining.Load() {
			return fault.New(fault.Draining, "The server is restarting; connect again.")
		}
		if admit != nil {
			return admit(r)
		}
		return nil
	}
	s.io = socketio.New(o.Socket)
	s.ns = s.io.Of("/", s)
	o.Auth.OnRevoked(s.revoked)
	o.Auth.OnChanged(s.changed)
	o.Tiers.OnChanged(func(name string, _ limit.Tier) { s.background(func(ctx context.Context) { s.tierChanged(ctx, name) }) })
	return s
}

// ServeHTTP serves every request below /socket.io/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.io.ServeHTTP(w, r) }

// Len is the number of sockets connected now.
func (s *Server) Len() int { return s.ns.Len() }

// SocketsOf is the number of sockets a user has open on this node.
func (s *Server) SocketsOf(userID string) int { return s.ns.RoomSize(chat.UserTopic(userID)) }

// Run serves until ctx ends and every socket is closed.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	s.wg.Go(s.publishPassing)
	if s.o.Node != "" {
		defer s.o.Bus.Subscribe(presenceTopic, s.presence.receive)()
		s.presence.greet()
		s.wg.Go(func() { s.presence.run(s.ctx) })
	}
	done := make(chan error, 1)
	go func() { done <- s.io.Run(ctx) }()
	for {
		select {
		case err := <-done:
			s.stop()
			s.rooms.closeAll()
			s.wg.Wait()
			return err
		case now := <-ticker.C:
			s.sweep(now)
		}
	}
}

// sweep does what time asks for.
func (s *Server) sweep(now time.Time) {
	for _, t := range s.typing.expired(now) {
		s.publishTyping(t, typingStops)
	}
	if s.presence.settle(now) {
		s.wg.Go(func() { s.rooms.mend(s.ctx) })
	}
	s.rooms.closeIdle(now)
	s.sockets.endExpired(now)
	s.helpLagging(now)
}

// Drain takes no new sockets and closes those there are, spread evenly over a
// time, because their clients come back at once: whoever receives them must
// not receive them all together. It returns when they are closed or ctx ends.
func (s *Server) Drain(ctx context.Context, over time.Duration) {
	s.draining.Store(true)
	var list []*socketio.Socket
	for socket := range s.ns.Sockets() {
		list = append(list, socket)
	}
	if len(list) == 0 {
		return
	}
	step := over / time.Duration(len(list))
	for i, socket := range list {
		_ = socket.Emit("server_draining", map[string]int64{"reconnectAfterMs": (step * time.Duration(i+1)).Milliseconds()})
	}
	ticker := time.NewTicker(max(step, time.Millisecond))
	defer ticker.Stop()
	for _, socket := range list {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			socket.CloseTransport("draining")
		}
	}
	s.awaitFarewells(ctx)
}

// farewell is how long a polling client may take to fetch its last words.
const farewell = 2 * time.Second

// awaitFarewells waits until the closed sockets have gone: a polling client
// fetches what it was told with one more request, which the port must still
// take.
func (s *Server) awaitFarewells(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for s.io.Engine().Len() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}
