package storage

import (
	"context"
	"hash/maphash"
	"sync/atomic"
)

const (
	// changeSlots is how many counters stand for all conversations and users;
	// two that share one are only thought to have changed once too often.
	changeSlots = 1 << 14
	// maxWatched bounds the conversations that are looked after for one list.
	maxWatched = 256
)

// changes counts what was changed of conversations and memberships, by this
// process. On SQLite nobody else writes them, but for a command that works on
// the file beside a server; see [Store.ChangedElsewhere].
type changes struct {
	seed   maphash.Seed
	counts [changeSlots]atomic.Uint64
	all    atomic.Uint64
	// crowded is by user the count, and one, at which there were too many
	// conversations to watch: they are not counted again before it changes.
	crowded [changeSlots]atomic.Uint64
}

func newChanges() *changes { return &changes{seed: maphash.MakeSeed()} }

func (c *changes) slot(id string) uint32 {
	return uint32(maphash.String(c.seed, id) % changeSlots)
}

// happened counts a change of each; it comes after the commit, and before
// whoever changed is told so.
func (c *changes) happened(ids []string) {
	for _, id := range ids {
		c.counts[c.slot(id)].Add(1)
	}
}

// Watch tells whether a user's conversations are still as they were.
type Watch struct {
	changes *changes
	slots   []uint32
	sum     uint64
}

// ChangedElsewhere ends every watch: another process may have written.
func (s *Store) ChangedElsewhere() {
	if s.changes != nil {
		s.changes.all.Add(1)
	}
}

// WatchConversations begins to watch all conversations of a user, before they
// are listed. It is nil where nobody can tell: on Postgres other nodes write
// too, and of very many conversations no list is worth it.
func (s *Store) WatchConversations(ctx context.Context, userID string) (*Watch, error) {
	if s.changes == nil {
		return nil, nil //nolint:nilnil // nil is an answer here
	}
	// The user's own counter is read before the memberships that it is for,
	// those of conversations before the rows that they are for.
	w := &Watch{changes: s.changes, slots: []uint32{s.changes.slot(userID)}}
	w.sum = w.count(w.slots) + s.changes.all.Load()
	crowded := &s.changes.crowded[w.slots[0]]
	if crowded.Load() == w.sum+1 {
		return nil, nil //nolint:nilnil // as above
	}
	ids, err := collect(s.brief(ctx), s.Reader, "list memberships", scanID, `SELECT m.conversation_id FROM members m
		WHERE m.user_id = $1 ORDER BY m.conversation_id LIMIT $2`, userID, maxWatched+1)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxWatched {
		crowded.Store(w.sum + 1)
		return nil, nil //nolint:nilnil // as above
	}
	for _, id := range ids {
		w.slots = append(w.slots, s.changes.slot(id))
	}
	w.sum += w.count(w.slots[1:])
	return w, nil
}

// WatchMembership watches one conversation for one of its members, before it is
// read; nil where nobody can tell.
func (s *Store) WatchMembership(conversationID, userID string) *Watch {
	if s.changes == nil {
		return nil
	}
	w := &Watch{changes: s.changes, slots: []uint32{s.changes.slot(userID), s.changes.slot(conversationID)}}
	w.sum = w.count(w.slots) + s.changes.all.Load()
	return w
}

// Unchanged reports that nothing was committed since the watch began. Counters
// only rise, so their sum stands still only if each of them does.
func (w *Watch) Unchanged() bool { return w.count(w.slots)+w.changes.all.Load() == w.sum }

func (w *Watch) count(slots []uint32) (sum uint64) {
	for _, slot := range slots {
		sum += w.changes.counts[slot].Load()
	}
	return sum
}
