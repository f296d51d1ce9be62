package engineio

import (
	"iter"
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

// hand is a coroutine of the crew. Going over to it and back is a change of
// stacks; a channel would have the scheduler wake a thread for each.
type hand struct {
	task task
	work func() (struct{}, bool) // does the task, in the coroutine
	stop func()
}

type task struct {
	sk *socket
	m  *gws.Message
}

func newHand() *hand {
	h := &hand{}
	h.work, h.stop = iter.Pull(func(yield func(struct{}) bool) {
		for {
			h.task.sk.handle(h.task.m)
			h.task = task{}
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return h
}

// handle has a message handled and waits for the end of it. It never waits for
// a hand.
func (c *crew) handle(sk *socket, m *gws.Message) {
	h := c.take()
	h.task = task{sk, m}
	h.work()
	c.put(h)
}

func (c *crew) take() *hand {
	if h := c.takeIdle(); h != nil {
		return h
	}
	return newHand()
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
		h.stop()
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
		h.stop()
	}
	c.idle = nil
}
