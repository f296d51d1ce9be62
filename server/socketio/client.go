package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// clientAttachments bounds the attachments of one packet from a server.
const clientAttachments = 64

// clientEventBytes bounds one binary event from a server.
const clientEventBytes = 8 << 20

// ErrDisconnected is how a [Client] ends when the server sent DISCONNECT: real clients do not come back after that.
var ErrDisconnected = errors.New("socketio: the server ended the connection to the namespace")

// RefusedError is a CONNECT_ERROR; Payload is its JSON object.
type RefusedError struct{ Payload json.RawMessage }

func (e *RefusedError) Error() string { return "socketio: refused: " + string(e.Payload) }

// ClientHandler receives what happens to a [Client], from its read loop: one call at a time, in order.
type ClientHandler interface {
	// Event is called for each event, the replayed ones too, which come before Dial has returned. args may be kept.
	Event(name string, args []json.RawMessage)
	// Closed is called once, when nothing more will come; not when Dial failed.
	Closed(err error)
}

// Client is a client of the main namespace over WebSocket, made of the same codec as the server. It serves tests and
// the load test, costs one goroutine, and does not come back by itself: whoever holds it decides when, and takes
// up what was lost with [Client.Session]. Its methods are safe for concurrent use.
type Client struct {
	// Connect is the payload of the CONNECT answer.
	Connect json.RawMessage
	// SID is the socket's id; PID its private one, "" where the server does not recover connections.
	SID, PID string
	// Recovered says that the server took up the connection that was asked for.
	Recovered bool

	engine  *engineio.Client
	handler ClientHandler
	parts   assembler
	opened  chan error // buffered: the one answer to CONNECT
	claimed string     // the private id that was asked for
	ended   error      // why we ended it; belongs to the read loop

	mu     sync.Mutex
	in     bool // CONNECT was answered
	next   int64
	acks   map[int64]func(args []json.RawMessage)
	offset string
}

// Dial connects to the server at base (http://host:port) and enters the main namespace with auth, which is marshalled
// as JSON (nil: none) and may hold the pid and offset of an earlier connection. The error is a [*RefusedError], or one of
// [engineio.Dial].
func Dial(ctx context.Context, base string, auth any, h ClientHandler) (*Client, error) {
	payload, claim, err := encodeAuth(auth)
	if err != nil {
		return nil, err
	}
	c := &Client{
		handler: h, parts: assembler{maxAttachments: clientAttachments, maxBytes: clientEventBytes},
		opened: make(chan error, 1), claimed: claim, acks: map[int64]func([]json.RawMessage){},
	}
	engine, err := engineio.Dial(ctx, strings.TrimRight(base, "/")+"/socket.io/", (*clientSession)(c))
	if err != nil {
		return nil, err
	}
	c.engine = engine
	if err := c.enter(ctx, payload); err != nil {
		engine.Cut()
		<-engine.Done()
		return nil, err
	}
	return c, nil
}

// encodeAuth writes the payload of CONNECT and finds the private id in it.
func encodeAuth(auth any) (payload []byte, claim string, err error) {
	if auth == nil {
		return nil, "", nil
	}
	if payload, err = marshal(auth); err != nil {
		return nil, "", fmt.Errorf("encode auth: %w", err)
	}
	var named struct{ PID string }
	_ = json.Unmarshal(payload, &named) // an auth without one claims nothing
	return payload, named.PID, nil
}

// enter asks for the namespace and waits for the answer.
func (c *Client) enter(ctx context.Context, auth []byte) error {
	if err := c.engine.SendText(append(appendHeader(nil, typeConnect, 0, rootNamespace, noAck), auth...)); err != nil {
		return err
	}
	select {
	case err := <-c.opened:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Emit sends an event with one argument. ack, unless it is nil, is called with the answer's arguments from the read
// loop, before Closed, or never. It fails when the connection has ended.
func (c *Client) Emit(name string, payload any, ack func(args []json.RawMessage)) error {
	arg, err := marshal(payload)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	p := wirePacket{kind: typeEvent, namespace: rootNamespace, ack: c.expect(ack), name: name, args: []json.RawMessage{arg}}
	text, err := appendPacket(make([]byte, 0, len(arg)+len(name)+24), p)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return c.engine.SendText(text)
}

// expect remembers who waits for an acknowledgement.
func (c *Client) expect(ack func([]json.RawMessage)) int64 {
	if ack == nil {
		return noAck
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.next
	c.next++
	c.acks[id] = ack
	return id
}

// Session is what a later connection says in its auth to take this one up: pid, and the offset of the last event that
// came, "" before any.
func (c *Client) Session() (pid, offset string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.PID, c.offset
}

// Close leaves politely.
func (c *Client) Close() { c.engine.Close() }

// Cut ends the connection as a lost network would.
func (c *Client) Cut() { c.engine.Cut() }

// Done is closed when nothing more will be received.
func (c *Client) Done() <-chan struct{} { return c.engine.Done() }

// Pause stops reading from the network until Resume.
func (c *Client) Pause() { c.engine.Pause() }

// Resume goes on reading.
func (c *Client) Resume() { c.engine.Resume() }

// take handles one packet; an error ends the connection.
func (c *Client) take(m message) error {
	switch {
	case m.kind.isEvent():
		c.remember(m.args)
		c.handler.Event(m.name, m.args)
	case m.kind.isAck():
		c.acknowledge(m)
	case m.kind == typeConnect:
		return c.entered(m.payload)
	case m.kind == typeConnectError:
		c.opened <- &RefusedError{Payload: m.payload}
	default:
		return ErrDisconnected
	}
	return nil
}

// remember keeps the offset of an event, the last argument where recovery is on.
func (c *Client) remember(args []json.RawMessage) {
	if len(args) < 2 {
		return
	}
	var offset string
	if json.Unmarshal(args[len(args)-1], &offset) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

func (c *Client) acknowledge(m message) {
	c.mu.Lock()
	ack := c.acks[m.ack]
	delete(c.acks, m.ack)
	c.mu.Unlock()
	if ack != nil {
		ack(m.args)
	}
}

func (c *Client) entered(payload json.RawMessage) error {
	var answer struct{ SID, PID string }
	if err := json.Unmarshal(payload, &answer); err != nil || answer.SID == "" || c.SID != "" {
		return malformed("answer to CONNECT: %s", payload)
	}
	c.Connect, c.SID, c.PID = payload, answer.SID, answer.PID
	c.Recovered = c.claimed != "" && c.claimed == answer.PID
	c.mu.Lock()
	c.in = true
	c.mu.Unlock()
	c.opened <- nil
	return nil
}

// clientSession is what engineio calls.
type clientSession Client

func (s *clientSession) Message(m engineio.Message) {
	c := (*Client)(s)
	read := c.parts.text
	if m.Binary {
		read = c.parts.binary
	}
	whole, done, err := read(m.Data)
	if err == nil && done {
		err = c.take(whole)
	}
	if err != nil && c.ended == nil {
		c.ended = err
		c.leave()
	}
}

// leave cuts the connection from its own read loop. The first packet may come before Dial has the engine in hand: then
// it is Dial that cuts.
func (c *Client) leave() {
	select {
	case c.opened <- c.ended:
	default:
	}
	c.mu.Lock()
	in := c.in
	c.mu.Unlock()
	if in {
		c.engine.Cut()
	}
}

func (s *clientSession) Closed(err error) {
	c := (*Client)(s)
	if c.ended != nil {
		err = c.ended
	}
	c.mu.Lock()
	in := c.in
	clear(c.acks)
	c.mu.Unlock()
	if in {
		c.handler.Closed(err)
		return
	}
	select {
	case c.opened <- fmt.Errorf("enter the namespace: %w", err):
	default:
	}
}
