package chat

import (
	"context"

	"github.com/elite-trading-coach/coach/server/auth"
)

// EncodedMessages is a [MessageList] whose messages are JSON already, an array.
type EncodedMessages struct {
	Messages     []byte
	Conversation Conversation
	HasMore      bool
	NextBefore   int64
}

// EncodedMessages lists a page of a conversation. link gives an image the
// addresses that its viewer finds it at.
//
// A page without images is the same for all its readers, and stays the same
// until the conversation's revision moves: it is kept, and given again to
// whoever finds the conversation at that revision. So nothing must be told
// when it changes, by this node or by another.
func (s *Service) EncodedMessages(ctx context.Context, a auth.Actor, conversationID string, q MessageQuery, link func(*Upload)) (EncodedMessages, error) {
	m, err := s.membership(ctx, a, conversationID)
	if err != nil {
		return EncodedMessages{}, err
	}
	key := pageKey{conversationID, q.Before, q.After, q.Limit}
	asked := q.AfterRev == nil && q.Offset == 0
	if asked {
		if p, ok := s.pages.get(key); ok && p.rev == m.LastRev {
			return EncodedMessages{p.messages, conversationView(m), p.hasMore, p.nextBefore}, nil
		}
	}
	list, err := s.page(ctx, m, q)
	if err != nil {
		return EncodedMessages{}, err
	}
	shared := asked && list.settled(m.LastRev)
	out := EncodedMessages{encodeMessages(list.Messages, link), list.Conversation, list.HasMore, list.NextBefore}
	if shared {
		s.pages.put(key, keptPage{rev: m.LastRev, messages: out.Messages, hasMore: out.HasMore, nextBefore: out.NextBefore})
	}
	return out, nil
}

// settled reports whether a page is what everybody sees of the conversation at
// this revision. It was read after the revision, so a row may be newer; an
// answer that is being written changes without a new one.
func (l *MessageList) settled(rev int64) bool {
	for i := range l.Messages {
		m := &l.Messages[i]
		if m.Rev > rev || m.Status == StatusPending || m.Status == StatusStreaming || len(m.Uploads) > 0 {
			return false
		}
	}
	return true
}

func encodeMessages(list []Message, link func(*Upload)) []byte {
	b := make([]byte, 0, 512*(len(list)+1))
	b = append(b, '[')
	for i := range list {
		for j := range list[i].Uploads {
			link(&list[i].Uploads[j])
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].AppendJSON(b)
	}
	return append(b, ']')
}

// pageKey is what a page was asked for by.
type pageKey struct {
	conversation  string
	before, after int64
	limit         int
}

type keptPage struct {
	rev        int64
	messages   []byte
	hasMore    bool
	nextBefore int64
}

func (p keptPage) size() int { return cap(p.messages) + 256 }
