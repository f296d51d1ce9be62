package bus

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
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
// with one goroutine behind it, which is what keeps a topic in order. An event
// that finds its lane empty is delivered by its publisher: a change of
// goroutines costs more than most deliveries.
type Memory struct {
	seed  maphash.Seed
	lanes [lanes]lane
	done  chan struct{}
}

type lane struct {
	queue chan Event
	// waiting counts what is in the queue, or taken from it and not delivered.
	waiting atomic.Int64

	turn sync.Mutex // held by who delivers
	open bool       // guarded by turn: Run runs

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
	if m.lane(e.Topic).deliverNow(e) {
		return nil
	}
	return m.enqueue(ctx, e)
}

// enqueue is Publish for whoever has more to do than to deliver.
func (m *Memory) enqueue(ctx context.Context, e Event) error {
	select {
	case <-m.done:
		return ErrClosed
	default:
	}
	l := m.lane(e.Topic)
	l.waiting.Add(1)
	if err := l.put(ctx, e, m.done); err != nil {
		l.waiting.Add(-1)
		return err
	}
	return nil
}

// deliverNow delivers an event that nothing is before.
func (l *lane) deliverNow(e Event) bool {
	if !l.turn.TryLock() {
		return false
	}
	defer l.turn.Unlock()
	// What this publisher published before is counted until it is delivered; others' events have no order with this one.
	if !l.open || l.waiting.Load() > 0 {
		return false
	}
	l.deliver(e)
	return true
}

// put waits for room in the queue.
func (l *lane) put(ctx context.Context, e Event, done <-chan struct{}) error {
	select {
	case l.queue <- e: // as mostly, and nobody asked when ctx ends
		return nil
	default:
	}
	select {
	case l.queue <- e:
		return nil
	case <-done:
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
	l.setOpen(true)
	defer l.setOpen(false)
	for {
		select {
		case e := <-l.queue:
			l.deliverNext(e)
		case <-ctx.Done():
			return
		}
	}
}

// setOpen waits for a delivery under way.
func (l *lane) setOpen(open bool) {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.open = open
}

// deliverNext delivers an event from the queue.
func (l *lane) deliverNext(e Event) {
	l.turn.Lock()
	defer l.turn.Unlock()
	defer l.waiting.Add(-1)
	l.deliver(e)
}

// gap puts a [Gap] for every subscription behind what waits now.
func (m *Memory) gap(ctx context.Context) {
	for i := range m.lanes {
		l := &m.lanes[i]
		l.waiting.Add(1)
		if l.put(ctx, Event{Name: Gap}, m.done) != nil {
			l.waiting.Add(-1)
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
