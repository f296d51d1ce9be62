package engineio

import (
	"slices"
	"time"
)

// How long the wire stays known after a session's end.
const (
	// lingerClient is for a GET that the client sent together with its POST "1"
	// and that arrives after it: the two travel on two connections.
	lingerClient = 100 * time.Millisecond
	// lingerServer is for the next GET of a client that does not yet know that
	// the server has closed, so that it gets what was queued, and "1".
	lingerServer = 2 * time.Second
	// lingerSocket is for the client's answer to our closing frame: closing the
	// connection at once could reset it before that frame is read.
	lingerSocket = time.Second
)

// WebSocket close statuses (RFC 6455, 7.4.1).
const (
	statusNormal    = 1000
	statusGoingAway = 1001
	statusProtocol  = 1002
	statusPolicy    = 1008
	statusInternal  = 1011
)

// ending says how a session ends on the wire.
type ending struct {
	reason string
	status uint16        // of the WebSocket closing frame; 0 cuts the connection
	last   *Frame        // what the waiting poll gets; nil is "1"
	keep   bool          // what is queued goes first
	linger time.Duration // how long a poll may still come for it
}

// farewell is what is left of a session that has ended.
type farewell struct {
	status uint16
	until  time.Time // by when the WebSocket must have taken the rest
	frames []*Frame  // for one late poll
	timer  *time.Timer
}

// Close ends the session, gracefully: what is queued is still written, bounded
// by the write timeout, then the transport is closed. It does not block; Closed
// is called from another goroutine. Later calls do nothing.
func (s *Session) Close(reason string) {
	s.finish(ending{reason: reason, status: statusNormal, keep: true, linger: lingerServer})
}

// shutDown is Close for a server that will not answer another poll.
func (s *Session) shutDown() {
	s.finish(ending{reason: ReasonShutdown, status: statusGoingAway, keep: true})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
}

// finish is end for those who do not hold mu.
func (s *Session) finish(e ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(e)
}

// end is the only way a session ends. The caller holds mu; everything that
// could block or call back happens in other goroutines.
func (s *Session) end(e ending) {
	if s.closed {
		return
	}
	s.closed = true
	s.last.status = e.status
	s.last.until = time.Now().Add(s.server.options.WriteTimeout)
	if s.atEnd != nil {
		go s.atEnd()
		s.atEnd = nil
	}
	s.server.wheel.remove(s)
	if !e.keep {
		s.drop()
	}
	cut := s.probe
	s.probe, s.probed = nil, false
	switch {
	case s.ws == nil:
		s.endPolling(e)
	case e.status == 0:
		s.drop()
		s.server.forget(s)
		go s.closing(e.reason, cut, s.ws)
		return
	default:
		s.server.forget(s)
		s.wake() // the flusher writes the rest and the closing frame
	}
	go s.closing(e.reason, cut)
}

// endPolling leaves the last words with the waiting poll, or for a late one.
func (s *Session) endPolling(e ending) {
	last := e.last
	if last == nil {
		last = s.server.packets.close
	}
	frames := slices.Concat(s.queue, []*Frame{last})
	s.drop()
	if s.poll != nil {
		s.poll.answer(reply{frames: frames})
		s.poll = nil
		s.server.forget(s)
		return
	}
	if e.linger == 0 {
		s.server.forget(s)
		return
	}
	s.last.frames = frames
	s.last.timer = time.AfterFunc(e.linger, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forget()
	})
}

// forget ends the time of a late poll. The caller holds mu.
func (s *Session) forget() {
	s.last.frames = nil
	if s.last.timer != nil {
		s.last.timer.Stop()
	}
	s.server.forget(s)
}

// closing tells the handler, when the message it has in hand is done.
func (s *Session) closing(reason string, cut ...*socket) {
	defer s.server.tasks.Done()
	for _, sk := range cut {
		if sk != nil {
			sk.cut()
		}
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	s.guard(func() { s.server.handler.Closed(s, reason) })
}
