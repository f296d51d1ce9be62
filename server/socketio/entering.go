package socketio

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// entering holds the sessions that are in no namespace, not yet or no more, oldest first. Nobody vouches for them, so
// their number is bounded, in all and by address. All wait equally long, so one goroutine and one timer serve them all.
type entering struct {
	timeout time.Duration
	most    int
	each    int           // of one address
	arrived chan struct{} // capacity 1: the list was empty and is not any more

	mu    sync.Mutex
	conns *list.List     // of waiting
	from  map[string]int // how many of conns, by address
}

type waiting struct {
	conn     *conn
	deadline time.Time
}

func newEntering(o Options) entering {
	return entering{
		timeout: o.ConnectTimeout, most: o.MaxEntering, each: o.MaxEnteringEach,
		arrived: make(chan struct{}, 1), conns: list.New(), from: map[string]int{},
	}
}

// full reports whether another session from an address is one too many.
func (e *entering) full(address string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.isFull(address)
}

// isFull is called with mu held.
func (e *entering) isFull(address string) bool {
	return e.conns.Len() >= e.most || e.from[address] >= e.each
}

// add is false when c is one too many, and then keeps nothing of it.
func (e *entering) add(c *conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case c.entry != nil:
		return true
	case e.isFull(c.address):
		return false
	}
	c.entry = e.conns.PushBack(waiting{conn: c, deadline: time.Now().Add(e.timeout)})
	e.from[c.address]++
	if e.conns.Len() > 1 {
		return true
	}
	select {
	case e.arrived <- struct{}{}:
	default:
	}
	return true
}

// remove is called when c has entered or gone, as often as one likes.
func (e *entering) remove(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drop(c)
}

// drop is called with mu held.
func (e *entering) drop(c *conn) {
	if c.entry == nil {
		return
	}
	e.conns.Remove(c.entry)
	c.entry = nil
	if e.from[c.address]--; e.from[c.address] == 0 {
		delete(e.from, c.address)
	}
}

// overdue takes out those whose time is over, and tells how long the next one still has (0: nobody waits).
func (e *entering) overdue(now time.Time) (late []*conn, next time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for front := e.conns.Front(); front != nil; front = e.conns.Front() {
		w := front.Value.(waiting)
		if left := w.deadline.Sub(now); left > 0 {
			return late, left
		}
		e.drop(w.conn)
		late = append(late, w.conn)
	}
	return late, 0
}

func (e *entering) run(ctx context.Context) {
	timer := time.NewTimer(e.timeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.arrived:
		case <-timer.C:
		}
		late, next := e.overdue(time.Now())
		for _, c := range late {
			c.session.Close(reasonConnectTimeout)
		}
		if next > 0 {
			timer.Reset(next)
		}
	}
}
