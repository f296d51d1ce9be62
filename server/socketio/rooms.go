package socketio

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
)

// shardCount spreads the rooms of a namespace over as many locks.
const shardCount = 32

// rooms is the index room → members. Each lock is held for a map operation only, never while something is sent.
type rooms struct {
	seed   maphash.Seed
	shards [shardCount]roomShard
}

type roomShard struct {
	mu    sync.Mutex
	rooms map[string]*room
}

type room struct {
	members map[*Socket]struct{}
	list    []*Socket // the members for whoever walks them; never changed once made, nil when out of date
}

func newRooms() *rooms { return &rooms{seed: maphash.MakeSeed()} }

func (r *rooms) shard(name string) *roomShard {
	return &r.shards[maphash.String(r.seed, name)%shardCount]
}

func (r *rooms) add(name string, s *Socket) {
	shard := r.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.rooms == nil {
		shard.rooms = map[string]*room{}
	}
	members := shard.rooms[name]
	if members == nil {
		members = &room{members: map[*Socket]struct{}{}}
		shard.rooms[name] = members
	}
	members.members[s] = struct{}{}
	members.list = nil
}

func (r *rooms) remove(name string, s *Socket) {
	shard := r.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	members := shard.rooms[name]
	if members == nil {
		return
	}
	delete(members.members, s)
	members.list = nil
	if len(members.members) == 0 {
		delete(shard.rooms, name)
	}
}

// list returns the members at this moment. The slice is shared: do not change it.
func (r *rooms) list(name string) []*Socket {
	shard := r.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	members := shard.rooms[name]
	if members == nil {
		return nil
	}
	if members.list == nil {
		members.list = slices.Collect(maps.Keys(members.members))
	}
	return members.list
}

func (r *rooms) size(name string) int {
	shard := r.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if members := shard.rooms[name]; members != nil {
		return len(members.members)
	}
	return 0
}

func (r *rooms) names() []string {
	var names []string
	for i := range r.shards {
		shard := &r.shards[i]
		shard.mu.Lock()
		names = slices.AppendSeq(names, maps.Keys(shard.rooms))
		shard.mu.Unlock()
	}
	slices.Sort(names)
	return names
}

// memberships are the rooms of one socket, in the order of their names: mostly one or two, for which a map would take ten
// times as much.
type memberships []membership

type membership struct {
	room  string
	since uint64 // the recovery's position when it was joined
}

// find is where a room stands, or would.
func (m memberships) find(room string) (i int, in bool) {
	return slices.BinarySearchFunc(m, room, func(m membership, room string) int { return strings.Compare(m.room, room) })
}

// Join puts the socket into a room; nothing happens when it is there already or has gone.
func (s *Socket) Join(name string) {
	position := s.conn.server.recovery.position()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed.Load() {
		s.join(name, position)
	}
}

// join is called with mu held.
func (s *Socket) join(name string, position uint64) {
	i, in := s.rooms.find(name)
	if in {
		return
	}
	s.rooms = slices.Insert(s.rooms, i, membership{name, position})
	s.namespace.rooms.add(name, s)
}

// Leave takes the socket out of a room; nothing happens when it has gone.
func (s *Socket) Leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed.Load() {
		s.leave(name)
	}
}

// leave is called with mu held.
func (s *Socket) leave(name string) {
	if i, in := s.rooms.find(name); in {
		s.rooms = slices.Delete(s.rooms, i, i+1)
		s.namespace.rooms.remove(name, s)
	}
}

// expel takes the room from a socket that has gone, too: its client will not find it again when it returns.
func (s *Socket) expel(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(name)
}

// In reports whether the socket is in a room.
func (s *Socket) In(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, in := s.rooms.find(name)
	return in && !s.closed.Load()
}

// was reports whether the socket is in a room, or was when it ended.
func (s *Socket) was(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, in := s.rooms.find(name)
	return in
}

// Rooms lists the socket's rooms in order; after its end, those it was in.
func (s *Socket) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(s.rooms))
	for i, m := range s.rooms {
		names[i] = m.room
	}
	return names
}

// CountRooms is the number of rooms the socket is in.
func (s *Socket) CountRooms() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rooms)
}

// leaveAll marks the socket closed and takes it out of every room; first is false when that was done before.
func (s *Socket) leaveAll() (acks map[int64]*pendingAck, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Swap(true) {
		return nil, false
	}
	for _, m := range s.rooms {
		s.namespace.rooms.remove(m.room, s)
	}
	acks, s.acks = s.acks, nil
	for _, ack := range acks {
		ack.timer.Stop()
	}
	return acks, true
}
