package chat

import (
	"sync"
	"sync/atomic"
)

const (
	// keptBytes bounds the memory of what is kept of one kind.
	keptBytes = 16 << 20
	// keptReplyBytes bounds a single one; a larger one is made each time.
	keptReplyBytes = 256 << 10
	// keptSample is how many are looked at to find an old one.
	keptSample = 8
)

// kept keeps what was asked for last, by what was asked. Whether it is still
// true is the asker's to find out.
type kept[K comparable, V sized] struct {
	turn    atomic.Int64
	mu      sync.RWMutex
	entries map[K]*keptEntry[V]
	bytes   int
}

// sized is how many bytes a value takes.
type sized interface{ size() int }

type keptEntry[V sized] struct {
	value V
	used  atomic.Int64 // the turn in which it was last asked for
}

func newKept[K comparable, V sized]() *kept[K, V] {
	return &kept[K, V]{entries: map[K]*keptEntry[V]{}}
}

func (k *kept[K, V]) get(key K) (v V, ok bool) {
	k.mu.RLock()
	e := k.entries[key]
	k.mu.RUnlock()
	if e == nil {
		return v, false
	}
	e.used.Store(k.turn.Add(1))
	return e.value, true
}

func (k *kept[K, V]) put(key K, v V) {
	if v.size() > keptReplyBytes {
		return
	}
	e := &keptEntry[V]{value: v}
	e.used.Store(k.turn.Add(1))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(key)
	k.entries[key] = e
	k.bytes += v.size()
	for k.bytes > keptBytes {
		k.drop(k.old())
	}
}

// drop is called with mu held.
func (k *kept[K, V]) drop(key K) {
	if e := k.entries[key]; e != nil {
		k.bytes -= e.value.size()
		delete(k.entries, key)
	}
}

// old is the least recently used of a few; a map gives a random few.
func (k *kept[K, V]) old() K {
	var victim K
	var oldest int64
	seen := 0
	for key, e := range k.entries {
		if used := e.used.Load(); seen == 0 || used < oldest {
			victim, oldest = key, used
		}
		if seen++; seen == keptSample {
			break
		}
	}
	return victim
}
