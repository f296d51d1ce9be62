package chat

import (
	"context"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
)

// EncodedConversations is a [ConversationList] whose items are JSON already,
// an array.
type EncodedConversations struct {
	Items      []byte
	Total      *int64
	HasMore    bool
	NextCursor string
}

// EncodedConversations is [Service.Conversations] for those who only pass it
// on. The newest page is kept, and given again for as long as the store knows
// that nothing of the user's conversations has changed.
func (s *Service) EncodedConversations(ctx context.Context, a auth.Actor, q ConversationQuery) (EncodedConversations, error) {
	key := listKey{a.UserID, q.Archived, q.Mode, q.Limit}
	newest := q.Query == "" && q.Cursor == "" && q.Offset == nil
	var watch *storage.Watch
	if newest {
		l, ok := s.lists.get(key)
		if ok && l.watch.Unchanged() {
			return l.EncodedConversations, nil
		}
		var err error
		if watch, err = s.store.WatchConversations(ctx, a.UserID); err != nil {
			return EncodedConversations{}, err
		}
	}
	list, err := s.Conversations(ctx, a, q)
	if err != nil {
		return EncodedConversations{}, err
	}
	out := EncodedConversations{encodeConversations(list.Items), list.Total, list.HasMore, list.NextCursor}
	if watch != nil {
		s.lists.put(key, keptList{out, watch})
	}
	return out, nil
}

func encodeConversations(list []Conversation) []byte {
	b := make([]byte, 0, 480*len(list)+2)
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].AppendJSON(b)
	}
	return append(b, ']')
}

// listKey is what a list was asked for by.
type listKey struct {
	user     string
	archived bool
	mode     string
	limit    int
}

type keptList struct {
	EncodedConversations
	watch *storage.Watch
}

func (l keptList) size() int { return cap(l.Items) + 2048 }
