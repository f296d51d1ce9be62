package chat

import (
	"context"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
)

// membership finds the conversation for a reader of it. It is kept for as long
// as the store knows that nothing of it has changed.
func (s *Service) membership(ctx context.Context, a auth.Actor, conversationID string) (storage.Membership, error) {
	if !storage.ValidID(conversationID) {
		return storage.Membership{}, noConversation()
	}
	key := memberKey{conversationID, a.UserID}
	if known, ok := s.memberships.get(key); ok && known.watch.Unchanged() {
		return known.Membership, nil
	}
	watch := s.store.WatchMembership(conversationID, a.UserID)
	m, err := s.store.Membership(ctx, conversationID, a.UserID)
	if err == nil && watch != nil {
		s.memberships.put(key, keptMembership{m, watch})
	}
	return m, conversationError(err)
}

// memberKey is whose view of which conversation.
type memberKey struct{ conversation, user string }

type keptMembership struct {
	storage.Membership
	watch *storage.Watch
}

func (keptMembership) size() int { return 1024 }
