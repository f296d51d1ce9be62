package live

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// An image's address begins with the address under which its reader reaches
// this server, and readers of one room may have come by different ones. What
// shows no images, which is nearly everything, is still encoded once for all.

// base is what the addresses of a client's images begin with.
func (s *Server) base(h socketio.Handshake) string {
	if s.o.Base == nil {
		return ""
	}
	return s.o.Base(h)
}

// shown gives the images of messages the addresses for one client. It writes
// into the messages' own lists.
func (s *Server) shown(c *client, list ...chat.Message) {
	link := s.linkFor(c)
	for _, m := range list {
		for i := range m.Uploads {
			link(&m.Uploads[i])
		}
	}
}

// linkFor gives an image the addresses that one client finds it at.
func (s *Server) linkFor(c *client) func(*chat.Upload) {
	return func(u *chat.Upload) {
		if s.o.Link != nil {
			s.o.Link(c.base, u)
		}
	}
}

// bases lists the addresses by which the room's members came.
func (r *room) bases() []string {
	var list []string
	for _, socket := range r.s.ns.InRoom(r.name()) {
		if base := of(socket).base; !slices.Contains(list, base) {
			list = append(list, base)
		}
	}
	return list
}

// tell turns an event into packets and hands each to send: one for all, or,
// where it shows images, one for each base, with who is to be left out of it.
func (r *room) tell(e bus.Event, bases []string, send func(p *socketio.Packet, except func(*socketio.Socket) bool)) {
	events, err := chat.ClientEvents(e)
	if err != nil {
		r.s.log.Error("an event of the bus cannot be read", "conversation", r.id, "event", e.Name, "err", err)
		return
	}
	for _, ce := range events {
		if r.s.o.Link == nil || len(bases) == 0 || !showsImages(ce.Payload) {
			r.pack(ce.Name, ce.Payload, nil, send)
			continue
		}
		for i, base := range bases {
			r.pack(ce.Name, r.s.linked(ce.Payload, base), notOf(bases, i), send)
		}
	}
}

func (r *room) pack(name string, payload json.RawMessage, except func(*socketio.Socket) bool, send func(*socketio.Packet, func(*socketio.Socket) bool)) {
	p, err := socketio.NewPacket(name, payload)
	if err != nil {
		r.s.log.Error("an event cannot be encoded", "event", name, "err", err)
		return
	}
	send(p, except)
}

func (r *room) broadcast(p *socketio.Packet, except func(*socketio.Socket) bool) {
	r.s.ns.Broadcast(r.name(), p, except)
}

// notOf leaves out the sockets that another base's packet is for. The first
// base's is also for those of none of them, who are lost for now and may be
// recovered: an address of another name is better than a hole.
func notOf(bases []string, i int) func(*socketio.Socket) bool {
	if i > 0 {
		return func(s *socketio.Socket) bool { return of(s).base != bases[i] }
	}
	others := bases[1:]
	return func(s *socketio.Socket) bool { return slices.Contains(others, of(s).base) }
}

// showsImages reports whether a payload holds a message with images. A text
// cannot look like it: its quotes are escaped.
func showsImages(payload json.RawMessage) bool {
	return bytes.Contains(payload, []byte(`"uploads":[{`))
}

// linked gives the images of an event's message their addresses.
func (s *Server) linked(payload json.RawMessage, base string) json.RawMessage {
	var v struct {
		Message   chat.Message    `json:"message"`
		Timestamp json.RawMessage `json:"timestamp"`
	}
	if json.Unmarshal(payload, &v) != nil {
		return payload // it came out of an encoder
	}
	for i := range v.Message.Uploads {
		s.o.Link(base, &v.Message.Uploads[i])
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return payload
	}
	return raw
}
