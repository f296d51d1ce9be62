package chat

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// MaxQuery bounds a search text, in characters.
const MaxQuery = 1000

// SearchQuery asks for a page of what the actor may read and that holds all
// words of a text.
type SearchQuery struct {
	Text           string
	ConversationID string // "" = all of the actor's
	Limit          int    // 1–100
	Cursor         string // of the page before
}

// Found is a message and the part of it where the words are.
type Found struct {
	Message Message `json:"message"`
	// Excerpt put together is a part of the content.
	Excerpt []Piece `json:"excerpt"`
}

// FoundList is one page, newest first.
type FoundList struct {
	Items      []Found
	HasMore    bool
	NextCursor string
}

// Search finds messages by their words.
func (s *Service) Search(ctx context.Context, a auth.Actor, q SearchQuery) (FoundList, error) {
	out := FoundList{Items: []Found{}}
	page := storage.SearchPage{UserID: a.UserID, ConversationID: q.ConversationID, Words: queryWords(q.Text)}
	if problem := queryProblem(q.Text); problem != "" {
		return out, fault.Invalid("q", problem)
	}
	if q.Cursor != "" {
		var err error
		if page.AfterTime, page.AfterID, err = readCursor(q.Cursor); err != nil {
			return out, err
		}
	}
	if q.ConversationID != "" {
		if _, err := s.membership(ctx, a, q.ConversationID); err != nil {
			return out, err
		}
	}
	if len(page.Words) == 0 {
		return out, nil // nothing but signs, which nothing is found by
	}
	s.indexOf(ctx, a.UserID)
	rows, err := s.search(ctx, page, q.Limit+1)
	if err != nil {
		return out, err
	}
	if out.HasMore = len(rows) > q.Limit; out.HasMore {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		out.NextCursor = cursorAt(last.CreatedAt, last.ID)
	}
	for _, m := range rows {
		out.Items = append(out.Items, Found{Message: messageView(m), Excerpt: excerpt(m.Content, page.Words)})
	}
	return out, nil
}

// search reads up to n rows that hold the words as they stand now: the index
// may not know yet of an edit or a deletion.
func (s *Service) search(ctx context.Context, page storage.SearchPage, n int) ([]storage.Message, error) {
	var out []storage.Message
	for len(out) < n {
		page.Limit = n - len(out)
		rows, err := s.store.Search(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, m := range rows {
			if holds(m, page.Words) {
				out = append(out, m)
			}
		}
		if len(rows) < page.Limit {
			break
		}
		last := rows[len(rows)-1]
		page.AfterTime, page.AfterID = last.CreatedAt, last.ID
	}
	return out, nil
}

// holds reports whether a message has all the words.
func holds(m storage.Message, wanted []string) bool {
	if !searchable(m) {
		return false
	}
	missing := slices.Clone(wanted)
	for w := range words(m.Content) {
		if i := slices.Index(missing, w.text); i >= 0 {
			if missing = slices.Delete(missing, i, i+1); len(missing) == 0 {
				return true
			}
		}
	}
	return false
}

// queryProblem says what is wrong with a search text, or "".
func queryProblem(s string) string {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return "The search text must be valid UTF-8 without NUL characters."
	case utf8.RuneCountInString(s) > MaxQuery:
		return "The search text is longer than 1 000 characters."
	case strings.TrimSpace(s) == "":
		return "Say what to look for: one or more words."
	}
	return ""
}
