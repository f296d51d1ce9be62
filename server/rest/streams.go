package rest

import (
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
)

// maxStreams is how many answers one user may follow at once, on one node.
const maxStreams = 20

// streams counts who follows how many answers on this node.
type streams struct {
	mu   sync.Mutex
	open map[string]int // by user
}

// beginStream refuses a stream too many of one user: each keeps a connection,
// and unlike other requests it is not over when it has been counted.
func (s *site) beginStream(c *call) (end func(), err error) {
	user := c.actor.UserID
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	if s.streams.open[user] >= maxStreams && !s.LimitsOff && !c.actor.Admin() {
		return nil, &fault.Error{
			Code: fault.RateLimited, Message: "You follow too many answers at once; close one of the streams first.",
			RetryAfter: time.Second, Tier: c.actor.Tier, Rule: "streams", Limit: maxStreams,
		}
	}
	if s.streams.open == nil {
		s.streams.open = map[string]int{}
	}
	s.streams.open[user]++
	return func() {
		s.streams.mu.Lock()
		defer s.streams.mu.Unlock()
		if s.streams.open[user]--; s.streams.open[user] == 0 {
			delete(s.streams.open, user)
		}
	}, nil
}
