package chat

import (
	"context"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

const (
	activityTick = 200 * time.Millisecond
	// activityEvery is how often the members of one conversation are told of
	// activity at most.
	activityEvery = time.Second
)

// activity remembers which conversations had news, so that their members hear
// of it at most once a second. A conversation stays in the map for the second
// after it was told and no longer, which is what bounds it.
type activity struct {
	mu    sync.Mutex
	dirty map[string]bool
	told  map[string]time.Time
}

func newActivity() *activity {
	return &activity{dirty: map[string]bool{}, told: map[string]time.Time{}}
}

func (a *activity) touch(conversationID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dirty[conversationID] = true
}

// due takes the conversations whose members may be told now.
func (a *activity) due(now time.Time) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, at := range a.told {
		if now.Sub(at) >= activityEvery {
			delete(a.told, id)
		}
	}
	var ids []string
	for id := range a.dirty {
		if _, recently := a.told[id]; recently {
			continue
		}
		ids = append(ids, id)
		delete(a.dirty, id)
		a.told[id] = now
	}
	return ids
}

// tellActivity publishes each conversation that had news to its members.
func (s *Service) tellActivity(ctx context.Context) {
	for _, id := range s.activity.due(time.Now()) {
		c, err := s.store.Conversation(ctx, id)
		if err != nil {
			continue // deleted meanwhile, or the database is away: the next news tells
		}
		s.tellMembers(ctx, EventActivity, c)
	}
}

// announceRow publishes a changed row and counts it as activity.
func (s *Service) announceRow(ctx context.Context, row storage.Message) {
	s.publish(ctx, rowEvent(row))
	s.activity.touch(row.ConversationID)
}
