package chat

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// indexEvery is how often the server looks for what to index. Nobody waits
	// for it, since a search indexes what it could find by itself; and what a
	// conversation costs to index is shared by all that was written in it.
	indexEvery = 5 * time.Second
	// indexStep is how many messages one transaction indexes: few enough that
	// no sender waits long behind it.
	indexStep = 100
	// indexRest is how many times as long as a step took the next one waits, so
	// that under load the index takes a fifth of a core and not the senders'.
	indexRest = 4
	// indexMost bounds the conversations of one look.
	indexMost = 50
	// searchSteps bounds what a search indexes before it looks.
	searchSteps = 50
)

// runIndex indexes what was written, until ctx ends. A search does not wait
// for it: see [Service.indexOf].
func (s *Service) runIndex(ctx context.Context) {
	look := time.NewTicker(indexEvery)
	defer look.Stop()
	for {
		if !s.indexSome(ctx) {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
			}
		}
	}
}

// indexSome indexes the conversations that are behind, a step after the other.
// It reports whether more remain.
func (s *Service) indexSome(ctx context.Context) (more bool) {
	behind, err := s.store.Unindexed(ctx, indexMost)
	more = len(behind) == indexMost
	for err == nil && len(behind) > 0 {
		began := time.Now()
		behind, err = s.indexStep(ctx, behind)
		deadline.Pause(ctx, indexRest*time.Since(began))
	}
	if err != nil {
		s.log.Debug("messages were not indexed; it is tried again", "err", err)
		return false
	}
	return more && ctx.Err() == nil
}

// indexOf indexes what one user could find, so that a search knows all that
// was written before it. What remains, or cannot be stored now, is found later.
func (s *Service) indexOf(ctx context.Context, userID string) {
	behind, err := s.store.UnindexedOf(ctx, userID, indexMost)
	for steps := 0; err == nil && len(behind) > 0 && steps < searchSteps; steps++ {
		if behind, err = s.indexStep(ctx, behind); len(behind) == 0 && err == nil {
			behind, err = s.store.UnindexedOf(ctx, userID, indexMost)
		}
	}
	if err != nil {
		s.log.Debug("a search may miss what was written last", "err", err)
	}
}

// indexed is what one transaction adds to the index of a conversation.
type indexed struct {
	of   storage.Unindexed
	to   int64
	list []storage.WordsOf
}

// indexStep indexes the next messages of the first of these conversations, as
// many as one transaction takes, and gives what remains of them. The words are
// made before the transaction, which then asks that nobody was faster.
func (s *Service) indexStep(ctx context.Context, behind []storage.Unindexed) (rest []storage.Unindexed, err error) {
	var step []indexed
	for room := indexStep; room > 0 && len(behind) > 0; {
		next, err := s.indexable(ctx, behind[0], room)
		if err != nil {
			return nil, err
		}
		step = append(step, next)
		if behind[0].IndexedRev = next.to; len(next.list) < room {
			behind = behind[1:]
		}
		room -= max(1, len(next.list))
	}
	// Everybody locks conversations in the same order.
	slices.SortFunc(step, func(a, b indexed) int { return strings.Compare(a.of.ConversationID, b.of.ConversationID) })
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		for _, next := range step {
			if _, err := tx.IndexMessages(ctx, next.of, next.to, next.list); err != nil {
				return err
			}
		}
		return nil
	})
	return behind, err
}

// indexable reads at most limit messages that are to be indexed.
func (s *Service) indexable(ctx context.Context, u storage.Unindexed, limit int) (indexed, error) {
	rows, err := s.store.TextsSince(ctx, u.ConversationID, u.IndexedRev, limit)
	if err != nil {
		return indexed{}, err
	}
	out := indexed{of: u, to: u.LastRev, list: make([]storage.WordsOf, len(rows))}
	for i, m := range rows {
		out.list[i].MessageID, out.list[i].CreatedAt = m.ID, m.CreatedAt
		if searchable(m) {
			out.list[i].Words = wordSet(m.Content)
		}
		out.to = max(out.to, m.Rev)
	}
	if len(rows) == limit {
		out.to = rows[limit-1].Rev
	}
	return out, nil
}

// searchable reports whether a message is found by its words: an answer that
// is still being written is not, since its text is not settled.
func searchable(m storage.Message) bool {
	return m.DeletedAt.IsZero() && !open(m)
}
