package socketio

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// Socket is one client in one namespace. Its methods may be called from any goroutine.
type Socket struct {
	// Data belongs to the application: it is what Handler.Connect gave. Guard it if it changes.
	Data any

	id, pid     string // pid is empty where recovery is off
	namespace   *Namespace
	conn        *conn
	transport   string // as its handshake had it
	identity    string
	recovered   bool
	connectedAt time.Time

	closed atomic.Bool // set under mu, so that no room is joined after it

	mu      sync.Mutex
	auth    json.RawMessage // as its handshake had it, until Connected has returned
	told    bool            // Disconnected has returned
	gone    chan struct{}   // made by who waits for that
	rooms   memberships     // kept after the end, for Rooms
	acks    map[int64]*pendingAck
	lastAck int64

	// Guarded by the recovery's lock: its position when the socket was opened, and that of the last event tried on it.
	baseline, lastSeq uint64
}

// newID returns 20 unguessable characters that are safe in JSON and URLs.
func newID() string {
	var raw [15]byte
	_, _ = rand.Read(raw[:]) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// ID is the socket's public id; a recovered socket has the one it had before.
func (s *Socket) ID() string { return s.id }

// PID is the private id that a client shows to get what it missed; empty where recovery is off.
func (s *Socket) PID() string { return s.pid }

// Identity is who this is, as Handler.Connect said.
func (s *Socket) Identity() string { return s.identity }

// Namespace is where the socket is.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Handshake is what the client said when it entered, put together anew for each call. Auth is nil once
// Handler.Connected has returned: it is mostly a secret, and nobody keeps that for the life of a connection.
func (s *Socket) Handshake() Handshake {
	s.mu.Lock()
	auth := s.auth
	s.mu.Unlock()
	return *s.conn.handshakeOf(auth, s.transport)
}

// settled is after Connected.
func (s *Socket) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auth = nil
}

// keeps is how many bytes of what the client said are kept with it.
func (s *Socket) keeps() int { return s.conn.session.Keeps() }

// Recovered reports whether the client came back with its rooms and got what it had missed.
func (s *Socket) Recovered() bool { return s.recovered }

// ConnectedAt is when this socket entered the namespace.
func (s *Socket) ConnectedAt() time.Time { return s.connectedAt }

// Transport is "polling" or "websocket", whichever carries the socket now.
func (s *Socket) Transport() string { return s.conn.session.Transport() }

// Queued is the number of bytes that wait in the client's outbox.
func (s *Socket) Queued() int { return s.conn.session.Queued() }

// Session is the engine session that carries the socket, for its counters.
func (s *Socket) Session() *engineio.Session { return s.conn.session }

// Send queues an event for this client. It never blocks; its error is ErrClosed or ErrSlowReader.
func (s *Socket) Send(p *Packet) error {
	if r := s.conn.server.recovery; r != nil && !p.transient {
		return r.send(s, p)
	}
	return s.send(p.run(s.namespace.name))
}

// SendVolatile queues an event unless the client's outbox is over its soft limit. On false it was dropped, and
// Handler.Drained tells when there is room again. It is never kept for recovery.
func (s *Socket) SendVolatile(p *Packet) bool {
	if s.closed.Load() {
		return false
	}
	return s.conn.session.SendVolatile(p.run(s.namespace.name)...)
}

// Together has what this client is sent while fn runs leave in one write where it can; see [engineio.Session.Together].
func (s *Socket) Together(fn func()) { s.conn.session.Together(fn) }

// Emit encodes an event as NewPacket does and sends it.
func (s *Socket) Emit(name string, args ...any) error {
	p, err := NewPacket(name, args...)
	if err != nil {
		return err
	}
	return s.Send(p)
}

// Greet is Emit for what a client is told anew each time it connects: recovery does not keep it, which is a kilobyte or
// so for each idle socket, but it carries an offset like any other event.
func (s *Socket) Greet(name string, args ...any) error {
	p, err := NewPacket(name, args...)
	if err != nil {
		return err
	}
	if r := s.conn.server.recovery; r != nil {
		return r.greet(s, p)
	}
	return s.Send(p)
}

// Reply is what a client acknowledged with; Args may hold placeholders for the attachments, as an Event's do.
type Reply struct {
	Args        []json.RawMessage
	Attachments [][]byte
}

// EmitWithAck emits an event that asks for an acknowledgement. fn is called exactly once unless EmitWithAck fails: with
// the answer in the client's turn, with ErrAckTimeout, or with ErrClosed when the socket goes. Such an event is not
// kept for recovery.
func (s *Socket) EmitWithAck(name string, args []any, timeout time.Duration, fn func(args []json.RawMessage, err error)) error {
	return s.Ask(name, args, timeout, func(r Reply, err error) { fn(r.Args, err) })
}

// Ask is EmitWithAck for answers that may be binary.
func (s *Socket) Ask(name string, args []any, timeout time.Duration, fn func(Reply, error)) error {
	if isReserved(name) {
		return fmt.Errorf("socketio: event name %q is reserved, choose another", name)
	}
	body, blobs, err := encodeArgs(append([]any{name}, args...)...)
	if err != nil {
		return fmt.Errorf("socketio: encode event %q: %w", name, err)
	}
	id, err := s.expect(timeout, fn)
	if err != nil {
		return err
	}
	if err := s.send(encodeRun(typeEvent, s.namespace.name, id, body, blobs)); err != nil && s.takeAck(id) != nil {
		return err
	}
	return nil
}

// Disconnect takes the client out of the namespace; it does not come back by itself. The transport stays open for
// other namespaces.
func (s *Socket) Disconnect() {
	if !s.closed.Load() {
		s.conn.sendPayload(typeDisconnect, s.namespace.name, nil)
	}
	s.end(ReasonServerDisconnect, endForGood)
}

// CloseTransport closes the client's connection, for all its namespaces, after what is queued; the client reconnects
// by itself.
func (s *Socket) CloseTransport(reason string) { s.conn.session.Close(reason) }

func (s *Socket) send(run []*engineio.Frame) error {
	if s.closed.Load() {
		return ErrClosed
	}
	return fromEngine(s.conn.session.Send(run...))
}

// ending says whether the client may be expected back.
type ending int

const (
	endForNow  ending = iota // the transport was lost
	endForGood               // one of the two sides left the namespace
)

// whenGone is closed after Disconnected.
func (s *Socket) whenGone() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.gone = make(chan struct{})
		if s.told {
			close(s.gone)
		}
	}
	return s.gone
}

func (s *Socket) wasTold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told = true; s.gone != nil {
		close(s.gone)
	}
}

// end takes the socket out of its rooms at once and tells the Handler when it is its turn. Only the first call counts.
func (s *Socket) end(reason string, how ending) {
	r := s.conn.server.recovery
	// Taken before the rooms are left: whatever is broadcast from here on counts as missed.
	position := r.position()
	acks, first := s.leaveAll()
	if !first {
		return
	}
	s.namespace.remove(s)
	s.conn.left()
	if r != nil && how == endForGood {
		r.forget(s)
	}
	s.conn.later(func() {
		for _, ack := range acks {
			s.guard("ack", func(Handler) { ack.fn(Reply{}, ErrClosed) })
		}
		s.guard("disconnected", func(h Handler) { h.Disconnected(s, reason) })
		if r != nil && how == endForNow {
			r.park(s, position)
		}
		s.wasTold()
	})
}
