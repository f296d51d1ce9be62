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

// typing is who types, by this node's sockets.
type typing struct {
	mu    sync.Mutex
	until map[typist]time.Time
}

func newTyping() *typing { return &typing{until: map[typist]time.Time{}} }

// start reports whether this is news: who types already goes on quietly.
func (t *typing) start(who typist, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, already := t.until[who]
	t.until[who] = now.Add(typingFor)
	return !already
}

func (t *typing) stop(who typist) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, was := t.until[who]
	delete(t.until, who)
	return was
}

// expired takes those who have said nothing for too long.
func (t *typing) expired(now time.Time) []typist {
	t.mu.Lock()
	defer t.mu.Unlock()
	var late []typist
	for who, until := range t.until {
		if now.After(until) {
			late = append(late, who)
			delete(t.until, who)
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

// stopTyping says that somebody no longer types, if they did.
func (s *Server) stopTyping(user, conversation string) {
	if t := (typist{user, conversation}); s.typing.stop(t) {
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
