package socketio

import (
	"container/list"
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// Connection state recovery. Every event that can be replayed takes the next position in one log, and goes out with
// that position as its last argument (the offset), so a client always knows how far it has come. When a transport is
// lost its sockets are parked. A client that returns with its private id and its last offset gets what the log holds
// for it after that offset, in the order of the log.
//
// For that to be right each socket must get its events in the order of the log, whoever sends them: an event is
// appended and handed to its receivers under one lock. Handing over is an append to an outbox, not IO.

const (
	// What an entry and a parked socket cost beside their bytes, roughly.
	entryOverhead  = 200
	parkedOverhead = 600
	roomOverhead   = 80
)

type recovery struct {
	window    time.Duration // for a client to return
	retain    time.Duration // for an event: it may have been sent before the loss of the transport was noticed
	maxBytes  int
	maxReplay int // bytes one returning client may get; beyond it starts afresh

	epoch string // begins every offset, so that the text of another server, or of an application, is not taken for one

	mu      sync.Mutex
	last    uint64  // position given last
	entries []entry // in rising position, without holes
	dropped uint64  // position of the newest entry that was thrown away
	bytes   int     // of entries and parked sockets
	known   map[string]*Socket
	parked  map[string]*list.Element
	order   *list.List // of parking, in the order of its time
}

// entry is one event that was sent to a room, or to one socket when to is set.
type entry struct {
	position  uint64
	at        time.Time
	namespace *Namespace
	room      string
	to        string
	except    func(*Socket) bool
	run       []*engineio.Frame
	bytes     int
}

// parking is a socket whose client may return.
type parking struct {
	socket   *Socket
	position uint64 // nothing after it was sent to the socket
	at       time.Time
	bytes    int
}

func newRecovery(o Options) *recovery {
	heartbeat := max(o.Engine.PingInterval+o.Engine.PingTimeout, time.Second)
	return &recovery{
		window:    o.Recovery.Window,
		retain:    o.Recovery.Window + heartbeat,
		maxBytes:  o.Recovery.MaxBytes,
		maxReplay: o.Engine.HardLimit / 2,
		epoch:     newID()[:8],
		known:     map[string]*Socket{},
		parked:    map[string]*list.Element{},
		order:     list.New(),
	}
}

// position is the position given last; 0 where recovery is off. It waits for a broadcast that has its position and is
// still being handed over: whoever leaves its rooms after that was not counted among its receivers, and would lose it.
func (r *recovery) position() uint64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

func (r *recovery) offset(position uint64) string {
	return r.epoch + "." + strconv.FormatUint(position, 36)
}

func (r *recovery) parseOffset(offset string) (position uint64, ok bool) {
	digits, ok := strings.CutPrefix(offset, r.epoch+".")
	if !ok {
		return 0, false
	}
	position, err := strconv.ParseUint(digits, 36, 64)
	return position, err == nil && position <= r.last
}

// broadcast appends an event and hands it to the room's members.
func (r *recovery) broadcast(n *Namespace, room string, p *Packet, except func(*Socket) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) == 0 {
		return
	}
	e := r.append(n, p)
	e.room, e.except = room, except
	r.keep(e)
	for _, s := range n.rooms.list(room) {
		if except == nil || !except(s) {
			s.lastSeq = e.position
			_ = s.send(e.run) // a failure is this member's end, which is told to Disconnected
		}
	}
}

// send appends an event for one socket and hands it over.
func (r *recovery) send(s *Socket, p *Packet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.append(s.namespace, p)
	e.to = s.id
	r.keep(e)
	s.lastSeq = e.position
	return s.send(e.run)
}

// greet hands an event to one socket under the position given last: whoever has it has all that the socket was sent
// until then. It is not in the log.
func (r *recovery) greet(s *Socket, p *Packet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.send(p.encode(s.namespace.name, r.offset(r.last)))
}

func (r *recovery) append(n *Namespace, p *Packet) entry {
	r.last++
	return entry{
		position: r.last, at: time.Now(), namespace: n,
		run: p.encode(n.name, r.offset(r.last)), bytes: p.bytes + entryOverhead,
	}
}

func (r *recovery) keep(e entry) {
	r.entries = append(r.entries, e)
	r.bytes += e.bytes
	r.trim(e.at)
}

// trim drops what is too old, and while there is too much, the oldest of events and parked sockets.
func (r *recovery) trim(now time.Time) {
	events := 0
	for {
		front := r.order.Front()
		full := r.bytes > r.maxBytes
		switch {
		case events < len(r.entries) && (now.Sub(r.entries[events].at) > r.retain || full && !isOlder(front, r.entries[events])):
			r.dropped = r.entries[events].position
			r.bytes -= r.entries[events].bytes
			events++
		case front != nil && (full || now.Sub(front.Value.(parking).at) > r.window):
			gone := front.Value.(parking).socket
			r.unpark(gone)
			delete(r.known, gone.pid)
		default:
			clear(r.entries[:events])
			r.entries = r.entries[events:]
			return
		}
	}
}

// isOlder reports whether a parked socket was lost before an event.
func isOlder(parked *list.Element, e entry) bool {
	return parked != nil && parked.Value.(parking).position < e.position
}

// follow makes a new socket known.
func (r *recovery) follow(s *Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.baseline = r.last
	r.known[s.pid] = s
}

// forget is for a socket whose client left the namespace: it will not be given back.
func (r *recovery) forget(s *Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unpark(s)
	if r.known[s.pid] == s {
		delete(r.known, s.pid)
	}
}

// park keeps a socket for its client to return; position is the last one it can have been sent.
func (r *recovery) park(s *Socket, position uint64) {
	bytes := parkedOverhead + s.keeps()
	for _, room := range s.Rooms() {
		bytes += roomOverhead + len(room)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[s.pid] != s {
		return
	}
	now := time.Now()
	r.parked[s.pid] = r.order.PushBack(parking{socket: s, position: position, at: now, bytes: bytes})
	r.bytes += bytes
	r.trim(now)
}

// unpark is called with mu held.
func (r *recovery) unpark(s *Socket) {
	element := r.parked[s.pid]
	if element == nil || element.Value.(parking).socket != s {
		return
	}
	r.bytes -= element.Value.(parking).bytes
	r.order.Remove(element)
	delete(r.parked, s.pid)
}

// expel takes a room from the sockets that match, parked or about to be.
func (r *recovery) expel(n *Namespace, room string, match func(*Socket) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.known {
		if s.namespace == n && s.closed.Load() && s.was(room) && match(s) {
			s.expel(room)
		}
	}
}

// run throws away in time what nobody came back for.
func (r *recovery) run(ctx context.Context) {
	tick := time.NewTicker(max(r.window/4, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			r.mu.Lock()
			r.trim(now)
			r.mu.Unlock()
		}
	}
}
