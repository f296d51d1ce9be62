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
	until := time.Now().Add(s.server.options.WriteTimeout)
	if s.closed { // one deadline for all that is left
		until = s.last.until
	}
	var err error
	s.unlocked(func() { err = s.ws.send(until, batch, n) })
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

// send writes whole frames, n bytes of them, with one system call.
func (sk *socket) send(until time.Time, frames []*Frame, n int) error {
	if sk.said.Load() {
		return net.ErrClosed
	}
	if err := sk.SetWriteDeadline(until); err != nil {
		return err
	}
	if len(frames) == 1 {
		_, err := sk.Conn.Write(frames[0].wire)
		return err
	}
	if _, vectored := sk.Conn.(*net.TCPConn); vectored && n > copyLimit {
		return sk.sendVector(frames)
	}
	return sk.sendCopy(frames)
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
