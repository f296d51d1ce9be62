package chat

import (
	"cmp"
	"context"
	"slices"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
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
	return s.encoded(ctx, m, q, link)
}

// encoded is a page for a member, kept or read.
func (s *Service) encoded(ctx context.Context, m storage.Membership, q MessageQuery, link func(*Upload)) (EncodedMessages, error) {
	key := pageKey{m.ID, q.Before, q.After, q.Limit}
	asked := q.AfterRev == nil && q.Offset == 0
	if asked {
		if p, ok := s.keptAt(ctx, key, m.LastRev); ok {
			return p.of(m), nil
		}
	}
	list, err := s.page(ctx, m, q)
	if err != nil {
		return EncodedMessages{}, err
	}
	shared := asked && settled(list.Messages, m.LastRev)
	p := keptPage{rev: m.LastRev, hasMore: list.HasMore, nextBefore: list.NextBefore}
	p.messages, p.marks = encodeMessages(list.Messages, link)
	if q.Before > 0 || q.After > 0 {
		p.marks = nil
	}
	if shared {
		s.pages.put(key, p)
	}
	return p.of(m), nil
}

// keptAt finds what is kept of a page as it is at the conversation's revision.
// A newest page that is a little older is brought up to it: only what changed
// since is read.
func (s *Service) keptAt(ctx context.Context, key pageKey, rev int64) (keptPage, bool) {
	p, ok := s.pages.get(key)
	switch {
	case !ok || p.rev == rev:
		return p, ok
	case p.marks == nil || rev < p.rev || rev-p.rev > keptBehind:
		return p, false
	}
	changed, err := s.store.MessagesSince(ctx, key.conversation, p.rev, keptBehind+1)
	if err != nil {
		return p, false // reading all of it says why
	}
	if p, ok = p.upTo(rev, messageViews(changed), key.limit); ok {
		s.pages.put(key, p)
	}
	return p, ok
}

// settled reports whether rows are what everybody sees of the conversation at
// this revision. They were read after the revision, so one may be newer; an
// answer that is being written changes without a new one.
func settled(list []Message, rev int64) bool {
	for i := range list {
		m := &list[i]
		if m.Rev > rev || m.Status == StatusPending || m.Status == StatusStreaming || len(m.Uploads) > 0 {
			return false
		}
	}
	return true
}

func encodeMessages(list []Message, link func(*Upload)) ([]byte, []mark) {
	marks := make([]mark, 0, len(list))
	b := make([]byte, 0, 512*(len(list)+1))
	b = append(b, '[')
	for i := range list {
		for j := range list[i].Uploads {
			link(&list[i].Uploads[j])
		}
		b, marks = appendMessage(b, marks, &list[i])
	}
	return append(b, ']'), marks
}

func appendMessage(b []byte, marks []mark, m *Message) ([]byte, []mark) {
	if len(marks) > 0 {
		b = append(b, ',')
	}
	begin := len(b)
	b = m.AppendJSON(b)
	return b, append(marks, mark{m.Seq, begin, len(b)})
}

// pageKey is what a page was asked for by.
type pageKey struct {
	conversation  string
	before, after int64
	limit         int
}

// keptBehind is by how many changes a newest page may be old and still be
// brought up to date; beyond it all of it is read.
const keptBehind = 16

type keptPage struct {
	rev        int64
	messages   []byte
	marks      []mark // of a newest page; nil: of another
	hasMore    bool
	nextBefore int64
}

// mark is where a message lies in a page.
type mark struct {
	seq        int64
	begin, end int
}

func (p keptPage) size() int { return cap(p.messages) + 24*cap(p.marks) + 256 }

func (p keptPage) of(m storage.Membership) EncodedMessages {
	return EncodedMessages{p.messages, conversationView(m), p.hasMore, p.nextBefore}
}

// upTo is a newest page at a later revision, made of itself and of all that
// changed since. It is false where that is not enough to know.
func (p keptPage) upTo(rev int64, changed []Message, limit int) (keptPage, bool) {
	if !settled(changed, rev) || len(changed) > keptBehind {
		return p, false
	}
	slices.SortFunc(changed, func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
	last := int64(0)
	if n := len(p.marks); n > 0 {
		last = p.marks[n-1].seq
	}
	added := slices.IndexFunc(changed, func(m Message) bool { return m.Seq > last })
	if added < 0 {
		added = len(changed)
	}
	fresh := changed[added:]
	drop := max(0, len(p.marks)+len(fresh)-limit)
	if drop > len(p.marks) || len(fresh) > 0 && fresh[len(fresh)-1].Seq != last+int64(len(fresh)) {
		return p, false
	}
	out := keptPage{rev: rev, hasMore: p.hasMore || drop > 0, marks: make([]mark, 0, len(p.marks)+len(fresh)-drop)}
	out.messages = append(make([]byte, 0, len(p.messages)+512*len(fresh)), '[')
	out.retain(p, p.marks[drop:], changed[:added])
	for i := range fresh {
		out.messages, out.marks = appendMessage(out.messages, out.marks, &fresh[i])
	}
	out.messages = append(out.messages, ']')
	if out.hasMore {
		out.nextBefore = out.marks[0].seq
	}
	return out, true
}

// retain takes messages over from an older page, those that changed as they
// are now. Both lists are in rising seq.
func (p *keptPage) retain(old keptPage, marks []mark, changed []Message) {
	for _, k := range marks {
		for len(changed) > 0 && changed[0].Seq < k.seq {
			changed = changed[1:] // it lies further back than the page
		}
		if len(changed) > 0 && changed[0].Seq == k.seq {
			p.messages, p.marks = appendMessage(p.messages, p.marks, &changed[0])
			continue
		}
		if len(p.marks) > 0 {
			p.messages = append(p.messages, ',')
		}
		begin := len(p.messages)
		p.messages = append(p.messages, old.messages[k.begin:k.end]...)
		p.marks = append(p.marks, mark{k.seq, begin, len(p.messages)})
	}
}
