package live

import (
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// client is the person behind one socket. It is the socket's Data.
type client struct {
	socket *socketio.Socket // set in Connected
	base   string           // under which address it reaches this server; for links

	mu    sync.Mutex
	actor auth.Actor
	// address is the other end as operators see it, "" until somebody looks.
	address string
	// lagging holds the answers whose pieces this socket was not given, until
	// it gets the whole, the answer is finished, or it leaves the conversation.
	lagging map[string]lag
	// lags is len(lagging), for a look without the lock.
	lags atomic.Int32
	// used is when auth last heard that this socket is in use, nanoseconds.
	used atomic.Int64
	// lastEvent is when it last sent something, unix microseconds; 0: never.
	lastEvent atomic.Int64
	// deeds is what it sent last; nil until it sends something.
	deeds *deeds

	// Guarded by the lock of sockets: where it is filed, and that it has left.
	minute int64
	gone   bool
}

// lag is one answer that a socket waits for.
type lag struct {
	conversation string
	asked        time.Time // when the whole was last asked for
}

func of(s *socketio.Socket) *client { return s.Data.(*client) }

// who is the actor as of now: a change of tier or role reaches open sockets.
func (c *client) who() auth.Actor {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.actor
}

func (c *client) change(edit func(*auth.Actor)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edit(&c.actor)
}

func (c *client) expiresAt() time.Time { return c.who().ExpiresAt }

// isLagging reports whether this socket waits for the whole of an answer.
func (c *client) isLagging(answer string) bool {
	if c.lags.Load() == 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, lags := c.lagging[answer]
	return lags
}

func (c *client) lag(conversation, answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lagging == nil {
		c.lagging = map[string]lag{}
	}
	if _, lags := c.lagging[answer]; !lags {
		c.lagging[answer] = lag{conversation: conversation}
	}
	c.lags.Store(int32(len(c.lagging)))
}

func (c *client) caughtUp(answer string) {
	if c.lags.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lagging, answer)
	c.lags.Store(int32(len(c.lagging)))
}

// forget is for a conversation that the socket is no longer in.
func (c *client) forget(conversation string) {
	if c.lags.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.lagging, func(_ string, l lag) bool { return l.conversation == conversation })
	c.lags.Store(int32(len(c.lagging)))
}

// behind lists the answers this socket waits for and nobody was asked for
// since a moment, and notes that they are asked for now.
func (c *client) behind(since, now time.Time) []string {
	if c.lags.Load() == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for id, l := range c.lagging {
		if !l.asked.After(since) {
			ids = append(ids, id)
			c.lagging[id] = lag{l.conversation, now}
		}
	}
	return ids
}

// sockets is every client of this node that time may have something to do for,
// found without a walk over all.
type sockets struct {
	mu sync.Mutex
	// byExpiry are those whose token ends, by the minute in which it does.
	byExpiry map[int64]map[*client]struct{}
	// next is the first minute in which one may end.
	next int64
	// late are those that wait for the whole of an answer.
	late map[*client]struct{}
}

func newSockets() *sockets {
	return &sockets{byExpiry: map[int64]map[*client]struct{}{}, next: math.MaxInt64, late: map[*client]struct{}{}}
}

func (l *sockets) add(c *client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.gone {
		l.file(c)
	}
}

// refiled is add for one whose token was renewed.
func (l *sockets) refiled(c *client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.gone {
		l.unfile(c)
		l.file(c)
	}
}

func (l *sockets) remove(c *client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.gone = true
	l.unfile(c)
	delete(l.late, c)
}

// file is called with mu held.
func (l *sockets) file(c *client) {
	at := c.expiresAt()
	if at.IsZero() {
		return
	}
	c.minute = minuteOf(at)
	if l.byExpiry[c.minute] == nil {
		l.byExpiry[c.minute] = map[*client]struct{}{}
	}
	l.byExpiry[c.minute][c] = struct{}{}
	l.next = min(l.next, c.minute)
}

// unfile is called with mu held.
func (l *sockets) unfile(c *client) {
	some := l.byExpiry[c.minute]
	if delete(some, c); len(some) == 0 {
		delete(l.byExpiry, c.minute)
	}
}

func minuteOf(at time.Time) int64 { return at.Unix() / 60 }

// endExpired ends the sockets whose token has run out.
func (l *sockets) endExpired(now time.Time) {
	for _, c := range l.expired(now) {
		end(c.socket, "TOKEN_EXPIRED")
	}
}

func (l *sockets) expired(now time.Time) (late []*client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	this := minuteOf(now)
	if this < l.next {
		return nil
	}
	l.next = math.MaxInt64
	for minute, some := range l.byExpiry {
		l.next = min(l.next, minute)
		if minute > this {
			continue
		}
		for c := range some {
			if at := c.expiresAt(); !at.IsZero() && now.After(at) {
				late = append(late, c)
			}
		}
	}
	return late
}

// lags notes a client that waits for the whole of an answer.
func (l *sockets) lags(c *client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.gone {
		l.late[c] = struct{}{}
	}
}

// lagging lists the clients that wait for the whole of an answer and have
// nothing left to read.
func (l *sockets) lagging() []*client {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []*client
	for c := range l.late {
		switch {
		case c.lags.Load() == 0:
			delete(l.late, c)
		case c.socket.Queued() == 0:
			list = append(list, c)
		}
	}
	return list
}

// end tells the client why it must sign in again, and closes it in the way
// after which socket.io-client does not come back by itself. It takes the
// socket because a recovered one is in its rooms before its client has it.
func end(s *socketio.Socket, code string) {
	_ = s.Emit("session_expired", map[string]string{"code": code})
	s.Disconnect()
}
