package chat

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

const (
	// indexEvery is how often the server looks for what to index.
	indexEvery = time.Second
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

// indexSome indexes a step of each conversation that is behind. It reports
// whether more remains.
func (s *Service) indexSome(ctx context.Context) (more bool) {
	behind, err := s.store.Unindexed(ctx, indexMost)
	for _, u := range behind {
		if err == nil {
			var rest bool
			began := time.Now()
			rest, err = s.indexStep(ctx, u)
			more = more || rest
			pause(ctx, indexRest*time.Since(began))
		}
	}
	if err != nil {
		s.log.Debug("messages were not indexed; it is tried again", "err", err)
		return false
	}
	return (more || len(behind) == indexMost) && ctx.Err() == nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// indexOf indexes what one user could find, so that a search knows all that
// was written before it. What remains, or cannot be stored now, is found later.
func (s *Service) indexOf(ctx context.Context, userID string) {
	behind, err := s.store.UnindexedOf(ctx, userID, indexMost)
	for steps := 0; err == nil && len(behind) > 0 && steps < searchSteps; steps++ {
		var more bool
		if more, err = s.indexStep(ctx, behind[0]); !more {
			behind = behind[1:]
			continue
		}
		behind, err = s.store.UnindexedOf(ctx, userID, indexMost)
	}
	if err != nil {
		s.log.Debug("a search may miss what was written last", "err", err)
	}
}

// indexStep indexes the next messages of a conversation. It reports whether
// more remain. The words are made before the transaction, which then asks that
// nobody was faster.
func (s *Service) indexStep(ctx context.Context, u storage.Unindexed) (more bool, err error) {
	rows, err := s.store.MessagesSince(ctx, u.ConversationID, u.IndexedRev, indexStep)
	if err != nil {
		return false, err
	}
	to, list := u.LastRev, make([]storage.WordsOf, len(rows))
	for i, m := range rows {
		list[i].MessageID, list[i].CreatedAt = m.ID, m.CreatedAt
		if searchable(m) {
			list[i].Words = wordSet(m.Content)
		}
		to = max(to, m.Rev)
	}
	if more = len(rows) == indexStep; more {
		to = rows[len(rows)-1].Rev
	}
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := tx.IndexMessages(ctx, u, to, list)
		return err
	})
	return more, err
}

// searchable reports whether a message is found by its words: an answer that
// is still being written is not, since its text is not settled.
func searchable(m storage.Message) bool {
	return m.DeletedAt.IsZero() && !open(m)
}
