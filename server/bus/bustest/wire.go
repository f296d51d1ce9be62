package bustest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Wire is a line to a server that a test can cut.
type Wire struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	cut    bool
	frozen chan struct{} // closed when the line thaws; nil: it is not frozen
	conns  map[net.Conn]struct{}
	wg     sync.WaitGroup
}

// NewWire leads to target (host:port) until the test ends.
func NewWire(t testing.TB, target string) *Wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	w.wg.Go(w.accept)
	t.Cleanup(func() {
		_ = l.Close()
		w.Cut()
		w.wg.Wait()
	})
	return w
}

// Addr is this end of the line, host:port.
func (w *Wire) Addr() string { return w.listener.Addr().String() }

// Cut ends every connection, and new ones as soon as they are made.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	w.thaw()
	for c := range w.conns {
		_ = c.Close()
	}
}

// Freeze keeps every connection open and lets nothing through, as a network
// does that drops packets.
func (w *Wire) Freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frozen == nil {
		w.frozen = make(chan struct{})
	}
}

// thaw lets what waited through. The caller holds mu.
func (w *Wire) thaw() {
	if w.frozen != nil {
		close(w.frozen)
		w.frozen = nil
	}
}

// Mend lets new connections through, and what a frozen one holds back.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
	w.thaw()
}

func (w *Wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil || !w.keep(near, far) {
			_ = near.Close()
			if far != nil {
				_ = far.Close()
			}
			continue
		}
		w.wg.Go(func() { w.pipe(near, far) })
		w.wg.Go(func() { w.pipe(far, near) })
	}
}

func (w *Wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return false
	}
	for _, c := range conns {
		w.conns[c] = struct{}{}
	}
	return true
}

func (w *Wire) pipe(to, from net.Conn) {
	_, _ = io.Copy(gate{w, to}, from)
	_, _ = to.Close(), from.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, from)
}

// gate writes once the line is not frozen.
type gate struct {
	w  *Wire
	to net.Conn
}

func (g gate) Write(p []byte) (int, error) {
	for {
		g.w.mu.Lock()
		frozen := g.w.frozen
		g.w.mu.Unlock()
		if frozen == nil {
			return g.to.Write(p)
		}
		<-frozen
	}
}
