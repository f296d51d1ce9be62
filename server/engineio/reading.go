package engineio

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// A socket that waits is what a server has most of, so it holds next to
// nothing: where the system lets us look whether bytes are there, the buffer
// that they go into is borrowed only then; and the goroutine that waits is one
// whose stack has not grown. A handler's stack is some 8 KiB, and Go does not
// give back what lies above a waiting read; so from time to time reading goes
// on in a new goroutine.

// inputSize is what a borrowed buffer holds: a few messages.
const inputSize = 4 << 10

// input is what a connection reads with. It belongs to the read loop.
type input struct {
	raw    syscall.RawConn // nil: waiting holds a buffer
	try    func(fd uintptr) bool
	in     []byte // what has come and is not handled
	lent   *[inputSize]byte
	needs  int // bytes that in must hold before there is something to handle; 0: not known
	joined *joined
	got    error // what the last try came to
	anew   bool  // go on in a new goroutine instead of waiting in this one
	deep   bool  // this goroutine's stack has grown
	heard  int   // messages so far, up to firstWords
}

// firstWords is how many messages open a connection; a pause after them is
// most likely a long one.
const firstWords = 2

var errAnew = errors.New("go on in a new goroutine")

// inputs lends buffers.
type inputs struct{ pool sync.Pool }

func (p *inputs) get() *[inputSize]byte {
	if b, ok := p.pool.Get().(*[inputSize]byte); ok {
		return b
	}
	return new([inputSize]byte)
}

// read runs until the connection ends, in one goroutine after the other.
func (sk *socket) read() {
	if sk.readOn() {
		sk.anew, sk.deep = false, false
		go sk.read()
		return
	}
	defer sk.server.tasks.Done()
	sk.giveBack()
	sk.cut()
	if sk.session != nil {
		sk.session.socketLost(sk)
	}
}

// readOn reads until the connection ends, or until another goroutine had
// better go on.
func (sk *socket) readOn() (anew bool) {
	defer func() {
		if cause := recover(); cause != nil { // one connection, not the process
			sk.lost, anew = fmt.Errorf("panic while reading: %v", cause), false
			sk.server.options.Logger.Error("engineio: reading a connection panicked; it is closed", "panic", cause)
		}
	}()
	for {
		err := sk.frames()
		if err == nil {
			err = sk.more()
		}
		if errors.Is(err, errAnew) {
			return true
		}
		if err != nil {
			sk.ends(err)
			return false
		}
	}
}

// ends notes why reading ends, and tells the client where it broke the rules.
func (sk *socket) ends(err error) {
	sk.lost = err
	broken := (*brokenFrame)(nil)
	if errors.As(err, &broken) {
		sk.server.options.Logger.Debug("engineio: a frame ended its connection", "err", err)
		sk.sayClose(broken.status)
	}
}

// noteDepth sees that a connection that falls silent waits on a small stack:
// after its first words, and with a heartbeat after others.
func (sk *socket) noteDepth(opcode byte, data []byte) {
	if opcode == opText && len(data) == 1 && data[0] == packetPong {
		sk.anew = sk.deep
		return
	}
	sk.deep = true
	sk.anew = sk.heard < firstWords
	if sk.anew {
		sk.heard++
	}
}

// more waits for at least one byte.
func (sk *socket) more() error {
	if sk.raw == nil {
		return sk.moreBlocking()
	}
	if err := sk.raw.Read(sk.try); err != nil {
		return err
	}
	return sk.got
}

// tryRead reads what is there; false waits until something is.
func (sk *socket) tryRead(fd uintptr) bool {
	sk.makeRoom()
	n, err := readNow(fd, sk.in[len(sk.in):cap(sk.in)])
	switch {
	case err != nil && isAgain(err):
		if len(sk.in) == 0 {
			sk.giveBack()
		}
		sk.got = errAnew
		return sk.anew
	case err != nil:
		sk.got = err
	case n == 0:
		sk.got = io.EOF
	default:
		sk.in, sk.got = sk.in[:len(sk.in)+n], nil
	}
	return true
}

// moreBlocking is for connections that cannot be asked (TLS, pipes): its
// buffer stays while it waits.
func (sk *socket) moreBlocking() error {
	if cap(sk.in) == 0 {
		sk.in = make([]byte, 0, sk.server.options.ReadBuffer)
	}
	sk.makeRoom()
	n, err := sk.Conn.Read(sk.in[len(sk.in):cap(sk.in)])
	if n > 0 {
		sk.in = sk.in[:len(sk.in)+n]
		return nil
	}
	return err
}

// makeRoom lets in take more. It grows with what has come, not with what was
// announced: a client that announces a megabyte and sends nothing costs nothing.
func (sk *socket) makeRoom() {
	switch {
	case cap(sk.in) == 0:
		sk.lent = sk.server.inputs.get()
		sk.in = sk.lent[:0]
	case len(sk.in) == cap(sk.in):
		larger := make([]byte, len(sk.in), max(min(2*cap(sk.in), sk.needs), cap(sk.in)+256))
		copy(larger, sk.in)
		sk.giveBack()
		sk.in = larger
	}
}

// giveBack returns the buffer; what it held is gone.
func (sk *socket) giveBack() {
	if sk.lent != nil {
		sk.server.inputs.pool.Put(sk.lent)
	}
	sk.in, sk.lent = nil, nil
}
