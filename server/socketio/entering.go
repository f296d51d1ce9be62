package socketio

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// entering holds the sessions that have not entered a namespace yet, oldest first. All wait equally long, so one
// goroutine and one timer serve them all.
type entering struct {
	timeout time.Duration
	arrived chan struct{} // capacity 1: the list was empty and is not any more

	mu    sync.Mutex
	conns *list.List // of waiting
}

type waiting struct {
	conn     *conn
	deadline time.Time
}

func newEntering(timeout time.Duration) entering {
	return entering{timeout: timeout, arrived: make(chan struct{}, 1), conns: list.New()}
}

func (e *entering) add(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.entry = e.conns.PushBack(waiting{conn: c, deadline: time.Now().Add(e.timeout)})
	if e.conns.Len() > 1 {
		return
	}
	select {
	case e.arrived <- struct{}{}:
	default:
	}
}

// remove is called when c has entered or gone, as often as one likes.
func (e *entering) remove(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.entry != nil {
		e.conns.Remove(c.entry)
		c.entry = nil
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
		e.conns.Remove(front)
		w.conn.entry = nil
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
