package engineio

import (
	"sync"

	"github.com/lxzan/gws"
)

// crewKept is how many idle hands stay for the next message: as many as
// messages are usually handled at once. More come when they are needed.
const crewKept = 32

// crew handles messages, each in a goroutine that stays for others: the stack
// that a message grew is there for the next. The goroutines that read
// connections do not handle what they read, because they live as long as the
// connection, and Go does not give back what a stack has once grown to: some
// 8 KiB for each socket that says nothing any more.
type crew struct {
	mu   sync.Mutex
	idle []*hand // the one that worked last is the next to work
	gone bool
}

// hand is one goroutine of the crew.
type hand struct {
	work chan task
	done chan struct{}
}

type task struct {
	sk *socket
	m  *gws.Message
}

// handle has a message handled and waits for the end of it. It never waits for
// a hand.
func (c *crew) handle(sk *socket, m *gws.Message) {
	h := c.take()
	h.work <- task{sk, m}
	<-h.done
	c.put(h)
}

func (c *crew) take() *hand {
	if h := c.takeIdle(); h != nil {
		return h
	}
	h := &hand{work: make(chan task, 1), done: make(chan struct{}, 1)}
	go h.run()
	return h
}

func (c *crew) takeIdle() *hand {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.idle)
	if n == 0 {
		return nil
	}
	h := c.idle[n-1]
	c.idle[n-1] = nil
	c.idle = c.idle[:n-1]
	return h
}

func (c *crew) put(h *hand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || len(c.idle) >= crewKept {
		close(h.work)
		return
	}
	c.idle = append(c.idle, h)
}

// dismiss ends the hands: those that are idle now, the others with what they do.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	for _, h := range c.idle {
		close(h.work)
	}
	c.idle = nil
}

func (h *hand) run() {
	for t := range h.work {
		t.sk.handle(t.m)
		h.done <- struct{}{}
	}
}
