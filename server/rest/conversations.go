package rest

import (
	"net/http"
	"strconv"

	"github.com/elite-trading-coach/coach/server/chat"
)

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
	Total   *int64
	Limit   int
	Offset  *int
	HasMore bool
}

func (p *pagination) appendTo(b []byte) []byte {
	b = append(b, '{')
	if p.Total != nil {
		b = append(strconv.AppendInt(append(b, `"total":`...), *p.Total, 10), ',')
	}
	b = strconv.AppendInt(append(b, `"limit":`...), int64(p.Limit), 10)
	if p.Offset != nil {
		b = strconv.AppendInt(append(b, `,"offset":`...), int64(*p.Offset), 10)
	}
	b = strconv.AppendBool(append(b, `,"hasMore":`...), p.HasMore)
	return append(b, '}')
}

type conversationsReply struct {
	Items      []byte // JSON already
	Pagination pagination
	NextCursor string // "" = null
}

// appendTo appends {"items", "pagination", "nextCursor"}.
func (p *conversationsReply) appendTo(b []byte) []byte {
	b = append(append(b, `{"items":`...), p.Items...)
	b = p.Pagination.appendTo(append(b, `,"pagination":`...))
	if p.NextCursor == "" {
		return append(b, `,"nextCursor":null}`...)
	}
	// A cursor is base64: nothing in it needs an escape.
	return append(append(append(b, `,"nextCursor":"`...), p.NextCursor...), `"}`...)
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
	list, err := s.Chat.EncodedConversations(c.Request().Context(), c.actor, ask)
	if err != nil {
		return err
	}
	page := conversationsReply{
		Items: list.Items, Pagination: pagination{list.Total, ask.Limit, ask.Offset, list.HasMore}, NextCursor: list.NextCursor,
	}
	s.writeAppended(c, http.StatusOK, page.appendTo)
	return nil
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
