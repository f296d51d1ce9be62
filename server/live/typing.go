package live

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// typingFor is how long somebody types who does not say so again.
const typingFor = 5 * time.Second

// The transient events that live itself puts on conversations' topics.
const (
	eventTyping = "live.typing"
	eventJoined = "live.joined"
	eventLeft   = "live.left"
)

// The client events of typing.
const (
	typingStarts = "user_typing_start"
	typingStops  = "user_typing_stop"
)

// typist is one person typing in one conversation.
type typist struct{ user, conversation string }

// typing is who types at this node, and until when on which of their sockets:
// somebody stops with the last of them.
type typing struct {
	mu    sync.Mutex
	until map[typist]map[string]time.Time
}

func newTyping() *typing { return &typing{until: map[typist]map[string]time.Time{}} }

// start reports whether this is news: who types already goes on quietly.
func (t *typing) start(who typist, socket string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	already := len(t.until[who]) > 0
	if !already {
		t.until[who] = map[string]time.Time{}
	}
	t.until[who][socket] = now.Add(typingFor)
	return !already
}

// stop reports whether somebody has stopped by it.
func (t *typing) stop(who typist, socket string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, was := t.until[who][socket]
	return was && t.remove(who, socket)
}

// remove reports whether it was the last socket. The caller holds mu.
func (t *typing) remove(who typist, socket string) bool {
	delete(t.until[who], socket)
	if len(t.until[who]) > 0 {
		return false
	}
	delete(t.until, who)
	return true
}

// expired takes those who have said nothing for too long.
func (t *typing) expired(now time.Time) []typist {
	t.mu.Lock()
	defer t.mu.Unlock()
	var late []typist
	for who, sockets := range t.until {
		for socket, until := range sockets {
			if now.After(until) && t.remove(who, socket) {
				late = append(late, who)
			}
		}
	}
	return late
}

// happening is who does what in a conversation: typing, coming, going.
type happening struct {
	UserID         string    `json:"userId"`
	ConversationID string    `json:"conversationId"`
	Timestamp      chat.Time `json:"timestamp"`
	Name           string    `json:"name,omitempty"` // of the client event; on the bus only
}

func (s *Server) publishTyping(t typist, name string) {
	s.publishHappening(eventTyping, happening{UserID: t.user, ConversationID: t.conversation, Name: name})
}

// stopTyping says that somebody no longer types, if they did on this socket and
// do on no other.
func (s *Server) stopTyping(c *client, conversation string) {
	if t := (typist{c.socket.Identity(), conversation}); s.typing.stop(t, c.socket.ID()) {
		s.publishTyping(t, typingStops)
	}
}

// tellPresence says that somebody came to or left an open conversation.
func (s *Server) tellPresence(event, user, conversation string) {
	name := "user_joined_conversation"
	if event == eventLeft {
		name = "user_left_conversation"
	}
	s.publishHappening(event, happening{UserID: user, ConversationID: conversation, Name: name})
}

func (s *Server) publishHappening(event string, h happening) {
	h.Timestamp = chat.Time(time.Now())
	data, err := json.Marshal(h)
	if err != nil {
		return
	}
	s.passing(bus.Event{Topic: chat.ConversationTopic(h.ConversationID), Name: event, Data: data})
}

// passing queues a transient event for the bus. It never waits, so that it may
// be called from anywhere; what does not fit is lost, which nobody misses.
func (s *Server) passing(e bus.Event) {
	select {
	case s.transient <- e:
	default:
		s.log.Debug("a transient event was dropped", "event", e.Name)
	}
}

// publishPassing publishes what passing queued, in order, until the server ends.
func (s *Server) publishPassing() {
	for {
		select {
		case e := <-s.transient:
			ctx, cancel := context.WithTimeout(s.ctx, time.Second)
			_ = s.o.Bus.Publish(ctx, e)
			cancel()
		case <-s.ctx.Done():
			return
		}
	}
}

// presence tells the room, but not the sockets of the one it is about.
func (r *room) presence(e bus.Event) {
	var h happening
	if json.Unmarshal(e.Data, &h) != nil {
		return
	}
	if e.Name != eventTyping && r.s.ns.RoomSize(r.name()) > chat.Crowd {
		return // each of a crowd would hear of each
	}
	if !r.someoneBut(h.UserID) {
		return
	}
	name := h.Name
	h.Name = ""
	p, err := socketio.NewPacket(name, h)
	if err != nil {
		return
	}
	r.s.ns.BroadcastVolatile(r.name(), p.Transient(), func(s *socketio.Socket) bool { return s.Identity() == h.UserID }, nil)
}

// someoneBut reports whether another than one user is in the room. Of a crowd
// it is taken for granted.
func (r *room) someoneBut(user string) bool {
	switch n := r.s.ns.RoomSize(r.name()); {
	case n == 0:
		return false
	case n > chat.Crowd:
		return true
	}
	return slices.ContainsFunc(r.s.ns.InRoom(r.name()), func(s *socketio.Socket) bool { return s.Identity() != user })
}
