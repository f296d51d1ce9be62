package rest

import "github.com/elite-trading-coach/coach/server/chat"

type foundPage struct {
	Items      []chat.Found `json:"items"`
	HasMore    bool         `json:"hasMore"`
	NextCursor *string      `json:"nextCursor"`
}

func (s *site) searchMessages(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	ask := chat.SearchQuery{Text: q.text("q"), ConversationID: q.text("conversationId"), Limit: q.limit(), Cursor: q.text("cursor")}
	if err := q.err(); err != nil {
		return err
	}
	list, err := s.Chat.Search(c.Request().Context(), c.actor, ask)
	if err != nil {
		return err
	}
	page := foundPage{Items: list.Items, HasMore: list.HasMore}
	if list.NextCursor != "" {
		page.NextCursor = &list.NextCursor
	}
	return s.ok(c, page)
}
