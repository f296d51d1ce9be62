package socketio

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Handler is what the application does in one namespace. For one client Connect, Connected, Event and Disconnected are
// called one at a time, in that order; different clients call at the same time. A panic in any of them is logged and
// closes that client's transport, no other.
type Handler interface {
	// Connect says who may enter. Its error refuses the client: a *ConnectError by a CONNECT_ERROR packet with its
	// words, ErrTryLater (also wrapped) and the end of ctx by closing the transport, anything else by a CONNECT_ERROR
	// that tells nothing. ctx ends with the connect timeout or the session. It is called for a client that asks for
	// recovery too, so whoever was shut out meanwhile stays out.
	Connect(ctx context.Context, h Handshake) (Admission, error)
	// Connected is called after the CONNECT answer was queued; on a recovered socket that was after what it missed, and
	// its rooms are back. Where recovery is on, greet the client here (Socket.Greet), so that it has an offset from the start.
	Connected(s *Socket)
	// Event is called for each event in the order sent. It may block, then only this client waits; past the heartbeat's
	// deadline it costs the client its session, because its pongs wait, too.
	Event(s *Socket, e *Event)
	// Drained is called when a volatile packet was dropped for this client and its outbox is empty now. It may run at
	// the same time as the others and must not block. With several namespaces on one transport each is told.
	Drained(s *Socket)
	// Disconnected is called exactly once for every socket that was given to Connected. The socket is in no room any
	// more, but Rooms still tells where it was. reason is one of the Reason constants of this package or of engineio,
	// or what CloseTransport was given.
	Disconnected(s *Socket, reason string)
}

// Handshake is what a client said when it entered a namespace, and the request that opened its session. Auth is
// shared: do not change it.
type Handshake struct {
	Auth       json.RawMessage // the object the client sent along; {} when absent
	Header     http.Header
	URL        *url.URL
	RemoteAddr string // host:port of the net connection
	Host       string // that the client asked for
	Transport  string // "polling" or "websocket", when it entered
	TLS        bool   // the connection itself was encrypted
	Time       time.Time
}

// Query is that of the URL.
func (h *Handshake) Query() url.Values { return h.URL.Query() }

// Admission is Handler.Connect's answer to a client that may enter.
type Admission struct {
	// Identity says who this is, for instance a user's id: what a socket missed is only given to the same identity.
	Identity string
	// Data becomes Socket.Data.
	Data any
}
