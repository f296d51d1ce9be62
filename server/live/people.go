package live

import (
	"context"
	"slices"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/socketio"
)

func (s *Server) typingStart(ctx context.Context, c *client, r *request) (map[string]any, error) {
	who, err := s.typist(ctx, c, r)
	if err == nil && s.typing.start(who, c.socket.ID(), time.Now()) {
		s.publishTyping(who, typingStarts)
	}
	return nil, err
}

func (s *Server) typingStop(ctx context.Context, c *client, r *request) (map[string]any, error) {
	who, err := s.typist(ctx, c, r)
	if err == nil {
		s.stopTyping(c, who.conversation)
	}
	return nil, err
}

func (s *Server) typingEither(ctx context.Context, c *client, r *request) (map[string]any, error) {
	var v struct {
		IsTyping *bool `json:"isTyping"`
	}
	if err := r.decode(&v); err != nil {
		return nil, err
	}
	if v.IsTyping == nil {
		return nil, fault.Invalid("isTyping", "Say whether somebody types: true or false.")
	}
	if *v.IsTyping {
		return s.typingStart(ctx, c, r)
	}
	return s.typingStop(ctx, c, r)
}

// typist is the client in a conversation that it is in.
func (s *Server) typist(ctx context.Context, c *client, r *request) (typist, error) {
	id, err := r.conversationID()
	if err != nil {
		return typist{}, err
	}
	if !c.socket.In(chat.ConversationTopic(id)) {
		if _, err := s.o.Chat.Conversation(ctx, c.who(), id); err != nil {
			return typist{}, err
		}
	}
	return typist{c.who().UserID, id}, nil
}

func (s *Server) updateStatus(_ context.Context, c *client, r *request) (map[string]any, error) {
	var v struct {
		Status string `json:"status"`
	}
	if err := r.decode(&v); err != nil {
		return nil, err
	}
	if !statuses[v.Status] {
		return nil, fault.Invalid("status", "The status is online, away, busy or offline.")
	}
	s.presence.set(c.who().UserID, v.Status, time.Now())
	return nil, nil
}

func (s *Server) onlineUsers(ctx context.Context, c *client, r *request) (map[string]any, error) {
	var v struct {
		ConversationID string `json:"conversationId"`
	}
	// Older clients send nothing, or something else: then it is everybody.
	if len(r.event.Args) > 0 && len(r.event.Args[0]) > 0 && r.event.Args[0][0] == '{' {
		if err := r.decode(&v); err != nil {
			return nil, err
		}
	}
	actor := c.who()
	var people []string
	var err error
	if v.ConversationID == "" {
		people, err = s.o.Chat.Peers(ctx, actor.UserID, peersTold)
	} else {
		people, err = s.o.Chat.MemberIDs(ctx, actor, v.ConversationID)
	}
	if err != nil {
		return nil, err
	}
	people = slices.DeleteFunc(people, func(id string) bool { return id == actor.UserID })
	here := s.presence.visible(people)
	return map[string]any{"users": here[:min(len(here), peersTold)], "online": len(here)}, nil
}

// refreshAuth lets a socket outlive its token: another token of the same user
// takes its place.
func (s *Server) refreshAuth(ctx context.Context, c *client, r *request) (map[string]any, error) {
	var v struct {
		Token string `json:"token"`
	}
	if err := r.decode(&v); err != nil {
		return nil, err
	}
	fresh, err := s.o.Auth.Verify(ctx, v.Token)
	if err != nil {
		return nil, err
	}
	if fresh.UserID != c.who().UserID {
		return nil, fault.New(fault.TokenInvalid, "The token is another user's; connect anew to change users.")
	}
	return map[string]any{"expiresAt": chat.Time(fresh.ExpiresAt)}, s.renew(ctx, c, r, fresh, v.Token)
}

// renew gives a socket another sign-in. One that ended since it was looked at
// found the socket under the sign-in before, and spared it.
func (s *Server) renew(ctx context.Context, c *client, r *request, fresh auth.Actor, token string) error {
	c.change(func(a *auth.Actor) { *a = fresh })
	s.sockets.refiled(c)
	err := s.over(ctx, token)
	if err != nil {
		r.after = func() { end(c.socket, string(fault.From(err).Code)) }
	}
	return err
}

// endIfOver ends a socket whose sign-in is over.
func (s *Server) endIfOver(ctx context.Context, socket *socketio.Socket, token string) {
	if err := s.over(ctx, token); err != nil {
		end(socket, string(fault.From(err).Code))
	}
}

// over is why a sign-in is no more; nil: it is, or nobody can say.
func (s *Server) over(ctx context.Context, token string) error {
	_, err := s.o.Auth.Verify(ctx, token)
	if err == nil || mayPass(fault.From(err)) {
		return nil
	}
	return err
}
