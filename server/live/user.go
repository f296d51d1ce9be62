package live

import (
	"encoding/json"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// The transient events that live itself puts on users' topics.
const (
	eventRead   = "live.read"
	eventStatus = "live.status"
)

// except wraps what goes to all of a user's sockets but one.
type except struct {
	Socket  string          `json:"socket"`
	Name    string          `json:"name"`
	Payload json.RawMessage `json:"payload"`
}

// tellUser brings an event of a user's topic to that user's sockets. It runs
// on the bus.
func (s *Server) tellUser(id string, e bus.Event) {
	room := chat.UserTopic(id)
	switch e.Name {
	case chat.EventConversation:
		s.toUser(room, "conversation_updated", e.Data, nil)
	case chat.EventActivity:
		var v struct {
			Conversation struct{ ID string }
		}
		if json.Unmarshal(e.Data, &v) != nil {
			return
		}
		open := chat.ConversationTopic(v.Conversation.ID)
		s.toUser(room, "conversation_updated", e.Data, func(socket *socketio.Socket) bool { return socket.In(open) })
	case chat.EventGone:
		var v struct{ ConversationID string }
		if json.Unmarshal(e.Data, &v) != nil {
			return
		}
		s.expel(id, v.ConversationID)
		s.toUser(room, "conversation_deleted", e.Data, nil)
	case chat.EventMemberAdded:
		s.toUser(room, "member_added", e.Data, nil)
	case chat.EventMemberLeft:
		s.memberLeft(id, e.Data)
	case eventRead, eventStatus:
		var v except
		if json.Unmarshal(e.Data, &v) != nil {
			return
		}
		s.toUser(room, v.Name, v.Payload, func(socket *socketio.Socket) bool { return socket.ID() == v.Socket })
	}
}

func (s *Server) toUser(room, name string, payload json.RawMessage, but func(*socketio.Socket) bool) {
	p, err := socketio.NewPacket(name, payload)
	if err != nil {
		s.log.Error("an event cannot be encoded", "event", name, "err", err)
		return
	}
	s.ns.Broadcast(room, p, but)
}

// memberLeft tells one user that somebody is no longer in a conversation. Was
// it themselves, their sockets leave its room first.
func (s *Server) memberLeft(user string, payload json.RawMessage) {
	var v struct {
		ConversationID string
		Member         struct{ UserID string }
	}
	if json.Unmarshal(payload, &v) != nil {
		return
	}
	if v.Member.UserID == user {
		s.expel(user, v.ConversationID)
	}
	s.toUser(chat.UserTopic(user), "member_removed", payload, nil)
}
