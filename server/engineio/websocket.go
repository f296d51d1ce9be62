package engineio

import (
	"crypto/sha1" //nolint:gosec // see welcome
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// socket is one WebSocket connection: of a session, of a probe, or of nobody
// when it was refused.
type socket struct {
	net.Conn
	server  *Server
	session *Session    // nil when refused
	said    atomic.Bool // a closing frame leaves or has left: nothing follows it
	lost    error       // why reading ended; belongs to the read loop
	pen     sync.Mutex  // held by who writes, and by who waits until the client reads
	input
}

// openWebSocket makes a session without polling.
func (s *Server) openWebSocket(w http.ResponseWriter, r *http.Request) {
	session := s.newSession(r) // before the 101: the deadline counts from the request
	sk := s.upgrade(w, r)
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
	go sk.read()
}

// upgrade answers 101 (RFC 6455, 4.2.2), or refuses and returns nil. Nothing is
// compressed: no extension is agreed on.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) *socket {
	if because := badWebSocket(r); because != nil {
		w.Header().Set("Sec-WebSocket-Version", "13")
		s.refuse(w, because)
		return nil
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.refuse(w, badRequest("this connection cannot become a WebSocket"))
		return nil
	}
	sk := &socket{Conn: conn, server: s}
	sk.raw = rawOf(conn)
	sk.try = sk.tryRead
	if n := rw.Reader.Buffered(); n > 0 { // came in the same segment as the request
		sk.in = make([]byte, n)
		_, _ = io.ReadFull(rw.Reader, sk.in) // cannot fail: it is buffered
	}
	if err := sk.welcome(r.Header.Get("Sec-WebSocket-Key")); err != nil {
		s.options.Logger.Debug("engineio: upgrade failed", "error", err)
		sk.cut()
		return nil
	}
	return sk
}

// acceptGUID is what a server proves its understanding with (RFC 6455, 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// welcome writes the 101. The connection may have deadlines of net/http's.
func (sk *socket) welcome(key string) error {
	sum := sha1.Sum([]byte(key + acceptGUID)) //nolint:gosec // what RFC 6455 asks for; no secret hangs on it
	if err := sk.SetDeadline(time.Now().Add(sk.server.options.WriteTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(sk.Conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n"); err != nil {
		return err
	}
	return sk.SetDeadline(time.Time{})
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
	if errors.Is(sk.lost, errPeerClosed) || errors.Is(sk.lost, io.EOF) {
		return ReasonTransportClose
	}
	return ReasonTransportError
}

// Write writes a closing frame, once: whatever else leaves goes by send.
func (sk *socket) Write(b []byte) (int, error) {
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

// sayClose sends the closing frame of a connection that ends now.
func (sk *socket) sayClose(status uint16) {
	_, _ = sk.Write(closeFrame(status)) // it ends either way
}

func closeFrame(status uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{finClose, 2}, status)
}

// goodbye sends the closing frame and leaves the client a moment to answer it;
// the read loop closes the connection.
func (sk *socket) goodbye(status uint16) {
	if _, err := sk.Write(closeFrame(status)); err != nil {
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
