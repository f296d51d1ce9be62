package auth

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

const (
	knownShards = 16
	// knownPerShard bounds what is known at 32 768 tokens, some 10 MB.
	knownPerShard = 2048
)

// known remembers what tokens that were found good say, so that a client's
// next request costs a hash instead of a signature and three decodings. What
// ends a token early (its session, a new secret) is not asked here: sessions
// have their own cache, and another secret begins with an empty memory.
type known struct{ shards [knownShards]knownShard }

type knownShard struct {
	mu     sync.RWMutex
	claims map[[sha256.Size]byte]claims
}

// get finds the claims of a token that has not expired by now.
func (k *known) get(sum [sha256.Size]byte, now time.Time) (claims, bool) {
	s := k.shard(sum)
	s.mu.RLock()
	c, ok := s.claims[sum]
	s.mu.RUnlock()
	return c, ok && now.Before(c.ExpiresAt.Time)
}

func (k *known) put(sum [sha256.Size]byte, c claims) {
	s := k.shard(sum)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claims == nil {
		s.claims = map[[sha256.Size]byte]claims{}
	}
	if len(s.claims) >= knownPerShard {
		for victim := range s.claims { // a map gives a random one
			delete(s.claims, victim)
			break
		}
	}
	s.claims[sum] = c
}

func (k *known) shard(sum [sha256.Size]byte) *knownShard {
	return &k.shards[binary.LittleEndian.Uint64(sum[:])%knownShards]
}
