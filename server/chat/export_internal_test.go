package chat

import (
	"context"

	"github.com/elite-trading-coach/coach/server/auth"
)

// KeptBytes is what the kept pages take.
func (s *Service) KeptBytes() int {
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	return s.pages.bytes
}

// Messages is a page as it is read, past everything that is kept.
func (s *Service) Messages(ctx context.Context, a auth.Actor, conversationID string, q MessageQuery) (MessageList, error) {
	m, err := s.store.Membership(ctx, conversationID, a.UserID)
	if err != nil {
		return MessageList{}, conversationError(err)
	}
	return s.page(ctx, m, q)
}

// Keeps reports whether a newest page can be had at a revision without being
// read.
func (s *Service) Keeps(id string, limit int, rev int64) bool {
	_, ok := s.keptAt(context.Background(), pageKey{conversation: id, limit: limit}, rev)
	return ok
}
