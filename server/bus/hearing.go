package bus

import "time"

const (
	// forgetAfter is how long a node may be silent before what is known of it
	// is dropped. Every node gives a sign of life much more often.
	forgetAfter = time.Minute
	// joinFor is how long after a connection began a node that was not known
	// is one that was there already; later it is one whose frames were lost.
	joinFor = 3 * lifeEvery
)

// hearing puts together what other nodes send: it notices frames that are
// missing, and joins events that came in pieces. It belongs to one goroutine.
type hearing struct {
	self   string
	joined time.Time
	nodes  map[string]*heard
}

// heard is what is known of one node.
type heard struct {
	number int64  // of its last frame
	part   *Event // an event whose end has not come
	at     time.Time
}

// newHearing begins with a connection: what was sent before it is not missed
// here, but by whoever owns the connection.
func newHearing(self string, now time.Time) *hearing {
	return &hearing{self: self, joined: now, nodes: map[string]*heard{}}
}

// frame takes one frame and gives its whole events; missed tells that frames
// before it never came. One's own frames give nothing: their events were
// delivered when they were published.
func (h *hearing) frame(text string, now time.Time) (events []Event, missed bool, err error) {
	node, number, pieces, err := readFrame(text)
	if err != nil || node == h.self {
		return nil, false, err
	}
	n, known := h.nodes[node]
	if !known {
		n = &heard{}
		h.nodes[node] = n
	}
	switch {
	case number <= n.number:
		return nil, false, nil // told twice
	case known:
		missed = number != n.number+1
	default:
		missed = number != 1 && now.Sub(h.joined) > joinFor
	}
	if missed {
		n.part = nil
	}
	n.number, n.at = number, now
	for _, p := range pieces {
		if e, ok := n.join(p); ok {
			events = append(events, e)
		}
	}
	return events, missed, nil
}

// join adds a piece to what came of its event, and gives the event when that
// was the last one. What lost its beginning gives nothing.
func (n *heard) join(p piece) (Event, bool) {
	if p.part == whole {
		n.part = nil
		return p.Event, true
	}
	if p.part == beginning {
		n.part = &p.Event
		return Event{}, false
	}
	if n.part == nil || n.part.Topic != p.Topic || n.part.Name != p.Name || len(n.part.Data)+len(p.Data) > maxEvent {
		n.part = nil
		return Event{}, false
	}
	n.part.Data = append(n.part.Data, p.Data...)
	if p.part != ending {
		return Event{}, false
	}
	e := *n.part
	n.part = nil
	return e, true
}

// forget drops nodes that have ended.
func (h *hearing) forget(now time.Time) {
	for id, n := range h.nodes {
		if now.Sub(n.at) > forgetAfter {
			delete(h.nodes, id)
		}
	}
}
