package engineio

import (
	"math"
	"net"
	"runtime"
	"sync"
)

// writers write what sessions have queued, without ever waiting for a client: a
// few goroutines, there only while there is something to write, each with one
// session after the other. A goroutine for each session would grow its stack
// anew for every message; and what is queued for a session until its turn
// leaves in one write. Where a client's buffer is full, a goroutine of the
// session's own goes on, with a deadline.
type writers struct {
	mu      sync.Mutex
	waiting []*Session
	running int
}

// add has a session written. The caller holds its mu, has set flushing, and has
// counted a task.
func (w *writers) add(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, s)
	if w.running < runtime.GOMAXPROCS(0) {
		w.running++
		go w.run()
	}
}

// waitingKept is the longest queue whose memory is kept.
const waitingKept = 4096

// next takes a few sessions; none ends the writer.
func (w *writers) next(few []*Session) []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := copy(few[:cap(few)], w.waiting)
	if n == len(w.waiting) {
		clear(w.waiting)
		w.waiting = w.waiting[:0]
		if cap(w.waiting) > waitingKept {
			w.waiting = nil
		}
	} else {
		clear(w.waiting[:n])
		w.waiting = w.waiting[n:]
	}
	if n == 0 {
		w.running--
	}
	return few[:n]
}

func (w *writers) run() {
	few := make([]*Session, 0, 16)
	var n attempt
	n.write = n.tryWrite
	for {
		few = w.next(few)
		if len(few) == 0 {
			return
		}
		for i, s := range few {
			s.flushNow(&n, math.MaxInt)
			few[i] = nil
		}
	}
}

// attempt is one write that does not wait.
type attempt struct {
	write func(fd uintptr) bool // tryWrite, bound once
	bytes []byte
	wrote int
	err   error
}

func (a *attempt) tryWrite(fd uintptr) bool {
	a.wrote, a.err = writeNow(fd, a.bytes)
	return true
}

// flushNow is flush for as long as the client's buffer takes everything, and for
// so many writes; the writers make the others.
func (s *Session) flushNow(a *attempt, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; len(s.queue) > 0 && !s.closed; writes-- {
		if writes == 0 {
			s.server.writers.add(s)
			return
		}
		batch, n := s.take(batchLimit)
		var left rest
		var err error
		s.unlocked(func() { left, err = s.ws.sendNoWait(a, batch, n) })
		if err == nil && left.bytes != nil {
			go s.flushLeft(left, n)
			return
		}
		if !s.flushed(n, err) {
			s.server.tasks.Done()
			return
		}
	}
	if s.closed { // the rest and the goodbye may have to wait
		go s.flush()
		return
	}
	s.flushing = false
	s.server.tasks.Done()
}

// rest is what is not written of a batch, in memory of its own.
type rest struct {
	bytes []byte // nil: everything is
	// torn: the client has half a frame. The pen stays with whoever writes the
	// other half, so that nothing gets in between.
	torn bool
}

// flushLeft waits for a client whose buffer was full, then goes on as flush.
// left is of a batch of n bytes.
func (s *Session) flushLeft(left rest, n int) {
	err := s.ws.sendRest(s.deadline(), left)
	s.mu.Lock()
	more := s.flushed(n, err)
	s.mu.Unlock()
	if !more {
		s.server.tasks.Done()
		return
	}
	s.flush()
}

// sendNoWait writes as much as the client's buffer takes, and gives the rest.
func (sk *socket) sendNoWait(a *attempt, frames []*Frame, n int) (left rest, err error) {
	a.bytes = frames[0].wire
	if len(frames) > 1 {
		buf := sk.server.buffers.get()
		defer sk.server.buffers.put(buf)
		buf.Grow(n)
		for _, f := range frames {
			buf.Write(f.wire)
		}
		a.bytes = buf.Bytes()
	}
	a.wrote, a.err = 0, nil
	if sk.pen.TryLock() { // else somebody waits for this client already
		err = net.ErrClosed
		if !sk.said.Load() {
			err = sk.raw.Write(a.write)
		}
		left.torn = err == nil && a.wrote > 0 && a.wrote < len(a.bytes)
		if !left.torn {
			sk.pen.Unlock()
		}
	}
	switch {
	case err != nil:
		return rest{}, err
	case a.err != nil && !isAgain(a.err):
		return rest{}, a.err
	}
	if wrote := max(a.wrote, 0); wrote < len(a.bytes) {
		left.bytes = append(left.bytes, a.bytes[wrote:]...)
	}
	a.bytes = nil
	return left, nil
}
