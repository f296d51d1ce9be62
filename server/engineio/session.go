package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"sync"
)

// Session is one client: it outlives the requests and connections that carry
// it. Its methods may be called from any goroutine.
type Session struct {
	// Value belongs to the layer above, which sets it in [Handler.Open] and may
	// read it in every later callback. This package never touches it.
	Value any

	server *Server
	id     string
	opened kept

	turn sync.Mutex // held while the handler has this session; never taken under mu

	mu      sync.Mutex // guards everything below
	closed  bool
	atEnd   func()  // see AtEnd
	ws      *socket // carries the session; nil while polling does
	probe   *socket // a WebSocket that wants to take over
	probed  bool    // the probe has been answered: "5" may come
	poll    *poll   // the GET that waits
	posting bool    // a POST is under way

	outbox
	last     farewell
	beat     heartbeat
	schedule entry // guarded by the wheel
	stats    Stats
}

// newSession makes a session that nobody can find yet.
func (s *Server) newSession(r *http.Request) *Session {
	session := &Session{server: s, id: newID(), opened: keep(r)}
	session.beat = s.firstBeat()
	return session
}

// newID is 120 random bits: sids are bearer secrets of their sessions.
func newID() string {
	var b [15]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// openPacket is the answer to the handshake (protocol, "Handshake").
func (s *Session) openPacket(upgrades []string) *Frame {
	o := s.server.options
	data, err := json.Marshal(struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{s.id, upgrades, o.PingInterval.Milliseconds(), o.PingTimeout.Milliseconds(), o.MaxPayload})
	if err != nil {
		panic("engineio: strings and numbers always encode: " + err.Error())
	}
	return newPacket(packetOpen, data)
}

// ID is the session's sid: unguessable, and silent about the node.
func (s *Session) ID() string { return s.id }

// Request is what opened the session, put together anew for each call.
func (s *Session) Request() Handshake { return s.opened.handshake() }

// Keeps is how many bytes of that request stay in memory.
func (s *Session) Keeps() int {
	return len(s.opened.remoteAddr) + len(s.opened.host) + len(s.opened.url) + len(s.opened.header)
}

// Transport is "polling" or "websocket", whichever carries the session now.
func (s *Session) Transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ws != nil {
		return WebSocket
	}
	return Polling
}

// AtEnd has fn called once, in a goroutine of its own, when the session has
// ended or had already; nil takes back what was said before. There is one at a
// time: it is for whoever works for this session at the moment.
func (s *Session) AtEnd(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && fn != nil {
		go fn()
		return
	}
	s.atEnd = fn
}

// Stats is a copy of the session's counters.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// open makes the session findable and tells the handler, which may already
// send or close. It is false when the server has stopped. The turn is taken
// first: a server that stops in between calls Closed after Open. tasks is the
// number of goroutines that the caller will start.
func (s *Session) open(tasks int) bool {
	s.turn.Lock()
	defer s.turn.Unlock()
	if !s.server.add(s, tasks) {
		s.discard()
		return false
	}
	s.guard(func() { s.server.handler.Open(s) })
	return true
}

// discard forgets what waits for a session that nobody was told of.
func (s *Session) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

// deliver hands one message to the handler, unless the session has ended.
func (s *Session) deliver(m Message) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return
	}
	s.guard(func() { s.server.handler.Message(s, m) })
}

// guard keeps a panic of the handler inside the session it belongs to.
func (s *Session) guard(call func()) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		s.server.options.Logger.Error("engineio: a handler panicked; its session is closed",
			"sid", s.id, "panic", cause, "stack", string(debug.Stack()))
		s.finish(ending{reason: ReasonHandlerPanic, status: statusInternal})
	}()
	call()
}
