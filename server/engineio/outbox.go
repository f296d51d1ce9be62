package engineio

import "slices"

// batchLimit bounds the bytes of one write, so that the write deadline measures
// a client's speed and not the size of what waits for it.
const batchLimit = 256 << 10

// outbox is what waits to leave. It lives in a Session, under its mutex.
type outbox struct {
	queue    []*Frame
	queued   int  // bytes, counted until they are written
	refused  bool // a volatile run was refused since the last Drained
	flushing bool // a goroutine writes the queue, and will look again
	held     int  // how many Together run
}

// Send queues a run of frames: they leave next to each other, in order, with
// nothing between them (a binary event and its attachments). It never blocks.
// The error is [ErrClosed] or [ErrSlowReader].
func (s *Session) Send(frames ...*Frame) error {
	n := size(frames)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.over(n, s.server.options.HardLimit) {
		s.end(ending{reason: ReasonSlowReader})
		return ErrSlowReader
	}
	s.push(frames, n)
	return nil
}

// SendVolatile is Send for what may be lost: it returns false, and the run is
// dropped, when the outbox is over its soft limit or the session has ended.
// After a refusal [Handler.Drained] tells when there is room again.
func (s *Session) SendVolatile(frames ...*Frame) bool {
	n := size(frames)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.over(n, s.server.options.SoftLimit) {
		s.refused = true
		return false
	}
	s.push(frames, n)
	return true
}

// Together has what is sent to this session while fn runs leave in one write
// where it can, and over plain TCP from this goroutine, which spares a change to
// another. Whatever else the session is sent waits with it, up to a batch, so fn
// should not wait for anything.
func (s *Session) Together(fn func()) {
	s.hold()
	defer s.release()
	fn()
}

func (s *Session) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held++
}

// release writes what was held back.
func (s *Session) release() {
	s.mu.Lock()
	s.held--
	if s.held > 0 || s.flushing || s.closed || len(s.queue) == 0 {
		s.mu.Unlock()
		return
	}
	if s.ws == nil || s.ws.raw == nil {
		s.wake()
		s.mu.Unlock()
		return
	}
	s.flushing = true
	s.server.tasks.Add(1)
	s.mu.Unlock()
	var a attempt
	a.write = a.tryWrite
	s.flushNow(&a, 1) // whoever sends more meanwhile does not keep the caller
}

// Queued is the number of bytes that wait, or are being written.
func (s *Session) Queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued
}

// over reports whether n more bytes break a limit. An empty outbox takes
// anything: otherwise a run larger than the limit could never be sent, and a
// refusal would never be followed by Drained.
func (o *outbox) over(n, limit int) bool { return o.queued > 0 && o.queued+n > limit }

// push queues a run and wakes whoever carries the session. The caller holds mu.
func (s *Session) push(frames []*Frame, n int) {
	s.queue = append(s.queue, frames...)
	s.count(n)
	for _, f := range frames {
		s.stats.PacketsOut++
		s.stats.BytesOut += uint64(len(f.wire) - f.head)
	}
	s.wake()
}

// wake starts a flusher, or tells the waiting poll. The caller holds mu.
func (s *Session) wake() {
	switch {
	case s.flushing, s.held > 0 && s.queued <= batchLimit && !s.closed:
	case s.ws != nil:
		s.flushing = true
		s.server.tasks.Add(1)
		if s.ws.raw == nil || s.closed {
			go s.flush()
			return
		}
		s.server.writers.add(s)
	case s.poll != nil:
		s.poll.wakeUp()
	}
}

// take removes frames of up to limit bytes from the queue, at least one if
// there is any. They still count as queued until written is called.
func (o *outbox) take(limit int) (frames []*Frame, n int) {
	for i, f := range o.queue {
		if i > 0 && n+f.Len() > limit {
			frames = slices.Clip(o.queue[:i])
			o.queue = o.queue[i:]
			return frames, n
		}
		n += f.Len()
	}
	frames, o.queue = o.queue, nil // nothing of ours stays with an idle session
	return frames, n
}

// count adds to the bytes that wait: of the session, and of the server. The
// caller holds mu.
func (s *Session) count(n int) {
	s.queued += n
	s.server.queued.Add(int64(n))
}

// written takes n bytes off the count, and reports whether Drained is due. The
// caller holds mu.
func (s *Session) written(n int) (drained bool) {
	s.count(-n)
	if !s.refused || s.queued > 0 {
		return false
	}
	s.refused = false
	return true
}

// drop forgets what waits; what is being written stays counted. The caller
// holds mu.
func (s *Session) drop() {
	s.count(-size(s.queue))
	s.queue = nil
}

func size(frames []*Frame) (n int) {
	for _, f := range frames {
		n += f.Len()
	}
	return n
}
