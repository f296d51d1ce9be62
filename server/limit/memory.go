package limit

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards = 64
	// maxKeysPerShard bounds the memory at some hundred megabytes, whatever
	// addresses strangers come from.
	maxKeysPerShard = 16384
	sweepEvery      = 30 * time.Second
)

// Memory is the limiter of a single node: a sharded map of one number per key.
type Memory struct {
	now    func() time.Time
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu sync.Mutex
	// arrivals is the theoretical arrival time per key, unix microseconds.
	arrivals map[string]int64
}

// NewMemory makes an empty limiter.
func NewMemory() *Memory { return NewMemoryAt(time.Now) }

// NewMemoryAt is NewMemory by another clock.
func NewMemoryAt(now func() time.Time) *Memory {
	m := &Memory{now: now, seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].arrivals = map[string]int64{}
	}
	return m
}

// Allow implements [Limiter].
func (m *Memory) Allow(_ context.Context, key string, r Rule, n int) (Decision, error) {
	if err := r.Check(); err != nil {
		return Decision{}, err
	}
	if n < 0 {
		return Decision{}, fmt.Errorf("%w: %d of %q at once", ErrRule, n, r.Name)
	}
	c, id, now := newCell(r), name(key, r), m.now().UnixMicro()
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	tat, ok := c.take(s.arrivals[id], now, int64(n))
	if ok && tat > now {
		s.put(id, tat, now)
	}
	return c.decision(tat, now, int64(n), ok), nil
}

// Return implements [Limiter].
func (m *Memory) Return(_ context.Context, key string, r Rule, n int) error {
	if err := r.Check(); err != nil {
		return err
	}
	if n < 0 {
		return fmt.Errorf("%w: %d of %q given back", ErrRule, n, r.Name)
	}
	id := name(key, r)
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if tat, there := s.arrivals[id]; there {
		s.arrivals[id] = tat - int64(n)*newCell(r).interval
	}
	return nil
}

// Peek implements [Limiter].
func (m *Memory) Peek(_ context.Context, key string, r Rule) (Decision, error) {
	if err := r.Check(); err != nil {
		return Decision{}, err
	}
	c, id, now := newCell(r), name(key, r), m.now().UnixMicro()
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	tat := s.arrivals[id]
	_, ok := c.take(tat, now, 1)
	return c.decision(tat, now, 1, ok), nil
}

// Reset implements [Limiter].
func (m *Memory) Reset(_ context.Context, key string, r Rule) error {
	id := name(key, r)
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.arrivals, id)
	return nil
}

// Run forgets keys whose whole limit is back, until ctx ends. Nothing is wrong
// without it, only larger.
func (m *Memory) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.sweep()
		case <-ctx.Done():
			return nil
		}
	}
}

// Keys counts what is remembered.
func (m *Memory) Keys() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.arrivals)
		s.mu.Unlock()
	}
	return n
}

func (m *Memory) sweep() {
	now := m.now().UnixMicro()
	for i := range m.shards {
		m.shards[i].sweep(now)
	}
}

func (m *Memory) shard(id string) *shard { return &m.shards[maphash.String(m.seed, id)%shards] }

func (s *shard) sweep(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, tat := range s.arrivals {
		if tat <= now {
			delete(s.arrivals, id)
		}
	}
}

// put keeps a key. In a full shard it takes the place of the one, of a random
// few, that loses least: the one that is whole again first.
func (s *shard) put(id string, tat, now int64) {
	if _, there := s.arrivals[id]; !there && len(s.arrivals) >= maxKeysPerShard {
		s.evict(now)
	}
	s.arrivals[id] = tat
}

func (s *shard) evict(now int64) {
	const sample = 16
	var victim string
	var first int64
	seen := 0
	for id, tat := range s.arrivals {
		if victim == "" || tat < first {
			victim, first = id, tat
		}
		if seen++; seen == sample || first <= now {
			break
		}
	}
	delete(s.arrivals, victim)
}

// name keeps the rules of one key apart. A rule's name has no NUL.
func name(key string, r Rule) string { return r.Name + "\x00" + key }
