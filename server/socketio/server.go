package socketio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// Options are the numbers a server runs by. A zero field takes its default.
type Options struct {
	Engine engineio.Options

	ConnectTimeout time.Duration // for a session that is in no namespace to enter one; 45 s. Also bounds one Handler.Connect.
	MaxAttachments int           // binary attachments of one packet; 10
	MaxEventBytes  int           // bytes of one binary packet, attachments included; four times Engine.MaxPayload
	Recovery       RecoveryOptions
	Logger         *slog.Logger // discards unless given

	// MaxEntering and MaxEnteringEach bound the sessions that are in no namespace, of whom nobody knows who they are:
	// in all (10 000) and of one address (250). One more is refused with 503, which clients try again after.
	MaxEntering, MaxEnteringEach int
	// Address tells whom a session counts for, from its net connection's host:port and its request's header. nil: the
	// host of the connection.
	Address func(remoteAddr string, header http.Header) string
}

// RecoveryOptions bound connection state recovery, which is kept in this process's memory. It is off unless both
// fields are set. Where it is on, every event without an ack ends with one more argument, a string; clients before
// 4.6 pass it on to their listeners.
type RecoveryOptions struct {
	Window   time.Duration // how long after the loss of its transport a client may return
	MaxBytes int           // of events and parked sockets kept, for all namespaces together
}

func (o Options) withDefaults() Options {
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 45 * time.Second
	}
	if o.MaxAttachments <= 0 {
		o.MaxAttachments = 10
	}
	if o.Engine.MaxPayload <= 0 {
		o.Engine.MaxPayload = 1_000_000
	}
	if o.Engine.HardLimit <= 0 {
		o.Engine.HardLimit = 4 << 20
	}
	if o.MaxEventBytes <= 0 {
		o.MaxEventBytes = 4 * o.Engine.MaxPayload
	}
	if o.MaxEntering <= 0 {
		o.MaxEntering = 10_000
	}
	if o.MaxEnteringEach <= 0 {
		o.MaxEnteringEach = 250
	}
	if o.Address == nil {
		o.Address = hostOf
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Engine.Logger == nil {
		o.Engine.Logger = o.Logger
	}
	return o
}

// Server serves the namespaces of one path. Make it with New, name its namespaces with Of, then Run it.
type Server struct {
	options    Options
	engine     *engineio.Server
	namespaces map[string]*Namespace // complete before Run
	entering   entering
	recovery   *recovery // nil when off
	logger     *slog.Logger
}

// New makes a server without namespaces.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{options: o, namespaces: map[string]*Namespace{}, logger: o.Logger}
	s.entering = newEntering(o)
	if o.Recovery.Window > 0 && o.Recovery.MaxBytes > 0 {
		s.recovery = newRecovery(o)
	}
	engine := o.Engine
	engine.Admit = s.admit
	s.engine = engineio.NewServer(engine, sessions{server: s})
	return s
}

var errCrowded = errors.New("too many connections that have not signed in; connect again in a moment")

// admit refuses a session that would be one too many, before anything is made of it.
func (s *Server) admit(r *http.Request) error {
	if s.entering.full(s.options.Address(r.RemoteAddr, r.Header)) {
		return errCrowded
	}
	if s.options.Engine.Admit == nil {
		return nil
	}
	return s.options.Engine.Admit(r)
}

func hostOf(remoteAddr string, _ http.Header) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return remoteAddr
	}
	return host
}

// Of adds a namespace; "/" is the main one. It must be called before Run and before the first request, once for each
// name, which begins with a slash and holds no comma.
func (s *Server) Of(name string, h Handler) *Namespace {
	if _, taken := s.namespaces[name]; taken || name == "" || name[0] != '/' {
		panic(fmt.Sprintf("socketio: namespace %q: taken, or not beginning with a slash", name))
	}
	n := newNamespace(s, name, h)
	s.namespaces[name] = n
	return n
}

// ServeHTTP answers one request of the path, whatever its method.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Run keeps heartbeats, connect timeouts and the recovery window until ctx ends. It returns when every session has
// been closed and the last Disconnected has returned.
func (s *Server) Run(ctx context.Context) error {
	var aides sync.WaitGroup
	aides.Go(func() { s.entering.run(ctx) })
	if s.recovery != nil {
		aides.Go(func() { s.recovery.run(ctx) })
	}
	err := s.engine.Run(ctx)
	aides.Wait()
	return err
}

// Engine gives the sessions below, for counting and for closing them all.
func (s *Server) Engine() *engineio.Server { return s.engine }

// sessions receives what the engine reports and finds the conn it belongs to.
type sessions struct{ server *Server }

func (h sessions) Open(session *engineio.Session) {
	c := newConn(h.server, session)
	session.Value = c
	r := session.Request()
	c.address = h.server.options.Address(r.RemoteAddr, r.Header)
	if !h.server.entering.add(c) { // many asked at the same moment
		session.Close(reasonCrowded)
	}
}

func (h sessions) Message(session *engineio.Session, m engineio.Message) {
	session.Value.(*conn).message(m)
}

func (h sessions) Drained(session *engineio.Session) { session.Value.(*conn).drained() }

func (h sessions) Closed(session *engineio.Session, reason string) {
	session.Value.(*conn).closed(reason)
}
