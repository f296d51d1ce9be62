// Package engineio speaks Engine.IO protocol 4: it turns HTTP long-polling and
// WebSocket connections into sessions that exchange messages, and knows nothing
// of what the messages mean.
//
// A client shakes hands over one of the two transports and gets a session. It
// may start with polling and probe a WebSocket beside it; once the probe holds,
// the session moves over without losing, doubling or reordering a message. The
// server pings, the client answers, and a session whose answer does not come
// within an absolute deadline is closed.
//
// Every session has one mutex and one state machine, because two requests of
// one client travel on two connections and arrive in either order. What leaves
// is queued in a bounded outbox and written by a goroutine that lives only as
// long as there is something to write: an idle session costs one goroutine, the
// one that gws reads with. What arrives is handed to the [Handler] one message
// at a time.
//
// Protocol: https://github.com/socketio/socket.io/blob/main/docs/engine.io-protocol/v4-current.md
package engineio

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// ErrClosed is returned by Send when the session has ended.
var ErrClosed = errors.New("engineio: the session is closed; wait for the client to open another")

// ErrSlowReader is returned by Send when the outbox went over its hard limit;
// the session is closed.
var ErrSlowReader = errors.New("engineio: the client reads too slowly; the session was closed")

// Handler receives what happens to sessions. For one session Open, Message and
// Closed are never called two at once, and in that order; different sessions
// call concurrently. A panic in a handler closes that one session.
type Handler interface {
	// Open is called before any Message, and before the client has its answer
	// to the handshake. Frames sent in it follow the handshake.
	Open(s *Session)
	// Message is called once for each message, in the order the client sent
	// them, whichever transport they came by. It may block: then only this
	// client waits. One that may block for long should watch [Session.Done].
	Message(s *Session, m Message)
	// Drained tells that the outbox has refused a volatile frame since the last
	// Drained and is empty now. It is called from the writing side: it may run
	// at the same time as Message or Closed, and should not block.
	Drained(s *Session)
	// Closed is called exactly once, after the last Message has returned, from
	// a goroutine of its own.
	Closed(s *Session, reason string)
}

// Reasons that this package gives to [Handler.Closed]. Whoever calls
// [Session.Close] gives one of their own.
const (
	ReasonPingTimeout    = "ping timeout"         // no answer to a ping by the deadline
	ReasonTransportClose = "transport close"      // the client closed, or its connection ended
	ReasonTransportError = "transport error"      // the connection broke, or its rules were broken
	ReasonParseError     = "parse error"          // the client sent what is not a packet
	ReasonSlowReader     = "slow reader"          // the outbox went over its hard limit
	ReasonHandlerPanic   = "internal error"       // the handler panicked
	ReasonShutdown       = "server shutting down" // Run's context ended
)

// Message is one message from a client. Data is valid only until
// [Handler.Message] returns.
type Message struct {
	Binary bool
	Data   []byte
}

// Handshake is the request that opened a session.
type Handshake struct {
	RemoteAddr string // host:port of the net connection, as net/http gives it
	Host       string // that the client asked for, as net/http gives it
	Header     http.Header
	URL        *url.URL
	EIO        int  // protocol revision, always 4
	TLS        bool // the connection itself was encrypted; says nothing of a proxy's
	Time       time.Time
}

// Stats counts what a session has carried.
type Stats struct {
	PacketsIn, PacketsOut uint64        // Engine.IO packets, heartbeats included
	BytesIn, BytesOut     uint64        // their bytes, without WebSocket or HTTP framing
	RTT                   time.Duration // of the last ping; 0 before the first answer
}
