package live

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// Connect implements socketio.Handler: it lets in whoever has a live session.
// What the user must mend is a CONNECT_ERROR, after which the client does not
// come back by itself; anything else (the database is away) closes the
// transport, after which it does.
func (s *Server) Connect(ctx context.Context, h socketio.Handshake) (socketio.Admission, error) {
	if s.draining.Load() {
		return socketio.Admission{}, socketio.ErrTryLater
	}
	actor, err := s.o.Auth.Verify(ctx, tokenOf(h))
	if err != nil {
		f := fault.From(err)
		if mayPass(f) {
			s.log.Log(ctx, severity(err), "a socket could not be checked; it may try again", "err", err)
			return socketio.Admission{}, socketio.ErrTryLater
		}
		return socketio.Admission{}, &socketio.ConnectError{Message: f.Message, Data: map[string]string{"code": string(f.Code)}}
	}
	if !s.mayConnect(ctx, h, actor) {
		return socketio.Admission{}, socketio.ErrTryLater
	}
	return socketio.Admission{Identity: actor.UserID, Data: &client{actor: actor, base: s.base(h)}}, nil
}

// mayPass reports whether the very same may go well later: the user has nothing
// to mend.
func mayPass(f *fault.Error) bool { return f.Code.Retryable() || f.Code == fault.Internal }

// mayConnect counts a connection: each is greeted with what the database knows.
func (s *Server) mayConnect(ctx context.Context, h socketio.Handshake, a auth.Actor) bool {
	if s.o.Unlimited || a.Admin() {
		return true
	}
	rule := s.o.Tiers.Of(a.Tier).Connects()
	d, err := s.o.Limiter.Allow(ctx, limit.UserKey(a.UserID), rule, 1)
	if err == nil && !d.Allowed {
		s.o.Refused(Refusal{Actor: a, Address: s.o.Address(h), Rule: rule.Name, Limit: rule.Limit})
	}
	return err != nil || d.Allowed // a limiter that is away must not take the chat with it
}

// tokenOf finds the token of a handshake: auth.token, else the Authorization
// header, else the query.
func tokenOf(h socketio.Handshake) string {
	var a struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(h.Auth, &a) == nil && a.Token != "" {
		return strings.TrimPrefix(a.Token, "Bearer ")
	}
	if scheme, token, ok := strings.Cut(h.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return h.Query().Get("token")
}

// Connected implements socketio.Handler.
func (s *Server) Connected(socket *socketio.Socket) {
	c := of(socket)
	c.socket = socket
	s.sockets.add(c)
	actor := c.who()
	s.rooms.user(actor.UserID)
	socket.Join(chat.UserTopic(actor.UserID))
	s.closeOldest(actor)
	kind := metrics.Fresh
	if socket.Recovered() {
		kind = metrics.Recovered
		s.rejoin(c)
	}
	s.o.Metrics.Connected(kind)
	ctx, cancel := context.WithTimeout(s.ctx, eventLimit)
	defer cancel()
	_ = socket.Greet("connected", map[string]any{
		"userId": actor.UserID, "sessionId": actor.SessionID, "serverTime": chat.Time(time.Now()),
		"recovered": socket.Recovered(), "limits": s.o.Limits(ctx, actor),
	})
	s.presence.connected(actor.UserID, time.Now())
	// A session that ended between Connect and now is in no room that its
	// revocation could have reached.
	s.endIfOver(ctx, socket, tokenOf(socket.Handshake()))
}

// rejoin brings a recovered socket's conversations up to date: who was removed
// meanwhile leaves, and pieces of answers, which recovery does not replay,
// begin again with the whole text.
func (s *Server) rejoin(c *client) {
	ctx, cancel := context.WithTimeout(s.ctx, eventLimit)
	defer cancel()
	for _, name := range c.socket.Rooms() {
		id, ok := strings.CutPrefix(name, chat.ConversationTopic(""))
		if !ok {
			continue
		}
		err := s.enter(ctx, c, id)
		if fault.Is(err, fault.NotFound) {
			c.socket.Leave(name)
			s.rooms.look(id)
			continue
		}
		if err != nil {
			// It believes itself in the room: let it come again.
			c.socket.CloseTransport("the database is away")
			return
		}
		// The others were told that the lost one left.
		s.arrived(c, id)
	}
}

// askAgain is how soon a whole answer that did not come is asked for again.
const askAgain = time.Second

// Drained implements socketio.Handler: a socket that missed pieces of answers
// reads again and is given each whole.
func (s *Server) Drained(socket *socketio.Socket) {
	now := time.Now()
	s.askFor(of(socket), now, now)
}

// helpLagging asks again where a drain came before the piece that was dropped
// had been noted, or where the ask itself was lost.
func (s *Server) helpLagging(now time.Time) {
	for _, c := range s.sockets.lagging() {
		s.askFor(c, now.Add(-askAgain), now)
	}
}

// lag notes that a socket waits for the whole of an answer.
func (s *Server) lag(c *client, conversation, answer string) {
	c.lag(conversation, answer)
	s.sockets.lags(c)
}

func (s *Server) askFor(c *client, since, now time.Time) {
	for _, answer := range c.behind(since, now) {
		s.background(func(ctx context.Context) { s.o.Chat.AskFull(ctx, answer, c.socket.ID()) })
	}
}

// Disconnected implements socketio.Handler.
func (s *Server) Disconnected(socket *socketio.Socket, _ string) {
	c := of(socket)
	s.sockets.remove(c)
	actor := c.who()
	for _, name := range socket.Rooms() {
		if id, ok := strings.CutPrefix(name, chat.ConversationTopic("")); ok {
			s.stopTyping(c, id)
			s.left(c, id)
			s.rooms.look(id)
		}
	}
	s.rooms.lookUser(actor.UserID)
	s.presence.disconnected(actor.UserID, time.Now())
}

// arrived tells a conversation that somebody came, unless another device of
// theirs is there.
func (s *Server) arrived(c *client, conversation string) {
	if !s.elsewhere(c, conversation) {
		s.tellPresence(eventJoined, c.who().UserID, conversation)
	}
}

// left tells a conversation that somebody went, unless another device of
// theirs is still there.
func (s *Server) left(c *client, conversation string) {
	if !s.elsewhere(c, conversation) {
		s.tellPresence(eventLeft, c.who().UserID, conversation)
	}
}

// elsewhere reports whether another socket of the same user is in a room.
func (s *Server) elsewhere(c *client, conversation string) bool {
	room, user := chat.ConversationTopic(conversation), chat.UserTopic(c.socket.Identity())
	for _, socket := range s.ns.InRoom(user) {
		if socket != c.socket && socket.In(room) {
			return true
		}
	}
	return false
}

// revoked ends the sockets of sessions that are no more.
func (s *Server) revoked(r auth.Revocation) {
	for _, socket := range s.ns.InRoom(chat.UserTopic(r.UserID)) {
		c := of(socket)
		session := c.who().SessionID
		if (r.SessionID == "" || r.SessionID == session) && (r.Except == "" || r.Except != session) {
			end(socket, string(r.Code))
		}
	}
}

// changed brings a new tier, role or name to the user's open sockets. It is
// called by who asks for changes, and reads nothing itself.
func (s *Server) changed(ch auth.Change) {
	otherTier := false
	for _, socket := range s.ns.InRoom(chat.UserTopic(ch.UserID)) {
		c := of(socket)
		c.change(func(a *auth.Actor) {
			otherTier = otherTier || a.Tier != ch.Tier
			a.Tier, a.Role = ch.Tier, ch.Role
			if ch.Username != "" {
				a.Username = ch.Username
			}
		})
	}
	if otherTier {
		s.background(func(ctx context.Context) { s.tierChangedOf(ctx, ch.UserID) })
	}
}

// background runs what a bus handler or a read loop must not wait for.
func (s *Server) background(fn func(ctx context.Context)) {
	if s.ctx.Err() != nil {
		return
	}
	s.wg.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, eventLimit)
		defer cancel()
		fn(ctx)
	})
}
