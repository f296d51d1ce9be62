package engineio

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lxzan/gws"
)

// socket is one WebSocket connection: of a session, of a probe, or of nobody
// when it was refused. gws reads from it; everything it carries outwards is
// written by this package, except for the closing frame of a connection that
// breaks the rules of RFC 6455, which gws writes, and which passes Write below.
type socket struct {
	net.Conn
	server  *Server
	session *Session        // nil when refused
	early   []byte          // came in the same segment as the upgrade request, or to the lot
	shaken  bool            // the 101 has been written; set before anything is read
	said    atomic.Bool     // a closing frame leaves or has left: nothing follows it
	lost    error           // why reading ended; belongs to the read loop
	pen     sync.Mutex      // held by who writes, and by who waits until the client reads
	raw     syscall.RawConn // for what does not wait; nil: everything may
	idling
}

// newUpgrader sets gws up to read only: one message at a time, nothing
// compressed, text checked, sizes limited.
func newUpgrader(o Options) *gws.Upgrader {
	return gws.NewUpgrader(events{}, &gws.ServerOption{
		ParallelEnabled:    false, // messages in order
		ParallelGolimit:    1,
		ReadMaxPayloadSize: o.MaxPayload,
		ReadBufferSize:     o.ReadBuffer,
		CheckUtf8Enabled:   true,
		HandshakeTimeout:   o.WriteTimeout,
		Logger:             quiet{},
		// Handlers are guarded by the session, and ReadLoop by socket.read.
		Recovery: func(gws.Logger) {},
		// A map for each connection that nobody would use.
		NewSession: func() gws.SessionStorage { return nil },
	})
}

// quiet drops what gws would print: broken connections are everyday life.
type quiet struct{}

func (quiet) Error(...any) {}

// openWebSocket makes a session without polling.
func (s *Server) openWebSocket(w http.ResponseWriter, r *http.Request) {
	session := s.newSession(r) // before the 101: the deadline counts from the request
	sk, ws := s.upgrade(w, r)
	if sk == nil {
		return
	}
	session.ws, sk.session = sk, session
	session.flushing = true // nothing is written before Open has returned
	open := session.openPacket([]string{})
	session.push([]*Frame{open}, open.Len())
	if !session.open(2) {
		sk.cut()
		return
	}
	go session.flush()
	go sk.read(ws)
}

// upgrade answers 101, or refuses and returns nil.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) (*socket, *gws.Conn) {
	if because := badWebSocket(r); because != nil {
		w.Header().Set("Sec-WebSocket-Version", "13")
		s.refuse(w, because)
		return nil, nil
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.refuse(w, badRequest("this connection cannot become a WebSocket"))
		return nil, nil
	}
	if wrapped, ok := conn.(interface{ Underlying() net.Conn }); ok {
		conn = wrapped.Underlying() // its layer is for replies over HTTP
	}
	sk := &socket{Conn: conn, server: s, raw: rawOf(conn)}
	if n := rw.Reader.Buffered(); n > 0 {
		sk.early = make([]byte, n)
		_, _ = io.ReadFull(rw.Reader, sk.early) // cannot fail: it is buffered
	}
	ws, err := s.upgrader.Upgrade(hijacked{w, sk}, r)
	if err != nil { // gws has answered and closed the connection
		s.options.Logger.Debug("engineio: upgrade failed", "error", err)
		return nil, nil
	}
	sk.shaken = true
	return sk, ws
}

// badWebSocket checks the request as RFC 6455, 4.2.1 asks, while it can still
// be answered like any other.
func badWebSocket(r *http.Request) *refusal {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet:
		return badMethod()
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return badRequest("the WebSocket version must be 13")
	case !strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade"):
		return badRequest("the Connection header does not ask for an upgrade")
	case err != nil || len(key) != 16:
		return badRequest("Sec-WebSocket-Key is not 16 bytes in base64")
	}
	return nil
}

// hijacked gives gws the connection that has already been taken over.
type hijacked struct {
	http.ResponseWriter
	sk *socket
}

// read runs until the connection ends. gws panics on some frames anybody can
// send (a length of 2⁶³ and more), and only its handler is guarded by it.
//
// A connection that falls silent is parked, and read again by another call.
func (sk *socket) read(ws *gws.Conn) {
	defer func() {
		if sk.parking {
			sk.park(ws)
			return
		}
		defer sk.server.tasks.Done()
		if cause := recover(); cause != nil {
			sk.lost = fmt.Errorf("malformed frame: %v", cause)
			sk.server.options.Logger.Warn("engineio: a malformed WebSocket frame ended its connection", "panic", cause)
		}
		sk.cut()
		if sk.session != nil {
			sk.session.socketLost(sk)
		}
	}()
	ws.ReadLoop()
}

// socketLost ends the session, if it was carried by this connection.
func (s *Session) socketLost(sk *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch sk {
	case s.ws:
		s.end(ending{reason: sk.reason()})
	case s.probe:
		s.probe, s.probed = nil, false // polling goes on
	}
}

func (sk *socket) reason() string {
	closed := (*gws.CloseError)(nil)
	if errors.As(sk.lost, &closed) || errors.Is(sk.lost, io.EOF) {
		return ReasonTransportClose
	}
	return ReasonTransportError
}

// Hijack implements [http.Hijacker].
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.sk, nil, nil }

// Read gives what came with the upgrade request, or woke a parked connection,
// first. Of a silent connection it does not return.
func (sk *socket) Read(b []byte) (n int, err error) {
	switch {
	case len(sk.early) > 0:
		n = copy(b, sk.early)
		if sk.early = sk.early[n:]; len(sk.early) == 0 {
			sk.early = nil
		}
	case sk.failed != nil:
		return 0, sk.failed
	case sk.mayPark():
		sk.parking = true
		runtime.Goexit() // the library has nothing in hand between two frames
	default:
		n, err = sk.Conn.Read(b)
	}
	sk.came += n
	return n, err
}

// Write is how gws writes: the 101, and later at most one closing frame.
func (sk *socket) Write(b []byte) (int, error) {
	if !sk.shaken {
		return sk.Conn.Write(b)
	}
	if sk.said.Swap(true) {
		return len(b), nil // we have closed already; the answer to the answer is not sent
	}
	sk.pen.Lock()
	defer sk.pen.Unlock()
	if err := sk.SetWriteDeadline(time.Now().Add(sk.server.options.WriteTimeout)); err != nil {
		return 0, err
	}
	return sk.Conn.Write(b)
}

// goodbye sends the closing frame and leaves the client a moment to answer it;
// the read loop closes the connection.
func (sk *socket) goodbye(status uint16) {
	sk.server.lot.unpark(sk)
	frame := binary.BigEndian.AppendUint16([]byte{finClose, 2}, status)
	if _, err := sk.Write(frame); err != nil {
		sk.cut()
		return
	}
	if err := sk.SetReadDeadline(time.Now().Add(lingerSocket)); err != nil {
		sk.cut()
	}
}

// cut closes the connection without another word. It does not block: closing
// TLS politely would wait for a peer that does not read.
func (sk *socket) cut() {
	sk.server.lot.unpark(sk)
	conn := sk.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.Close() // already closed is as good
}

// pong answers a ping of WebSocket's own, from the read loop: a client that
// pings and does not read waits for itself.
func (sk *socket) pong(payload []byte) {
	wire, head := newWire(finPong, len(payload))
	frame := &Frame{wire: append(wire, payload...), head: head}
	sk.sendNow(frame)
}

// sendNow writes one frame past the outbox.
func (sk *socket) sendNow(f *Frame) {
	until := time.Now().Add(sk.server.options.WriteTimeout)
	if err := sk.send(until, []*Frame{f}, f.Len()); err != nil {
		sk.cut() // the read loop does the rest
	}
}

// events is what gws calls; the connection it hands over is our socket.
type events struct{}

func (events) OnOpen(*gws.Conn)                {}
func (events) OnClose(ws *gws.Conn, err error) { ws.NetConn().(*socket).lost = err }
func (events) OnPing(ws *gws.Conn, payload []byte) {
	sk := ws.NetConn().(*socket)
	sk.handled += frameSize(len(payload))
	sk.pong(payload)
}

func (events) OnPong(ws *gws.Conn, payload []byte) {
	ws.NetConn().(*socket).handled += frameSize(len(payload))
}

// OnMessage has a message handled by the crew, and waits: messages are taken in
// order.
func (events) OnMessage(ws *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	sk := ws.NetConn().(*socket)
	sk.handled += frameSize(len(m.Bytes()))
	sk.silent = isPong(m)
	switch {
	case sk.session == nil:
	case sk.silent: // shallow
		sk.session.receiveFrame(sk, m)
	default:
		sk.server.crew.handle(sk, m)
	}
}

func isPong(m *gws.Message) bool {
	b := m.Bytes()
	return m.Opcode == gws.OpcodeText && len(b) == 1 && b[0] == packetPong
}

// handle has one message received. The session guards the handler of what it
// carries; what else may panic ends one connection, not the process.
func (sk *socket) handle(m *gws.Message) {
	defer func() {
		if cause := recover(); cause != nil {
			sk.server.options.Logger.Error("engineio: reading a message panicked; its connection is closed", "panic", cause)
			sk.cut()
		}
	}()
	sk.session.receiveFrame(sk, m)
}
