package engineio

import "time"

// heartbeat is when a session must be looked at. Times count from the server's
// start. The deadline is absolute: a ping that leaves late, because nobody
// polls or a tick was slow, does not move it.
type heartbeat struct {
	pingAt   time.Duration // when the next ping is due
	deadline time.Duration // when the session is dead without a pong
	sentAt   time.Duration // when the last ping was queued
	waiting  bool          // for the answer to it
}

func (s *Server) firstBeat() heartbeat {
	return s.nextBeat(s.now())
}

func (s *Server) nextBeat(now time.Duration) heartbeat {
	pingAt := now + s.options.PingInterval
	return heartbeat{pingAt: pingAt, deadline: pingAt + s.options.PingTimeout}
}

// tick is called by the wheel when the session's time has come.
func (s *Session) tick(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expired(now) {
		return
	}
	if !s.beat.waiting && now >= s.beat.pingAt {
		s.beat.waiting, s.beat.sentAt = true, now
		ping := s.server.packets.ping
		s.push([]*Frame{ping}, ping.Len())
	}
	s.server.wheel.set(s, s.nextLook())
}

// nextLook is when the wheel must come back. A pong does not move the entry, so
// it may never lie after the ping that a pong would make due.
func (s *Session) nextLook() time.Duration {
	if !s.beat.waiting {
		return s.beat.pingAt
	}
	return min(s.beat.deadline, s.beat.sentAt+s.server.options.PingInterval)
}

// expired ends a session whose deadline has passed, and reports whether it has
// ended. It is asked by the wheel and by every request: a client that comes
// back between the deadline and the next tick comes too late as well. The
// caller holds mu.
func (s *Session) expired(now time.Duration) bool {
	if !s.closed && now >= s.beat.deadline {
		s.end(ending{reason: ReasonPingTimeout})
	}
	return s.closed
}

// pong takes the answer to a ping. One that nobody asked for changes nothing,
// otherwise a client could put off its own deadline without ever being asked.
// The caller holds mu.
func (s *Session) pong() {
	if !s.beat.waiting {
		return
	}
	now := s.server.now()
	s.stats.RTT = now - s.beat.sentAt
	s.beat = s.server.nextBeat(now)
}
