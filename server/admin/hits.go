package admin

import (
	"slices"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage"
)

// Refusal is one "no" of a limit.
type Refusal struct {
	Key              string // "user:<id>" or "address:<network>"
	UserID, Username string // of a user's
	Address          string
	Tier, Limit      string
	Allowed          int
}

// Refused notes a refusal; the transports call it.
func (s *Service) Refused(r Refusal) { s.hits.add(r, storage.Now()) }

const (
	// hitsKept bounds what is remembered: strangers have many addresses.
	hitsKept = 2000
	// hitsTold bounds how many are told in one second.
	hitsTold = 20
)

// hits is who was refused by which limit of late, one entry for each pair.
type hits struct {
	mu     sync.Mutex
	byPair map[hitPair]*hit
	// totals counts refusals since the start, by tier and limit.
	totals map[hitPair]int64
}

// hitPair is a key and a limit, or a tier and a limit.
type hitPair struct{ whose, limit string }

type hit struct {
	api.LimitHit
	told int64 // Count when readers of the stream heard of it last
}

func newHits() *hits { return &hits{byPair: map[hitPair]*hit{}, totals: map[hitPair]int64{}} }

func (h *hits) add(r Refusal, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.totals[hitPair{r.Tier, r.Limit}]++
	pair := hitPair{r.Key, r.Limit}
	one := h.byPair[pair]
	if one == nil {
		if len(h.byPair) >= hitsKept {
			h.evict()
		}
		one = &hit{LimitHit: api.LimitHit{Key: r.Key, UserID: r.UserID, Limit: r.Limit, FirstAt: api.Time(at)}}
		h.byPair[pair] = one
	}
	one.Username, one.Address, one.Tier, one.Allowed = r.Username, r.Address, r.Tier, r.Allowed
	one.Count, one.LastAt = one.Count+1, api.Time(at)
}

// evict drops the oldest of a few; a map gives a random few.
func (h *hits) evict() {
	var victim hitPair
	var oldest time.Time
	seen := 0
	for pair, one := range h.byPair {
		if at := time.Time(one.LastAt); seen == 0 || at.Before(oldest) {
			victim, oldest = pair, at
		}
		if seen++; seen == 16 {
			break
		}
	}
	delete(h.byPair, victim)
}

// all is a copy of every entry.
func (h *hits) all(now time.Time) []api.LimitHit {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]api.LimitHit, 0, len(h.byPair))
	for _, one := range h.byPair {
		out = append(out, one.at(now))
	}
	return out
}

func (h *hit) at(now time.Time) api.LimitHit {
	view := h.LimitHit
	view.AgoSeconds = seconds(time.Time(h.LastAt), now)
	return view
}

// of counts a tier's refusals by limit.
func (h *hits) of(tier string) map[string]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]int64{}
	for pair, n := range h.totals {
		if pair.whose == tier {
			out[pair.limit] = n
		}
	}
	return out
}

// news is those that grew since it was last asked, the newest first, and how
// many more there were.
func (h *hits) news(now time.Time) (told []api.LimitHit, more int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.byPair {
		if one.Count > one.told {
			one.told = one.Count
			told = append(told, one.at(now))
		}
	}
	slices.SortFunc(told, func(a, b api.LimitHit) int { return time.Time(b.LastAt).Compare(time.Time(a.LastAt)) })
	if len(told) > hitsTold {
		told, more = told[:hitsTold], len(told)-hitsTold
	}
	return told, more
}

// forget is for limits that were lifted; "" limit: all of the key.
func (h *hits) forget(key, limit string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for pair := range h.byPair {
		if pair.whose == key && (limit == "" || pair.limit == limit) {
			delete(h.byPair, pair)
		}
	}
}
