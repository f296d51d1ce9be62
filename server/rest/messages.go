package rest

import (
	"math"
	"net/http"
	"strconv"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
)

// messagesReply is a page of a conversation, without its messages, which are
// JSON already; Total is for older clients, which ask by offset.
type messagesReply struct {
	chat.EncodedMessages
	Total *int64
}

// appendTo appends {"messages", "conversation", "hasMore", "nextBefore", "total"}.
func (p *messagesReply) appendTo(b []byte) []byte {
	b = append(append(b, `{"messages":`...), p.Messages...)
	b = p.Conversation.AppendJSON(append(b, `,"conversation":`...))
	b = strconv.AppendBool(append(b, `,"hasMore":`...), p.HasMore)
	b = append(b, `,"nextBefore":`...)
	if p.NextBefore == 0 {
		b = append(b, `null`...)
	} else {
		b = strconv.AppendInt(b, p.NextBefore, 10)
	}
	if p.Total != nil {
		b = strconv.AppendInt(append(b, `,"total":`...), *p.Total, 10)
	}
	return append(b, '}')
}

// conversationMessages lists by the path: /api/conversations/:id/messages.
func (s *site) conversationMessages(c *call) error {
	return s.pageOfMessages(c, c.Param("id"))
}

// listMessages lists by the query: /api/messages?conversationId=…
func (s *site) listMessages(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	id := q.text("conversationId")
	if id == "" && len(q.bad) == 0 {
		q.note("conversationId", "Say which conversation to list.")
	}
	if err := q.err(); err != nil {
		return err
	}
	return s.pageOfMessages(c, id)
}

func (s *site) pageOfMessages(c *call, conversationID string) error {
	ask, err := messageQuery(c)
	if err != nil {
		return err
	}
	list, err := s.Chat.EncodedMessages(c.Request().Context(), c.actor, conversationID, ask.MessageQuery, func(u *chat.Upload) { s.link(c, u) })
	if err != nil {
		return err
	}
	page := messagesReply{EncodedMessages: list}
	if ask.fromStart {
		page.HasMore = list.Conversation.LastSeq > int64(ask.Limit)
	}
	if ask.counted {
		// Places are given by one and tombstones keep theirs, so the last
		// place is how many there are.
		page.Total = &list.Conversation.LastSeq
	}
	s.writeAppended(c, http.StatusOK, page.appendTo)
	return nil
}

type messageAsk struct {
	chat.MessageQuery
	counted   bool // an older client wants to know the total
	fromStart bool // after=0: forward from the first message
}

func messageQuery(c *call) (messageAsk, error) {
	q, err := readQuery(c)
	if err != nil {
		return messageAsk{}, err
	}
	ask := messageAsk{MessageQuery: chat.MessageQuery{Limit: q.limit(), AfterRev: q.number("afterRev", 0, math.MaxInt64)}}
	if n := q.number("before", 1, math.MaxInt64); n != nil {
		ask.Before = *n
	}
	if n := q.number("after", 0, math.MaxInt64); n != nil {
		ask.After = *n
		if *n == 0 {
			// Places are given by one, from 1, so the first page is what lies
			// before the place after it.
			ask.Before, ask.fromStart = int64(ask.Limit)+1, true
		}
	}
	if n := q.number("offset", 0, maxOffset); n != nil {
		ask.Offset, ask.counted = int(*n), true
	}
	places := 0
	for _, name := range []string{"before", "after", "afterRev", "offset"} {
		if q.values.Has(name) {
			places++
		}
	}
	if places > 1 && len(q.bad) == 0 {
		q.note("before", "Give only one of before, after, afterRev and offset.")
	}
	return ask, q.err()
}

// message finds one. An older client puts a conversation's id there and gets
// that conversation's list.
func (s *site) message(c *call) error {
	found, err := s.Chat.Message(c.Request().Context(), c.actor, c.Param("id"))
	if err == nil {
		return s.ok(c, s.shown(c, found)[0])
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	if listErr := s.pageOfMessages(c, c.Param("id")); !fault.Is(listErr, fault.NotFound) {
		return listErr
	}
	return err
}

// sendMessage stores a message. The same clientMessageId again is 200 instead
// of 201, with the same message.
func (s *site) sendMessage(c *call) error {
	var d chat.Draft
	err := bind(c,
		text("conversationId", &d.ConversationID), text("content", &d.Content), texts("uploadIds", &d.UploadIDs),
		text("imageUrl", &d.ImageURL), text("mode", &d.Mode), text("clientMessageId", &d.ClientMessageID),
	)
	if err != nil {
		return err
	}
	if d.ClientMessageID == "" {
		d.ClientMessageID = c.Request().Header.Get("Idempotency-Key")
	}
	sent, err := s.Chat.Send(c.Request().Context(), c.actor, d)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if sent.Duplicate {
		status = http.StatusOK
	}
	s.writeAppended(c, status, s.shown(c, sent.Message)[0].AppendJSON)
	return nil
}

func (s *site) editMessage(c *call) error {
	var content string
	if err := bind(c, text("content", &content)); err != nil {
		return err
	}
	changed, err := s.Chat.Edit(c.Request().Context(), c.actor, c.Param("id"), content)
	if err != nil {
		return err
	}
	return s.ok(c, s.shown(c, changed)[0])
}

func (s *site) deleteMessage(c *call) error {
	tombstone, err := s.Chat.DeleteMessage(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, tombstone)
}

func (s *site) stopAnswer(c *call) error {
	stopped, err := s.Chat.Stop(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, stopped)
}

func (s *site) regenerate(c *call) error {
	pending, err := s.Chat.Regenerate(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.created(c, pending)
}
