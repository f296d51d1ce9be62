package live

import (
	"context"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// draft is the payload of send_message.
type draft struct {
	ConversationID  string   `json:"conversationId"`
	Content         string   `json:"content"`
	UploadIDs       []string `json:"uploadIds"`
	ImageURL        string   `json:"imageUrl"`
	Mode            string   `json:"mode"`
	ClientMessageID string   `json:"clientMessageId"`
}

func (s *Server) sendMessage(ctx context.Context, c *client, r *request) (map[string]any, error) {
	var d draft
	if err := r.decode(&d); err != nil {
		return nil, err
	}
	// The sender is in the room before the message is, or would miss it. Where
	// the room refuses, Send says why.
	if !c.socket.In(chat.ConversationTopic(d.ConversationID)) && d.ConversationID != "" {
		if err := s.enter(ctx, c, d.ConversationID); err != nil {
			return nil, err
		}
	}
	sent, err := s.o.Chat.Accept(ctx, c.who(), chat.Draft(d))
	if err != nil {
		return nil, err
	}
	c.socket.Together(func() {
		s.o.Chat.Announce(ctx, sent)
		s.stopTyping(c, d.ConversationID)
		s.confirm(c, r, sent)
	})
	return nil, nil
}

// confirm acknowledges a draft, and tells the same by the event of the contract.
func (s *Server) confirm(c *client, r *request, sent chat.Sent) {
	s.shown(c, sent.Message)
	row := sent.Message.AppendJSON(nil) // once, for the answer and the event
	answer := append(append(make([]byte, 0, len(row)+64), `{"message":`...), row...)
	if sent.Duplicate {
		answer = append(answer, `,"duplicate":true`...)
	}
	r.answer(socketio.Encoded(append(answer, `,"success":true}`...)))
	_ = c.socket.Emit("message_sent", socketio.Encoded(row))
}

// tellNotSent names the message, where the payload does, that was not sent. It
// is never kept for recovery, like rate_limited; who was lost asks again by the
// clientMessageId.
func (s *Server) tellNotSent(c *client, r *request, f *fault.Error) {
	var d struct {
		ClientMessageID string `json:"clientMessageId"`
	}
	_ = r.decode(&d) // what cannot be read names none
	p, err := socketio.NewPacket("message_error", map[string]any{"error": f.Message, "code": f.Code, "clientMessageId": orNil(d.ClientMessageID)})
	if err == nil {
		_ = c.socket.Send(p.Transient())
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// messageRef is the payload of what concerns one message.
type messageRef struct {
	MessageID string `json:"messageId"`
	Content   string `json:"content"`
}

func (r *request) message() (messageRef, error) {
	var v messageRef
	if err := r.decode(&v); err != nil {
		return v, err
	}
	if v.MessageID == "" {
		return v, fault.Invalid("messageId", "Say which message.")
	}
	return v, nil
}

func (s *Server) editMessage(ctx context.Context, c *client, r *request) (map[string]any, error) {
	v, err := r.message()
	if err != nil {
		return nil, err
	}
	m, err := s.o.Chat.Edit(ctx, c.who(), v.MessageID, v.Content)
	s.shown(c, m)
	return map[string]any{"message": m}, err
}

func (s *Server) deleteMessage(ctx context.Context, c *client, r *request) (map[string]any, error) {
	v, err := r.message()
	if err != nil {
		return nil, err
	}
	m, err := s.o.Chat.DeleteMessage(ctx, c.who(), v.MessageID)
	return map[string]any{"message": m}, err
}

func (s *Server) stopAI(ctx context.Context, c *client, r *request) (map[string]any, error) {
	v, err := r.message()
	if err != nil {
		return nil, err
	}
	m, err := s.o.Chat.Stop(ctx, c.who(), v.MessageID)
	return map[string]any{"message": m}, err
}

func (s *Server) regenerate(ctx context.Context, c *client, r *request) (map[string]any, error) {
	v, err := r.message()
	if err != nil {
		return nil, err
	}
	m, err := s.o.Chat.Regenerate(ctx, c.who(), v.MessageID)
	return map[string]any{"message": m}, err
}
