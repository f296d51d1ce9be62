package engineio

import (
	"net"
	"time"
)

// flush writes the queue to the WebSocket until it is empty, and says goodbye
// after it when the session has ended gracefully. One flusher runs at a time.
func (s *Session) flush() {
	defer s.server.tasks.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		if !s.flushBatch() {
			return
		}
	}
	s.flushing = false
	if s.closed && s.last.status != 0 {
		s.unlocked(func() { s.ws.goodbye(s.last.status) })
	}
}

// flushBatch makes one write. The caller holds mu, and has it again afterwards.
func (s *Session) flushBatch() (more bool) {
	batch, n := s.take(batchLimit)
	until := s.until()
	var err error
	s.unlocked(func() { err = s.ws.send(until, batch, n) })
	return s.flushed(n, err)
}

// until is by when a write must have ended: once the session has, there is one
// deadline for all that is left. The caller holds mu.
func (s *Session) until() time.Time {
	if s.closed {
		return s.last.until
	}
	return time.Now().Add(s.server.options.WriteTimeout)
}

func (s *Session) deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until()
}

// flushed notes that n bytes were written, or that they could not be, which
// ends the session. The caller holds mu, and has it again afterwards.
func (s *Session) flushed(n int, err error) (more bool) {
	drained := s.written(n)
	if err != nil {
		s.drop()
		s.flushing = false
		s.end(ending{reason: ReasonTransportError})
		s.unlocked(s.ws.cut)
		return false
	}
	if drained && !s.closed {
		s.unlocked(s.drained)
	}
	return true
}

// unlocked runs a call that may block without the session's mutex.
func (s *Session) unlocked(call func()) {
	s.mu.Unlock()
	defer s.mu.Lock()
	call()
}

func (s *Session) drained() {
	s.guard(func() { s.server.handler.Drained(s) })
}

// copyLimit is up to where copying frames together is cheaper than a vector.
const copyLimit = 16 << 10

// send writes whole frames, n bytes of them, with one system call. The
// connection has no deadline for writing afterwards.
func (sk *socket) send(until time.Time, frames []*Frame, n int) error {
	return sk.writing(until, func() error {
		if len(frames) == 1 {
			_, err := sk.Conn.Write(frames[0].wire)
			return err
		}
		if _, vectored := sk.Conn.(*net.TCPConn); vectored && n > copyLimit {
			return sk.sendVector(frames)
		}
		return sk.sendCopy(frames)
	})
}

// sendRest is send for the rest of a batch. Half a frame is made whole even
// where a closing frame is to follow.
func (sk *socket) sendRest(until time.Time, left rest) error {
	write := func() error {
		_, err := sk.Conn.Write(left.bytes)
		return err
	}
	if !left.torn {
		return sk.writing(until, write)
	}
	defer sk.pen.Unlock()
	return sk.timed(until, write)
}

// writing holds the pen for a write that may wait.
func (sk *socket) writing(until time.Time, write func() error) error {
	sk.pen.Lock()
	defer sk.pen.Unlock()
	if sk.said.Load() {
		return net.ErrClosed
	}
	return sk.timed(until, write)
}

// timed is a write with a deadline. The caller holds the pen.
func (sk *socket) timed(until time.Time, write func() error) error {
	if err := sk.SetWriteDeadline(until); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	_ = sk.SetWriteDeadline(time.Time{}) // a connection that has ended since needs none
	return nil
}

func (sk *socket) sendVector(frames []*Frame) error {
	vector := make(net.Buffers, len(frames))
	for i, f := range frames {
		vector[i] = f.wire
	}
	_, err := vector.WriteTo(sk.Conn)
	return err
}

// sendCopy joins the frames first: small ones cost less that way, and over TLS
// they share a record.
func (sk *socket) sendCopy(frames []*Frame) error {
	buf := sk.server.buffers.get()
	defer sk.server.buffers.put(buf)
	for _, f := range frames {
		buf.Write(f.wire)
	}
	_, err := sk.Conn.Write(buf.Bytes())
	return err
}
