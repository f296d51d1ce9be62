package engineio

import (
	"sync"
	"time"
)

// Session is one client: it outlives the requests and connections that carry
// it. Its methods may be called from any goroutine.
type Session struct {
	// Value belongs to the layer above, which sets it in [Handler.Open] and may
	// read it in every later callback. This package never touches it.
	Value any

	server    *Server
	id        string
	handshake Handshake

	mu     sync.Mutex
	closed bool
	queue  []*Frame
	bytes  int
	stats  Stats
	done   chan struct{}
}

// ID is the session's sid: unguessable, and silent about the node.
func (s *Session) ID() string { return s.id }

// Request is what opened the session. The receiver must not change its parts.
func (s *Session) Request() Handshake { return s.handshake }

// Opened is when the session was made.
func (s *Session) Opened() time.Time { return s.handshake.Time }
