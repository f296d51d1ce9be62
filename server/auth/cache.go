package auth

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	cacheShards = 16
	// cachePerShard bounds the cache at 65 536 sessions, some 20 MB.
	cachePerShard = 4096
	// evictionSample is how many sessions are looked at to find an old one.
	evictionSample = 8
	// cacheAge is how long the cache may be believed without a word from the
	// database: a revocation must be known everywhere within a second.
	cacheAge = time.Second
)

// entry is what is known of a session. Only the atomic fields change.
type entry struct {
	actor   Actor // ExpiresAt is the token's, not here
	refusal fault.Code
	readAt  int64        // when it was asked for, nanoseconds
	used    atomic.Int64 // when it was last found here
	touched atomic.Int64 // when its use was last noted
}

// cache keeps the sessions that are in use. An entry is as fresh as the
// database's last word: when it was read, or when Run last learned everything
// that had changed ([cache.vouch]).
type cache struct {
	seed    maphash.Seed
	shards  [cacheShards]cacheShard
	vouched atomic.Int64
}

type cacheShard struct {
	mu       sync.RWMutex
	sessions map[string]*entry
	// generation counts what was dropped: who read the database before a drop
	// must not put what was read after it.
	generation uint64
}

func newCache() *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].sessions = map[string]*entry{}
	}
	return c
}

func (c *cache) shard(sessionID string) *cacheShard {
	return &c.shards[maphash.String(c.seed, sessionID)%cacheShards]
}

// vouch says that every change before at has been dropped from the cache.
func (c *cache) vouch(at time.Time) { c.vouched.Store(at.UnixNano()) }

// get finds a fresh entry, or nil and the generation to give to put.
func (c *cache) get(sessionID string, at time.Time) (*entry, uint64) {
	s := c.shard(sessionID)
	s.mu.RLock()
	e, generation := s.sessions[sessionID], s.generation
	s.mu.RUnlock()
	now := at.UnixNano()
	if e == nil || now-max(e.readAt, c.vouched.Load()) > int64(cacheAge) {
		return nil, generation
	}
	e.used.Store(now)
	return e, generation
}

// put keeps an entry, unless something was dropped since get.
func (c *cache) put(sessionID string, e *entry, generation uint64) {
	s := c.shard(sessionID)
	e.used.Store(e.readAt)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation {
		return
	}
	if len(s.sessions) >= cachePerShard {
		s.evict()
	}
	s.sessions[sessionID] = e
}

// evict drops the least recently used of a few; a map gives a random few.
func (s *cacheShard) evict() {
	var victim string
	var oldest int64
	seen := 0
	for id, e := range s.sessions {
		if used := e.used.Load(); victim == "" || used < oldest {
			victim, oldest = id, used
		}
		if seen++; seen == evictionSample {
			break
		}
	}
	delete(s.sessions, victim)
}

// dropSession forgets a session.
func (c *cache) dropSession(sessionID string) {
	s := c.shard(sessionID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	delete(s.sessions, sessionID)
}

// dropUser forgets all sessions of a user.
func (c *cache) dropUser(userID string) {
	for i := range c.shards {
		c.shards[i].dropUser(userID)
	}
}

func (s *cacheShard) dropUser(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	for id, e := range s.sessions {
		if e.actor.UserID == userID {
			delete(s.sessions, id)
		}
	}
}
