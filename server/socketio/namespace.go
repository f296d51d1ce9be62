package socketio

import (
	"iter"
	"maps"
	"slices"
	"sync"
)

// Namespace holds the sockets of one name and their rooms.
type Namespace struct {
	name    string
	server  *Server
	handler Handler
	rooms   *rooms

	mu      sync.RWMutex
	sockets map[string]*Socket // by id
}

func newNamespace(s *Server, name string, h Handler) *Namespace {
	return &Namespace{name: name, server: s, handler: h, rooms: newRooms(), sockets: map[string]*Socket{}}
}

// Name is the namespace's name, "/" for the main one.
func (n *Namespace) Name() string { return n.name }

// Len is the number of sockets.
func (n *Namespace) Len() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.sockets)
}

// Socket returns the socket of an id, nil when there is none.
func (n *Namespace) Socket(id string) *Socket {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.sockets[id]
}

// Sockets walks the sockets that were there when the walk began.
func (n *Namespace) Sockets() iter.Seq[*Socket] {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.Values(slices.Collect(maps.Values(n.sockets)))
}

// InRoom lists a room's members at this moment. The slice is shared: do not change it.
func (n *Namespace) InRoom(room string) []*Socket { return n.rooms.list(room) }

// RoomSize is the number of a room's members.
func (n *Namespace) RoomSize(room string) int { return n.rooms.size(room) }

// RoomNames lists the rooms that have members, in order.
func (n *Namespace) RoomNames() []string { return n.rooms.names() }

// Broadcast sends an event to every member of a room but those that except names (nil: nobody). It never blocks, and a
// member that cannot take it costs the others nothing. Packets that one goroutine broadcasts reach each member in that
// order. except may be asked again later, about the same socket, when a client returns: it depends on the socket only,
// and only looks (a Join or Send from within would wait for this broadcast).
func (n *Namespace) Broadcast(room string, p *Packet, except func(*Socket) bool) {
	if r := n.server.recovery; r != nil && !p.transient {
		r.broadcast(n, room, p, except)
		return
	}
	members := n.rooms.list(room)
	if len(members) == 0 {
		return
	}
	run := p.run(n.name)
	for _, s := range members {
		if except == nil || !except(s) {
			// Its error is this member's end, which is told to Disconnected.
			_ = s.send(run)
		}
	}
}

// BroadcastVolatile sends an event to every member of a room but those that skip names, and drops it for members whose
// outbox is over its soft limit: dropped is called with each of them. Both may be nil.
func (n *Namespace) BroadcastVolatile(room string, p *Packet, skip func(*Socket) bool, dropped func(*Socket)) {
	for _, s := range n.rooms.list(room) {
		if skip != nil && skip(s) {
			continue
		}
		if !s.SendVolatile(p) && dropped != nil {
			dropped(s)
		}
	}
}

// Expel takes the sockets of a room that match out of it, also those whose clients may still return. match only looks (a
// Join or Send from within would wait for this).
func (n *Namespace) Expel(room string, match func(*Socket) bool) {
	for _, s := range n.rooms.list(room) {
		if match(s) {
			s.expel(room)
		}
	}
	if r := n.server.recovery; r != nil {
		r.expel(n, room, match)
	}
}

func (n *Namespace) add(s *Socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sockets[s.id] = s
}

// remove leaves alone a socket that has taken the id over.
func (n *Namespace) remove(s *Socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets[s.id] == s {
		delete(n.sockets, s.id)
	}
}
