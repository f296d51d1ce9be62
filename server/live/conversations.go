package live

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/socketio"
)

func (s *Server) joinConversation(ctx context.Context, c *client, r *request) (map[string]any, error) {
	id, err := r.conversationID()
	if err != nil {
		return nil, err
	}
	var v struct {
		AfterRev *int64 `json:"afterRev"`
	}
	if len(r.event.Args[0]) > 0 && r.event.Args[0][0] == '{' {
		if err := r.decode(&v); err != nil {
			return nil, err
		}
	}
	room, err := s.listen(ctx, c, id)
	if err != nil {
		return nil, err
	}
	known, err := s.o.Chat.Since(ctx, c.who(), id, v.AfterRev, s.linkFor(c))
	if err != nil {
		return nil, err
	}
	// First what it missed, then, from that revision on, what happens.
	answer := known.Conversation.AppendJSON(append(make([]byte, 0, 1024+len(known.Messages)), `{"conversation":`...))
	answer = append(known.AppendFields(append(answer, ',')), `,"success":true}`...)
	return nil, s.attach(ctx, room, c, known, func() { r.answer(socketio.Encoded(answer)) })
}

func (s *Server) leaveConversation(_ context.Context, c *client, r *request) (map[string]any, error) {
	id, err := r.conversationID()
	if err != nil {
		return nil, err
	}
	if name := chat.ConversationTopic(id); c.socket.In(name) {
		c.socket.Leave(name)
		c.forget(id)
		s.stopTyping(c, id)
		s.left(c, id)
		s.rooms.look(id)
	}
	return nil, nil
}

// syncPoint is how far a client knows one conversation.
type syncPoint struct {
	ID       string `json:"id"`
	AfterRev *int64 `json:"afterRev"`
}

func (s *Server) sync(ctx context.Context, c *client, r *request) (map[string]any, error) {
	var v struct {
		Conversations []syncPoint `json:"conversations"`
	}
	if err := r.decode(&v); err != nil {
		return nil, err
	}
	if len(v.Conversations) > chat.SyncConversations {
		return nil, fault.Invalid("conversations", "A sync names at most 50 conversations; ask again for the rest.")
	}
	known := make([]chat.Changes, len(v.Conversations))
	opened := make([]*room, len(v.Conversations))
	answer := []byte(`{"conversations":[`)
	for i, point := range v.Conversations {
		var err error
		if opened[i], err = s.listen(ctx, c, point.ID); err == nil {
			known[i], err = s.o.Chat.Since(ctx, c.who(), point.ID, point.AfterRev, s.linkFor(c))
		}
		if i > 0 {
			answer = append(answer, ',')
		}
		if err != nil {
			f := fault.From(err)
			if mayPass(f) {
				return nil, err
			}
			// One that is gone must not keep the others from being read.
			opened[i] = nil
			text, err := json.Marshal(map[string]any{"id": point.ID, "error": f.Message, "code": f.Code, "messages": []any{}, "complete": true})
			if err != nil {
				return nil, err
			}
			answer = append(answer, text...)
			continue
		}
		// An id that names a conversation needs no escapes.
		answer = append(append(append(answer, `{"id":"`...), point.ID...), `",`...)
		answer = append(known[i].AppendFields(answer), '}')
	}
	r.answer(socketio.Encoded(append(answer, `],"success":true}`...)))
	for i, room := range opened {
		if room == nil {
			continue
		}
		err := s.attach(ctx, room, c, known[i], nil)
		if err == nil || fault.Is(err, fault.NotFound) { // who was removed meanwhile is told so
			continue
		}
		// The answer has promised the rooms: let it come again.
		c.socket.CloseTransport("a synced conversation could not be entered")
		return nil, fmt.Errorf("enter a synced conversation: %w", err)
	}
	return nil, nil
}

func (s *Server) markRead(ctx context.Context, c *client, r *request) (map[string]any, error) {
	var v struct {
		ConversationID string `json:"conversationId"`
		Seq            *int64 `json:"seq"`
	}
	if err := r.decode(&v); err != nil {
		return nil, err
	}
	if v.Seq == nil {
		return nil, fault.Invalid("seq", "Say up to which seq was read.")
	}
	actor := c.who()
	seq, err := s.o.Chat.MarkRead(ctx, actor, v.ConversationID, *v.Seq)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(map[string]any{"conversationId": v.ConversationID, "seq": seq})
	if err != nil {
		return nil, err
	}
	s.toTopic(actor.UserID, eventRead, except{Socket: c.socket.ID(), Name: "read_updated", Payload: payload})
	return nil, nil
}
