package chat

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/elite-trading-coach/coach/server/auth"
)

const (
	// keptBytes bounds the memory of all kept pages.
	keptBytes = 16 << 20
	// keptPageBytes bounds one; a larger one is read each time.
	keptPageBytes = 256 << 10
	// keptSample is how many pages are looked at to find an old one.
	keptSample = 8
)

// EncodedList is a [MessageList] whose messages are JSON already, an array.
type EncodedList struct {
	Messages     []byte
	Conversation Conversation
	HasMore      bool
	NextBefore   int64
}

// EncodedMessages is [Service.Messages] for those who only pass it on. link
// gives an image the addresses that its viewer finds it at.
//
// A page without images is the same for all its readers, and stays the same
// until the conversation's revision moves: it is kept, and given again to
// whoever finds the conversation at that revision. So nothing must be told
// when it changes, by this node or by another.
func (s *Service) EncodedMessages(ctx context.Context, a auth.Actor, conversationID string, q MessageQuery, link func(*Upload)) (EncodedList, error) {
	m, err := s.membership(ctx, a, conversationID)
	if err != nil {
		return EncodedList{}, err
	}
	key := pageKey{conversationID, q.Before, q.After, q.Limit}
	asked := q.AfterRev == nil && q.Offset == 0
	if asked {
		if p := s.pages.get(key, m.LastRev); p != nil {
			return EncodedList{p.messages, conversationView(m), p.hasMore, p.nextBefore}, nil
		}
	}
	list, err := s.page(ctx, m, q)
	if err != nil {
		return EncodedList{}, err
	}
	shared := asked && list.settled(m.LastRev)
	out := EncodedList{encodeMessages(list.Messages, link), list.Conversation, list.HasMore, list.NextBefore}
	if shared {
		s.pages.put(key, &keptPage{rev: m.LastRev, messages: out.Messages, hasMore: out.HasMore, nextBefore: out.NextBefore})
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
			link(&list[i].Uploads[j]) //nolint:gosec // j is an index of it
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
	used       atomic.Int64 // the turn in which it was last asked for
}

// pages keeps the pages that were asked for last.
type pages struct {
	turn  atomic.Int64
	mu    sync.RWMutex
	kept  map[pageKey]*keptPage
	bytes int
}

func newPages() *pages { return &pages{kept: map[pageKey]*keptPage{}} }

// get finds a page as it is at a revision.
func (p *pages) get(key pageKey, rev int64) *keptPage {
	p.mu.RLock()
	page := p.kept[key]
	p.mu.RUnlock()
	if page == nil || page.rev != rev {
		return nil
	}
	page.used.Store(p.turn.Add(1))
	return page
}

func (p *pages) put(key pageKey, page *keptPage) {
	if len(page.messages) > keptPageBytes {
		return
	}
	page.used.Store(p.turn.Add(1))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(key)
	p.kept[key] = page
	p.bytes += len(page.messages)
	for p.bytes > keptBytes {
		p.drop(p.old())
	}
}

func (p *pages) drop(key pageKey) {
	if page := p.kept[key]; page != nil {
		p.bytes -= len(page.messages)
		delete(p.kept, key)
	}
}

// old is the least recently used of a few; a map gives a random few.
func (p *pages) old() pageKey {
	var victim pageKey
	var oldest int64
	seen := 0
	for key, page := range p.kept {
		if used := page.used.Load(); seen == 0 || used < oldest {
			victim, oldest = key, used
		}
		if seen++; seen == keptSample {
			break
		}
	}
	return victim
}
