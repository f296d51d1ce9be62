package bus

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
)

const (
	// lanes is the number of topics that can be delivered at the same time.
	lanes = 8
	// laneDepth bounds the events that wait in one lane; publishers wait beyond it.
	laneDepth = 4096
)

// ErrClosed is what Publish answers after Run has ended.
var ErrClosed = errors.New("the bus is closed")

// Memory is the bus of a single node. Each topic belongs to one lane, a queue
// with one goroutine behind it, which is what keeps a topic in order.
type Memory struct {
	seed  maphash.Seed
	lanes [lanes]lane
	done  chan struct{}
}

type lane struct {
	queue chan Event

	mu   sync.RWMutex
	subs map[string]map[*subscription]struct{}
}

type subscription struct{ handle Handler }

// NewMemory makes a bus for one process.
func NewMemory() *Memory {
	m := &Memory{seed: maphash.MakeSeed(), done: make(chan struct{})}
	for i := range m.lanes {
		m.lanes[i].queue = make(chan Event, laneDepth)
		m.lanes[i].subs = map[string]map[*subscription]struct{}{}
	}
	return m
}

// Publish implements [Bus].
func (m *Memory) Publish(ctx context.Context, e Event) error {
	l := m.lane(e.Topic)
	select {
	case <-m.done:
		return ErrClosed
	default:
	}
	select {
	case l.queue <- e: // as mostly, and nobody asked when ctx ends
		return nil
	default:
	}
	select {
	case l.queue <- e:
		return nil
	case <-m.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Subscribe implements [Bus].
func (m *Memory) Subscribe(topic string, h Handler) func() {
	l, s := m.lane(topic), &subscription{handle: h}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.subs[topic] == nil {
		l.subs[topic] = map[*subscription]struct{}{}
	}
	l.subs[topic][s] = struct{}{}
	return func() { l.remove(topic, s) }
}

// Run implements [Bus].
func (m *Memory) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for i := range m.lanes {
		wg.Go(func() { m.lanes[i].run(ctx) })
	}
	wg.Wait()
	close(m.done)
	return nil
}

func (m *Memory) lane(topic string) *lane {
	return &m.lanes[maphash.String(m.seed, topic)%lanes]
}

func (l *lane) run(ctx context.Context) {
	for {
		select {
		case e := <-l.queue:
			l.deliver(e)
		case <-ctx.Done():
			return
		}
	}
}

// gap puts a [Gap] for every subscription behind what waits now.
func (m *Memory) gap(ctx context.Context) {
	for i := range m.lanes {
		select {
		case m.lanes[i].queue <- Event{Name: Gap}:
		case <-m.done:
		case <-ctx.Done():
		}
	}
}

func (l *lane) deliver(e Event) {
	if e.Name == Gap && e.Topic == "" {
		l.deliverGap()
		return
	}
	l.mu.RLock()
	subs := make([]*subscription, 0, len(l.subs[e.Topic]))
	for s := range l.subs[e.Topic] {
		subs = append(subs, s)
	}
	l.mu.RUnlock()
	for _, s := range subs {
		s.handle(e)
	}
}

func (l *lane) deliverGap() {
	type told struct {
		topic string
		sub   *subscription
	}
	var all []told
	l.mu.RLock()
	for topic, subs := range l.subs {
		for s := range subs {
			all = append(all, told{topic, s})
		}
	}
	l.mu.RUnlock()
	for _, t := range all {
		t.sub.handle(Event{Topic: t.topic, Name: Gap})
	}
}

func (l *lane) remove(topic string, s *subscription) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.subs[topic], s)
	if len(l.subs[topic]) == 0 {
		delete(l.subs, topic)
	}
}
