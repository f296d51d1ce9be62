package engineio

import (
	"context"
	"iter"
	"net/http"
)

// Server holds the sessions of one path. It is an [http.Handler] for every
// method; mount it with and without a trailing slash.
type Server struct {
	options Options
	handler Handler
}

// NewServer makes a server. Heartbeats start with [Server.Run].
func NewServer(o Options, h Handler) *Server {
	return &Server{options: o.withDefaults(), handler: h}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Run keeps the heartbeats until ctx ends. Then it refuses new sessions, closes
// all others with [ReasonShutdown], and returns nil when the last Closed has
// returned.
func (s *Server) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Len is the number of open sessions.
func (s *Server) Len() int { return 0 }

// Sessions walks the sessions that were open when the walk began.
func (s *Server) Sessions() iter.Seq[*Session] { return func(func(*Session) bool) {} }

// CloseAll closes every open session with one reason, as [Session.Close] does.
func (s *Server) CloseAll(reason string) {}
