package admin

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
)

// What nodes tell each other on the bus. All of it is transient: a node that
// missed a word about itself is told again by the operator who looks.
const (
	topic = "operators"

	saysAlive      = "operators.alive"      // an api.Node
	saysDisconnect = "operators.disconnect" // a socket's id
	saysNotice     = "operators.notice"     // an api.Notice
	saysTiers      = "operators.tiers"      // one was edited; whoever looks is told
)

// neighbour is another node, and when it last told of itself.
type neighbour struct {
	api.Node
	seen time.Time
}

// order is what a node asks of the others; who asked has done it already.
type order struct {
	From string          `json:"from"` // node id
	Body json.RawMessage `json:"body,omitempty"`
}

// receive runs on the bus.
func (s *Service) receive(e bus.Event) {
	var o order
	if json.Unmarshal(e.Data, &o) != nil || o.From == s.o.Self.ID {
		return
	}
	switch e.Name {
	case saysAlive:
		var n api.Node
		if json.Unmarshal(o.Body, &n) == nil {
			s.meet(n)
		}
	case saysDisconnect:
		var id string
		if json.Unmarshal(o.Body, &id) == nil {
			s.o.Floor.Disconnect(id)
		}
	case saysNotice:
		var n api.Notice
		if json.Unmarshal(o.Body, &n) == nil {
			s.o.Floor.Announce(n)
		}
	case saysTiers:
		s.mark(func() { s.tiers = true })
	}
}

func (s *Service) meet(n api.Node) {
	n.Self = false
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others[n.ID] = neighbour{n, time.Now()}
}

// nodes lists self and those that told of themselves of late, by name.
func (s *Service) nodes(self api.Node) []api.Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []api.Node{self}
	for id, n := range s.others {
		if time.Since(n.seen) > forgetAfter {
			delete(s.others, id)
			continue
		}
		all = append(all, n.Node)
	}
	slices.SortFunc(all, func(a, b api.Node) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return all
}

// alone reports whether no other node told of itself of late.
func (s *Service) alone() bool { return len(s.nodes(s.o.Self)) == 1 }

// tellOthers is this node's sign of life.
func (s *Service) tellOthers(ctx context.Context) {
	self := s.o.Self
	s.mu.Lock()
	self.Load = s.now
	s.mu.Unlock()
	s.tell(ctx, saysAlive, self)
}

// tell asks the other nodes. A bus that is away is logged, not reported: what
// was asked has been done here.
func (s *Service) tell(ctx context.Context, name string, body any) {
	b, err := json.Marshal(body)
	if err == nil {
		b, err = json.Marshal(order{s.o.Self.ID, b})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err == nil {
		err = s.o.Bus.Publish(ctx, bus.Event{Topic: topic, Name: name, Data: b})
	}
	if err != nil && !fault.Is(err, fault.Unavailable) {
		s.log.Debug("the other nodes were not told", "what", name, "err", err)
	}
}

// together is the load of all nodes: sums, and the worst of latencies.
func together(nodes []api.Node) api.Load {
	var sum api.Load
	for _, n := range nodes {
		l := n.Load
		if n.Self {
			sum.At, sum.Ready = l.At, l.Ready
		}
		sum.Sockets += l.Sockets
		sum.Users += l.Users
		sum.Rooms += l.Rooms
		sum.QueuedBytes += l.QueuedBytes
		sum.AnswersInProgress += l.AnswersInProgress
		sum.AnswersWaiting = max(sum.AnswersWaiting, l.AnswersWaiting) // counted in the one database
		sum.MessagesPerSecond += l.MessagesPerSecond
		sum.EventsPerSecond += l.EventsPerSecond
		sum.RequestsPerSecond += l.RequestsPerSecond
		sum.RefusedPerSecond += l.RefusedPerSecond
		sum.AckP50Ms = max(sum.AckP50Ms, l.AckP50Ms)
		sum.AckP99Ms = max(sum.AckP99Ms, l.AckP99Ms)
		sum.FirstTextP50Ms = max(sum.FirstTextP50Ms, l.FirstTextP50Ms)
		sum.FirstTextP99Ms = max(sum.FirstTextP99Ms, l.FirstTextP99Ms)
		sum.CPUPercent += l.CPUPercent
		sum.MemoryBytes += l.MemoryBytes
		sum.HeapBytes += l.HeapBytes
		sum.Goroutines += l.Goroutines
	}
	return sum
}
