package engineio

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/lxzan/gws"
)

// lot is where connections wait whose clients only answer pings. The goroutine
// that read them has ended, which was half of what an idle socket cost; one
// goroutine watches them all, with an epoll that Go's own poller watches, and
// takes their pongs. Whatever else comes brings the reader back.
type lot struct {
	mu     sync.Mutex
	parked map[uint64]parked
	last   uint64 // token given last
	epoll  int
	file   *os.File // the epoll, for Go's poller; nil before the first, and after close
	broken bool     // the watch has ended; nobody is parked any more
}

// parked is a connection between two readers. Whoever takes it out of the lot
// owns it.
type parked struct {
	sk *socket
	ws *gws.Conn
}

// pongSize is a masked text frame of one byte (RFC 6455, 5.2).
const pongSize = 7

func isPongFrame(b []byte) bool {
	return len(b) == pongSize && b[0] == finText && b[1] == 0x80|1 && b[6]^b[2] == packetPong
}

// park takes a connection over from its reader, who has nothing left to do with
// it. It is false where the system will not watch it.
func (l *lot) park(sk *socket, ws *gws.Conn) bool {
	if !l.add(parked{sk, ws}) {
		return false
	}
	l.recall(sk)
	return true
}

// add has a connection watched, in one with its place in the lot: what has come
// meanwhile is told at once.
func (l *lot) add(p parked) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open() {
		return false
	}
	if p.sk.token == 0 {
		l.last++
		p.sk.token = l.last
	}
	event := syscall.EpollEvent{
		Events: syscall.EPOLLIN | syscall.EPOLLRDHUP,
		Fd:     int32(uint32(p.sk.token)), Pad: int32(uint32(p.sk.token >> 32)),
	}
	if err := l.control(p.sk, syscall.EPOLL_CTL_ADD, &event); err != nil {
		return false
	}
	l.parked[p.sk.token] = p
	return true
}

// open makes the epoll when the first comes. The caller holds mu.
func (l *lot) open() bool {
	if l.file != nil || l.broken {
		return !l.broken
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	if err := syscall.SetNonblock(epoll, true); err != nil {
		_ = syscall.Close(epoll)
		return false
	}
	l.epoll, l.file, l.parked = epoll, os.NewFile(uintptr(epoll), "epoll"), map[uint64]parked{}
	go l.watch(l.file)
	return true
}

// close ends the watch. Nobody is parked any more.
func (l *lot) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// control keeps the descriptor from being closed, and used again, meanwhile.
func (l *lot) control(sk *socket, operation int, event *syscall.EpollEvent) (err error) {
	if closed := sk.raw.Control(func(fd uintptr) { err = syscall.EpollCtl(l.epoll, operation, int(fd), event) }); closed != nil {
		return closed
	}
	return err
}

func (l *lot) take(token uint64) (p parked, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, mine = l.parked[token]
	delete(l.parked, token)
	return p, mine
}

// unpark has a connection read again that is about to be closed: its reader
// tells of the end. Where it is not parked now it will not be again.
func (l *lot) unpark(sk *socket) {
	sk.leaving.Store(true)
	l.recall(sk)
}

// recall unparks a connection that is leaving, if it is parked.
func (l *lot) recall(sk *socket) {
	if !sk.leaving.Load() {
		return
	}
	l.mu.Lock()
	token := sk.token
	l.mu.Unlock()
	if p, mine := l.take(token); mine {
		l.wake(p)
	}
}

// wake gives a connection a reader again.
func (l *lot) wake(p parked) {
	_ = l.control(p.sk, syscall.EPOLL_CTL_DEL, &syscall.EpollEvent{}) // one that is closed is not watched any more
	go p.sk.read(p.ws)
}

// watch waits for whoever says something.
func (l *lot) watch(file *os.File) {
	defer l.abandon()
	raw, err := file.SyscallConn()
	if err != nil {
		return // closed already
	}
	var events [128]syscall.EpollEvent
	var buf [256]byte
	n := 0
	ready := func(fd uintptr) bool {
		for {
			n, err = syscall.EpollWait(int(fd), events[:], 0)
			if !errors.Is(err, syscall.EINTR) {
				return n > 0 || err != nil
			}
		}
	}
	for {
		if closed := raw.Read(ready); closed != nil || err != nil {
			return
		}
		for _, e := range events[:n] {
			if p, mine := l.take(uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32); mine {
				l.hear(p, buf[:])
			}
		}
	}
}

// abandon gives everybody a reader again when there is no watch any more: at
// the end nobody is left, before it the system has refused to go on.
func (l *lot) abandon() {
	l.mu.Lock()
	l.broken = true
	left := l.parked
	l.parked = nil
	l.mu.Unlock()
	for _, p := range left {
		l.wake(p)
	}
}

// hear takes what one client said.
func (l *lot) hear(p parked, buf []byte) {
	n, err := p.sk.readNow(buf)
	switch {
	case err != nil && isAgain(err):
	case err != nil:
		p.sk.failed = err
		l.wake(p)
		return
	case n > 0 && isPongFrame(buf[:n]):
		p.sk.session.receivePong(p.sk)
	default:
		p.sk.early = append([]byte(nil), buf[:n]...) // nothing is the end, which the reader finds too
		l.wake(p)
		return
	}
	l.mu.Lock()
	l.parked[p.sk.token] = p // by the watch itself: it is not abandoned meanwhile
	l.mu.Unlock()
	l.recall(p.sk)
}

// readNow reads what has come, without waiting.
func (sk *socket) readNow(b []byte) (n int, err error) {
	if closed := sk.raw.Read(func(fd uintptr) bool {
		for {
			n, err = syscall.Read(int(fd), b)
			if !errors.Is(err, syscall.EINTR) {
				return true
			}
		}
	}); closed != nil {
		return 0, closed
	}
	return max(n, 0), err
}
