package storage

import (
	"context"
	"strings"
	"time"
)

// Full-text search runs behind the writes. A message is stored without a look
// at the index; conversations.indexed_rev says up to which revision the index
// knows a conversation, and whoever indexes takes the rows changed since. The
// words come from the program, cut and folded, so that FTS5 and tsvector, which
// would each cut a text in a way of their own, find the same.

// fullText is what the two full-text engines say differently.
type fullText struct {
	// hits is a FROM and WHERE that finds what matches $1 as rows h
	// (message_id, conversation_id, created_at).
	hits string
	// row makes, where the index has no text of its own, what a message ($1) of
	// a conversation ($2) and a time ($3) is known by; "" = put does. put
	// indexes message $1 under the words $2; remove takes it out.
	row, put, remove string
	// How a query and a list of words are written.
	quote   byte
	and, or string
}

// quoted writes words side by side, each safe from the engine's own syntax.
func (f *fullText) quoted(words []string, between string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteByte(f.quote)
		b.WriteString(strings.Map(harmless, w))
		b.WriteByte(f.quote)
	}
	return b.String()
}

// harmless drops what words made by the program never hold and an engine
// would take for its own.
func harmless(r rune) rune {
	switch r {
	case '"', '\'', '\\', ' ', 0:
		return -1
	}
	return r
}

// query asks for all words, in one of the conversations if any are named.
func (f *fullText) query(words, conversations []string) string {
	all := f.quoted(words, f.and)
	if len(conversations) == 0 {
		return all
	}
	scopes := make([]string, len(conversations))
	for i, id := range conversations {
		scopes[i] = scopeWord(id)
	}
	return all + f.and + "(" + f.quoted(scopes, f.or) + ")"
}

// scopeWord is a word that every message of a conversation has and no text
// can: the words of a text never begin with a low line.
func scopeWord(conversationID string) string {
	return "_" + strings.ReplaceAll(conversationID, "-", "")
}

// narrowUpTo is the number of conversations up to which a search names them to
// the engine, so that it need not visit what all others wrote. Somebody who is
// in more owns so much of the index that naming them saves nothing.
const narrowUpTo = 200

// SearchPage asks for the messages that one user may read and that hold all
// words, newest first.
type SearchPage struct {
	UserID         string
	ConversationID string   // "" = all of the user's
	Words          []string // at least one
	// The page begins after this place; zero: at the newest.
	AfterTime time.Time
	AfterID   string
	Limit     int
}

// Search lists one page of what the index knows, by the membership as it is
// now. Its rows may have changed since they were indexed: look again.
func (r Reader) Search(ctx context.Context, p SearchPage) ([]Message, error) {
	scopes, err := r.searchScopes(ctx, p)
	if err != nil {
		return nil, err
	}
	args := []any{r.d.fullText.query(p.Words, scopes), p.UserID, p.Limit}
	where := ` AND h.conversation_id IN (SELECT s.conversation_id FROM members s WHERE s.user_id = $2)`
	if p.ConversationID != "" {
		args = append(args, p.ConversationID)
		where += ` AND h.conversation_id = ` + placeholder(len(args))
	}
	if p.AfterID != "" {
		args = append(args, p.AfterTime.UnixMicro(), p.AfterID)
		where += ` AND (h.created_at, h.message_id) < (` + placeholder(len(args)-1) + `, ` + placeholder(len(args)) + `)`
	}
	return collect(ctx, r, "search messages", scanMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.id IN (
			SELECT h.message_id FROM `+r.d.fullText.hits+where+` ORDER BY h.created_at DESC, h.message_id DESC LIMIT $3)
		ORDER BY m.created_at DESC, m.id DESC`, args...)
}

// searchScopes names the conversations to look in, none when they are too many.
func (r Reader) searchScopes(ctx context.Context, p SearchPage) ([]string, error) {
	if p.ConversationID != "" {
		return []string{p.ConversationID}, nil
	}
	ids, err := collect(ctx, r, "list conversations to search", func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT m.conversation_id FROM members m WHERE m.user_id = $1 LIMIT $2`, p.UserID, narrowUpTo+1)
	if len(ids) > narrowUpTo {
		ids = nil
	}
	return ids, err
}

// Unindexed is a conversation of which the index is behind.
type Unindexed struct {
	ConversationID      string
	IndexedRev, LastRev int64
}

func scanUnindexed(row scanner) (Unindexed, error) {
	var u Unindexed
	return u, row.Scan(&u.ConversationID, &u.IndexedRev, &u.LastRev)
}

const unindexed = `SELECT c.id, c.indexed_rev, c.last_rev FROM conversations c`

// Unindexed lists up to limit conversations of which the index is behind.
func (r Reader) Unindexed(ctx context.Context, limit int) ([]Unindexed, error) {
	return collect(ctx, r, "look for what to index", scanUnindexed,
		unindexed+` WHERE c.indexed_rev < c.last_rev AND c.deleted_at IS NULL ORDER BY c.id LIMIT $1`, limit)
}

// UnindexedOf lists those that one user is in.
func (r Reader) UnindexedOf(ctx context.Context, userID string, limit int) ([]Unindexed, error) {
	return collect(ctx, r, "look for what to index", scanUnindexed, unindexed+` JOIN members m ON m.conversation_id = c.id
		WHERE m.user_id = $1 AND c.indexed_rev < c.last_rev AND c.deleted_at IS NULL ORDER BY c.activity_at DESC LIMIT $2`, userID, limit)
}

// WordsOf is what a message is found by; no words: it is not found.
type WordsOf struct {
	MessageID string
	CreatedAt time.Time
	Words     []string // without quotes and spaces
}

// IndexMessages brings the index of a conversation to a revision, if nobody
// else did meanwhile; it reports whether it was this call.
func (tx *Tx) IndexMessages(ctx context.Context, u Unindexed, to int64, list []WordsOf) (bool, error) {
	n, err := tx.count(ctx, "advance the index", `UPDATE conversations SET indexed_rev = $3 WHERE id = $1 AND indexed_rev = $2`,
		u.ConversationID, u.IndexedRev, to)
	if err != nil || n == 0 {
		return false, err
	}
	for _, m := range list {
		if err := tx.indexMessage(ctx, u.ConversationID, m); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (tx *Tx) indexMessage(ctx context.Context, conversationID string, m WordsOf) error {
	if len(m.Words) == 0 {
		return tx.laterAny(ctx, "take out of the index", tx.d.fullText.remove, m.MessageID)
	}
	if row := tx.d.fullText.row; row != "" {
		if err := tx.laterAny(ctx, "index a message", row, m.MessageID, conversationID, usec(m.CreatedAt)); err != nil {
			return err
		}
	}
	words := tx.d.fullText.quoted(append([]string{scopeWord(conversationID)}, m.Words...), " ")
	return tx.laterAny(ctx, "index a message", tx.d.fullText.put, m.MessageID, words)
}
