package admin

import (
	"context"
	"iter"
	"sync"

	"github.com/elite-trading-coach/coach/server/api"
)

// readerDepth is how many events wait for one reader; those beyond are counted
// and told as lost.
const readerDepth = 512

// stream is who follows what happens.
type stream struct {
	mu      sync.Mutex
	readers map[*reader]struct{}
	closed  bool
}

type reader struct {
	events chan api.Event // closed when the node stops
	lost   int            // guarded by the stream's mu
}

func newStream() *stream { return &stream{readers: map[*reader]struct{}{}} }

// Events follows what happens on this node until ctx ends, the loop does, or
// the node stops. It begins with the last lines of the log and the load.
func (s *Service) Events(ctx context.Context) iter.Seq[api.Event] {
	return func(yield func(api.Event) bool) {
		r := s.stream.join()
		if r == nil {
			return
		}
		defer s.stream.leave(r)
		load := s.load(ctx)
		if !yield(api.Event{Name: api.EventLoad, Load: &load}) {
			return
		}
		for _, line := range s.o.Log.last() {
			if !yield(api.Event{Name: api.EventLog, Log: &line}) {
				return
			}
		}
		for {
			select {
			case e, open := <-r.events:
				if !open || !yield(e) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (st *stream) join() *reader {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return nil
	}
	r := &reader{events: make(chan api.Event, readerDepth)}
	st.readers[r] = struct{}{}
	return r
}

func (st *stream) leave(r *reader) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.readers, r)
}

// followed reports whether anybody reads.
func (st *stream) followed() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return len(st.readers) > 0
}

// send gives an event to everybody; nobody is waited for.
func (st *stream) send(e api.Event) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for r := range st.readers {
		if r.lost > 0 && r.put(api.Event{Name: api.EventLost, Lost: &api.Lost{Events: r.lost}}) {
			r.lost = 0
		}
		if !r.put(e) {
			r.lost++
		}
	}
}

func (r *reader) put(e api.Event) bool {
	select {
	case r.events <- e:
		return true
	default:
		return false
	}
}

// close ends every reader's events.
func (st *stream) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.closed = true
	for r := range st.readers {
		close(r.events)
		delete(st.readers, r)
	}
}
