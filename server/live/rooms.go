package live

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// errClosing is what a socket gets that enters a room while the node stops.
var errClosing = fault.New(fault.Draining, "The server is restarting; connect again.")

// rooms is what this node listens to: a topic per open conversation and per
// connected user. A topic stays open for a while after its last socket left,
// longer than a lost socket may be recovered: what is broadcast meanwhile is
// what the recovered socket gets.
type rooms struct {
	s      *Server
	linger time.Duration

	mu     sync.Mutex
	open   map[string]*room
	users  map[string]*userTopic
	closed bool
	// doubtful and doubtfulUsers are those that may be empty: somebody left, or
	// has not come yet.
	doubtful, doubtfulUsers map[string]struct{}
}

// userTopic is the subscription of one connected user.
type userTopic struct {
	cancel func()
	idle   time.Time
}

func newRooms(s *Server) *rooms {
	return &rooms{
		s: s, linger: s.o.Socket.Recovery.Window + 5*time.Second,
		open: map[string]*room{}, users: map[string]*userTopic{},
		doubtful: map[string]struct{}{}, doubtfulUsers: map[string]struct{}{},
	}
}

// enter puts a client into a conversation's room, from now on.
func (s *Server) enter(ctx context.Context, c *client, id string) error {
	r, err := s.listen(ctx, c, id)
	if err != nil {
		return err
	}
	known, err := s.o.Chat.Enter(ctx, c.who(), id)
	if err != nil {
		return err
	}
	return s.attach(ctx, r, c, known, nil)
}

// listen opens a conversation's room. A room listens before its counters are
// read, so nothing falls between; but one that is not open yet is opened only
// for somebody who may enter it, because it stays open for a while, and a
// client may name as many conversations as it likes.
func (s *Server) listen(ctx context.Context, c *client, id string) (*room, error) {
	if !s.rooms.has(id) {
		if _, err := s.o.Chat.Conversation(ctx, c.who(), id); err != nil {
			return nil, err
		}
	}
	r := s.rooms.room(id)
	if r == nil {
		return nil, errClosing
	}
	return r, nil
}

// attach waits until the client is in the room, and tells the others who came.
// greet, if any, runs at the client's turn there, before anything that the room
// gives it; whatever happens from then on reaches the client.
func (s *Server) attach(ctx context.Context, r *room, c *client, known chat.Changes, greet func()) error {
	already := c.socket.In(r.name())
	var taken atomic.Bool // by the room, or back by who no longer waits
	in := make(chan struct{})
	enter := func() {
		if !taken.CompareAndSwap(false, true) {
			return
		}
		defer close(in)
		if greet != nil {
			greet()
		}
		r.attach(c, known)
	}
	if !r.enqueue(enter) {
		return errClosing
	}
	select {
	case <-in:
	case <-ctx.Done():
		if taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-in
	}
	// Who was removed between the look at the membership and the entry was
	// not there to be sent out.
	if _, err := s.o.Chat.Conversation(ctx, c.who(), r.id); fault.Is(err, fault.NotFound) {
		c.socket.Leave(r.name())
		s.rooms.look(r.id)
		c.forget(r.id)
		return err
	}
	if !already {
		s.arrived(c, r.id)
	}
	return nil
}

// expel takes all of a user's sockets out of a conversation, also those that
// may be recovered.
func (s *Server) expel(user, conversation string) {
	s.ns.Expel(chat.ConversationTopic(conversation), func(socket *socketio.Socket) bool {
		if socket.Identity() != user {
			return false
		}
		of(socket).forget(conversation)
		return true
	})
	s.rooms.look(conversation)
}

func (l *rooms) has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[id] != nil
}

// room opens a conversation's room, or finds it; nil while the node stops.
func (l *rooms) room(id string) *room {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	r := l.open[id]
	if r == nil {
		r = &room{s: l.s, id: id}
		r.cancel = l.s.o.Bus.Subscribe(chat.ConversationTopic(id), r.receive)
		l.open[id] = r
	}
	r.idle = time.Time{}
	l.doubtful[id] = struct{}{}
	return r
}

// mend has every open room make up for what it was not told: a node that died
// may have changed a conversation and not have told of it. One room follows the
// other, for each asks the database; a node that only stopped falls silent, too.
func (l *rooms) mend(ctx context.Context) {
	l.mu.Lock()
	open := slices.Collect(maps.Values(l.open))
	l.mu.Unlock()
	for _, r := range open {
		done := make(chan struct{})
		if !r.enqueue(func() { defer close(done); r.mend() }) {
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// user listens to one user's topic.
func (l *rooms) user(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	t := l.users[id]
	if t == nil {
		t = &userTopic{}
		t.cancel = l.s.o.Bus.Subscribe(chat.UserTopic(id), func(e bus.Event) { l.s.tellUser(id, e) })
		l.users[id] = t
	}
	t.idle = time.Time{}
	l.doubtfulUsers[id] = struct{}{}
}

// look has closeIdle look whether a room is empty. It is called by whoever
// took a socket out of it, afterwards.
func (l *rooms) look(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubtful[id] = struct{}{}
}

// lookUser is look for a user's topic.
func (l *rooms) lookUser(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubtfulUsers[id] = struct{}{}
}

// closeIdle stops listening where nobody has been for a while.
func (l *rooms) closeIdle(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.doubtful {
		r := l.open[id]
		if r != nil && l.empty(&r.idle, now, chat.ConversationTopic(id)) {
			if now.Sub(r.idle) <= l.linger {
				continue
			}
			r.close()
			delete(l.open, id)
		}
		delete(l.doubtful, id)
	}
	for id := range l.doubtfulUsers {
		t := l.users[id]
		if t != nil && l.empty(&t.idle, now, chat.UserTopic(id)) {
			if now.Sub(t.idle) <= l.linger {
				continue
			}
			t.cancel()
			delete(l.users, id)
		}
		delete(l.doubtfulUsers, id)
	}
}

// empty keeps count of since when a room has been empty.
func (l *rooms) empty(idle *time.Time, now time.Time, room string) bool {
	switch {
	case l.s.ns.RoomSize(room) > 0:
		*idle = time.Time{}
		return false
	case idle.IsZero():
		*idle = now
	}
	return true
}

func (l *rooms) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, r := range l.open {
		r.close()
	}
	for _, t := range l.users {
		t.cancel()
	}
}

func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.cancel()
}
