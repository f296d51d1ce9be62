package engineio

import (
	"context"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
)

// Server holds the sessions of one path. It is an [http.Handler] for every
// method; mount it with and without a trailing slash.
type Server struct {
	options  Options
	handler  Handler
	upgrader *gws.Upgrader
	buffers  buffers
	writers  writers
	crew     crew
	lot      lot
	queued   atomic.Int64 // bytes in all outboxes
	wheel    *wheel
	start    time.Time
	packets  struct{ close, ping, noop, probed *Frame } // the fixed ones

	// tasks counts sessions that have not been told Closed, flushers and read
	// loops. It grows only where something counted lives, or under mu while the
	// server has not stopped, so that Run may wait for it.
	tasks sync.WaitGroup

	mu       sync.RWMutex // guards the fields below
	sessions map[string]*Session
	stopped  bool
}

// NewServer makes a server. Heartbeats start with [Server.Run].
func NewServer(o Options, h Handler) *Server {
	o = o.withDefaults()
	s := &Server{
		options:  o,
		handler:  h,
		upgrader: newUpgrader(o),
		wheel:    newWheel(o.PingInterval, o.PingTimeout),
		start:    time.Now(),
		sessions: make(map[string]*Session),
	}
	s.packets.close = newPacket(packetClose)
	s.packets.ping = newPacket(packetPing)
	s.packets.noop = newPacket(packetNoop)
	s.packets.probed = newPacket(packetPong, []byte(probeText))
	return s
}

// Run keeps the heartbeats until ctx ends. Then it refuses new sessions, closes
// all others with [ReasonShutdown], and returns nil when the last Closed has
// returned: at most the write timeout and a second later, if no handler blocks.
// It is called once.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.wheel.grain)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.tick()
		case <-ctx.Done():
			s.stop()
			return nil
		}
	}
}

func (s *Server) tick() {
	now := s.now()
	for _, session := range s.wheel.advance(now) {
		session.tick(now)
	}
}

func (s *Server) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	for _, session := range s.known() {
		session.shutDown()
	}
	s.tasks.Wait()
	s.crew.dismiss()
	s.lot.close()
}

// now is the time since the server's start, on the monotonic clock.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// Len is the number of open sessions. A session that waits for the last poll
// of a closed client is counted for that moment.
func (s *Server) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.sessions)
}

// Queued is the number of bytes that wait for all sessions together, or are
// being written.
func (s *Server) Queued() int64 { return s.queued.Load() }

// Sessions walks the sessions that were open when the walk began.
func (s *Server) Sessions() iter.Seq[*Session] {
	return func(yield func(*Session) bool) {
		for _, session := range s.known() {
			if !session.isClosed() && !yield(session) {
				return
			}
		}
	}
}

// CloseAll closes every open session with one reason, as [Session.Close] does.
func (s *Server) CloseAll(reason string) {
	for session := range s.Sessions() {
		session.Close(reason)
	}
}

func (s *Server) known() []*Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		all = append(all, session)
	}
	return all
}

// find is nil when no session has that sid.
func (s *Server) find(sid string) *Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[sid]
}

// add makes a session findable and starts its heartbeat, unless the server has
// stopped. It counts the session's end and some tasks more.
func (s *Server) add(session *Session, tasks int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.tasks.Add(1 + tasks)
	s.sessions[session.id] = session
	s.wheel.set(session, session.beat.pingAt)
	return true
}

// addTask counts one goroutine that belongs to no session.
func (s *Server) addTask() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.stopped {
		return false
	}
	s.tasks.Add(1)
	return true
}

func (s *Server) forget(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}

// accepting asks whether a new session may be made.
func (s *Server) accepting(r *http.Request) error {
	s.mu.RLock()
	stopped := s.stopped
	s.mu.RUnlock()
	if stopped {
		return errStopped
	}
	return s.options.Admit(r)
}
