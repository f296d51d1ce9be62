package socketio

import (
	"container/list"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// Reasons this package gives to Handler.Disconnected, beside those of engineio and of Socket.CloseTransport.
const (
	ReasonClientDisconnect = "client namespace disconnect"
	ReasonServerDisconnect = "server namespace disconnect"
	ReasonTryLater         = "try later"       // Handler.Connect said ErrTryLater
	ReasonProtocolError    = "protocol error"  // what came was a packet, but not one that belongs there
	ReasonPanic            = "internal error"  // the Handler panicked
	ReasonTakenOver        = "client returned" // the client came back before the loss of its transport was noticed

	reasonConnectTimeout = "connect timeout"
	reasonCrowded        = "too many sessions"
)

// conn is one engine session with the sockets on it, one for each namespace the client has entered.
type conn struct {
	server  *Server
	session *engineio.Session
	address string        // whom the session counts for while it is in no namespace
	entry   *list.Element // in server.entering, guarded by its lock

	// turn is held while the Handler is told of an event, an ack or an end, so that it hears of one thing at a time.
	turn     sync.Mutex
	assemble assembler

	mu      sync.Mutex
	sockets []*Socket // one for each namespace entered; a closed one tells that the client has left
	ended   bool
	tasks   []func() // wait for the turn; at most one for each socket
}

func newConn(s *Server, session *engineio.Session) *conn {
	return &conn{
		server:   s,
		session:  session,
		assemble: assembler{maxAttachments: s.options.MaxAttachments, maxBytes: s.options.MaxEventBytes},
	}
}

// message takes what the client sent; the engine calls it once at a time.
func (c *conn) message(in engineio.Message) {
	c.turn.Lock()
	defer c.pump()
	defer c.turn.Unlock()
	c.take(in)
}

func (c *conn) take(in engineio.Message) {
	feed := c.assemble.text
	if in.Binary {
		feed = c.assemble.binary
	}
	m, done, err := feed(in.Data)
	if err != nil {
		c.refuse(engineio.ReasonParseError, err)
		return
	}
	if done {
		c.dispatch(m)
	}
}

func (c *conn) dispatch(m message) {
	if m.kind == typeConnect {
		c.connect(m)
		return
	}
	s := c.socket(m.namespace)
	if s == nil || m.kind == typeConnectError {
		c.refuse(ReasonProtocolError, malformed("packet of type %q for namespace %q, which was not entered", byte(m.kind), m.namespace))
		return
	}
	// What the client sent before it learned that it had been disconnected.
	if s.closed.Load() {
		return
	}
	switch {
	case m.kind.isEvent():
		e := &Event{Name: m.name, Args: m.args, Attachments: m.attachments, socket: s, ack: m.ack}
		s.guard("event", func(h Handler) { h.Event(s, e) })
	case m.kind.isAck():
		s.resolve(m.ack, Reply{Args: m.args, Attachments: m.attachments})
	case m.kind == typeDisconnect:
		s.end(ReasonClientDisconnect, endForGood)
	}
}

// refuse closes the connection: after one packet that makes no sense the next cannot be trusted either.
func (c *conn) refuse(reason string, err error) {
	c.server.logger.Debug("socket.io connection refused", "session", c.session.ID(), "reason", reason, "err", err)
	c.assemble.drop()
	c.session.Close(reason)
}

// socket returns the socket of a namespace, closed or not, nil when it was never entered.
func (c *conn) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.namespace.name == namespace {
			return s
		}
	}
	return nil
}

// enter puts a socket in the place of its namespace; false when the session has ended meanwhile. Under one lock with
// left, so that a session is among those that are entering exactly while it is in no namespace.
func (c *conn) enter(s *Socket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.server.entering.remove(c)
	for i, old := range c.sockets {
		if old.namespace == s.namespace {
			c.sockets[i] = s
			return true
		}
	}
	c.sockets = append(c.sockets, s)
	return true
}

// left is called when a socket has ended: a session that is in no namespace any more waits like one that has not
// entered, or is closed if too many do.
func (c *conn) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || slices.ContainsFunc(c.sockets, func(s *Socket) bool { return !s.closed.Load() }) {
		return
	}
	if !c.server.entering.add(c) {
		c.session.Close(reasonCrowded)
	}
}

func (c *conn) drained() {
	for _, s := range c.snapshot() {
		if !s.closed.Load() {
			s.guard("drained", func(h Handler) { h.Drained(s) })
		}
	}
}

func (c *conn) closed(reason string) {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.server.entering.remove(c)
	for _, s := range c.snapshot() {
		s.end(reason, endForNow)
	}
	// A task may be running elsewhere (Disconnect from another goroutine). The engine counts this session as closed
	// when we return, so wait for it.
	c.turn.Lock()
	c.assemble.drop() // a parked socket keeps its conn
	c.runTasks()
	c.turn.Unlock()
	c.pump()
}

func (c *conn) snapshot() []*Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Socket(nil), c.sockets...)
}

// later runs task when nothing else of this client is being handled: at once, or after the handler that is running.
func (c *conn) later(task func()) {
	c.mu.Lock()
	c.tasks = append(c.tasks, task)
	c.mu.Unlock()
	c.pump()
}

// pump runs the waiting tasks, unless somebody has the turn: they pump when they have done.
func (c *conn) pump() {
	for c.hasTasks() && c.turn.TryLock() {
		c.runTasks()
		c.turn.Unlock()
	}
}

// runTasks is called by whoever has the turn.
func (c *conn) runTasks() {
	for _, task := range c.takeTasks() {
		task()
	}
}

func (c *conn) hasTasks() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.tasks) > 0
}

func (c *conn) takeTasks() []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	tasks := c.tasks
	c.tasks = nil
	return tasks
}

// guard calls the Handler; its panic ends this client's connection and nothing else.
func (s *Socket) guard(doing string, call func(h Handler)) {
	defer func() {
		if cause := recover(); cause != nil {
			s.conn.server.logger.Error("socket.io handler panicked", "doing", doing, "namespace", s.namespace.name,
				"socket", s.id, "panic", cause, "stack", string(debug.Stack()))
			s.CloseTransport(ReasonPanic)
		}
	}()
	call(s.namespace.handler)
}
