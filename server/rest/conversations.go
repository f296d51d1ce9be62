package rest

import "github.com/elite-trading-coach/coach/server/chat"

func (s *site) createConversation(c *call) error {
	var in chat.NewConversation
	if err := bind(c, text("title", &in.Title), text("mode", &in.Mode), text("coach", &in.Coach)); err != nil {
		return err
	}
	made, err := s.Chat.Create(c.Request().Context(), c.actor, in)
	if err != nil {
		return err
	}
	return s.created(c, made)
}

// pagination describes a page of conversations; Total and Offset are for
// older clients, which ask by offset.
type pagination struct {
	Total   *int64 `json:"total,omitempty"`
	Limit   int    `json:"limit"`
	Offset  *int   `json:"offset,omitempty"`
	HasMore bool   `json:"hasMore"`
}

type conversationPage struct {
	Items      []chat.Conversation `json:"items"`
	Pagination pagination          `json:"pagination"`
	NextCursor *string             `json:"nextCursor"`
}

func (s *site) listConversations(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	ask := chat.ConversationQuery{
		Archived: q.flag("archived"), Mode: q.text("mode"), Query: q.text("q"), Limit: q.limit(), Cursor: q.text("cursor"),
	}
	if n := q.number("offset", 0, maxOffset); n != nil {
		offset := int(*n)
		ask.Offset = &offset
	}
	if err := q.err(); err != nil {
		return err
	}
	list, err := s.Chat.Conversations(c.Request().Context(), c.actor, ask)
	if err != nil {
		return err
	}
	page := conversationPage{
		Items: list.Items, Pagination: pagination{list.Total, ask.Limit, ask.Offset, list.HasMore},
	}
	if list.NextCursor != "" {
		page.NextCursor = &list.NextCursor
	}
	return s.ok(c, page)
}

func (s *site) conversation(c *call) error {
	found, err := s.Chat.Conversation(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, found)
}

func (s *site) updateConversation(c *call) error {
	var p chat.ConversationPatch
	if err := bind(c, maybe("title", &p.Title), maybe("mode", &p.Mode), maybe("coach", &p.Coach)); err != nil {
		return err
	}
	changed, err := s.Chat.Update(c.Request().Context(), c.actor, c.Param("id"), p)
	if err != nil {
		return err
	}
	return s.ok(c, changed)
}

func (s *site) deleteConversation(c *call) error {
	if err := s.Chat.Delete(c.Request().Context(), c.actor, c.Param("id")); err != nil {
		return err
	}
	return s.done(c)
}

func (s *site) archive(c *call) error {
	changed, err := s.Chat.Archive(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, changed)
}

func (s *site) unarchive(c *call) error {
	changed, err := s.Chat.Unarchive(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, changed)
}
