package socketiotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// Patience is how long a client waits for what must come.
const Patience = 20 * time.Second

// eventDepth bounds what a test may leave unread.
const eventDepth = 1 << 16

// ErrClosed says that the connection ended.
var ErrClosed = errors.New("the connection closed")

// RefusedError is a CONNECT_ERROR, with the packet's payload.
type RefusedError struct{ Payload string }

func (e *RefusedError) Error() string { return "refused: " + e.Payload }

// Event is one event from the server; Data is its first argument. Offset is
// the recovery offset that came as the last argument, if any.
type Event struct {
	Name   string
	Data   json.RawMessage
	Offset string
}

// Client is a small Socket.IO client over WebSocket, for tests in Go; what
// real clients do is tested with the real client.
type Client struct {
	// Connect is the payload of the CONNECT answer.
	Connect json.RawMessage
	// Events is every event, in order.
	Events chan Event
	// Closed is closed when the connection or the namespace ended.
	Closed chan struct{}

	ws     *enginetest.Socket
	opened chan error
	once   sync.Once
	hold   sync.Mutex // locked: reading pauses

	mu   sync.Mutex
	next int
	acks map[int]chan json.RawMessage
}

// Dial connects to the server at base (http://host:port) and enters the main
// namespace with auth. The error is a [*RefusedError] when it was refused.
func Dial(ctx context.Context, base string, auth any) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	ws, err := enginetest.Upgrade(conn, "/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	c := &Client{
		Events: make(chan Event, eventDepth), Closed: make(chan struct{}),
		ws: ws, opened: make(chan error, 1), acks: map[int]chan json.RawMessage{},
	}
	payload, err := json.Marshal(auth)
	if err != nil {
		return nil, err
	}
	go c.read()
	if err := ws.Text("40" + string(payload)); err != nil {
		c.Close()
		return nil, err
	}
	select {
	case err := <-c.opened:
		return c, err
	case <-c.Closed:
		return nil, ErrClosed
	case <-time.After(Patience):
		c.Close()
		return nil, errors.New("no answer to CONNECT")
	}
}

// Close ends the connection as a crash or a lost network would.
func (c *Client) Close() { _ = c.ws.Close() }

// pausedBuffer is small, so that the server soon feels that nobody reads, and
// more than two segments of the loopback device: with less, TCP falls into
// probing a closed window and recovers only after seconds.
const pausedBuffer = 128 << 10

// Pause stops reading from the network until Resume.
func (c *Client) Pause() {
	c.hold.Lock()
	if tcp, ok := c.ws.Conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(pausedBuffer)
	}
}

// Resume goes on reading.
func (c *Client) Resume() { c.hold.Unlock() }

// Emit sends an event that asks for an acknowledgement, and gives the channel
// on which its first argument will come.
func (c *Client) Emit(name string, payload any) (<-chan json.RawMessage, error) {
	b, err := json.Marshal([]any{name, payload})
	if err != nil {
		return nil, err
	}
	ch := make(chan json.RawMessage, 1)
	c.mu.Lock()
	id := c.next
	c.next++
	c.acks[id] = ch
	defer c.mu.Unlock() // one frame at a time
	return ch, c.ws.Text("42" + strconv.Itoa(id) + string(b))
}

// Ask is Emit and the wait for the acknowledgement.
func (c *Client) Ask(name string, payload any) (json.RawMessage, error) {
	ch, err := c.Emit(name, payload)
	if err != nil {
		return nil, err
	}
	select {
	case raw := <-ch:
		return raw, nil
	case <-c.Closed:
		// The answer may have come just before the end.
		select {
		case raw := <-ch:
			return raw, nil
		default:
			return nil, ErrClosed
		}
	case <-time.After(Patience):
		return nil, fmt.Errorf("no acknowledgement of %s", name)
	}
}

func (c *Client) read() {
	defer c.end()
	defer c.Close()
	for {
		c.hold.Lock()
		c.hold.Unlock() //nolint:staticcheck // only waits while the reader is paused
		opcode, payload, err := c.ws.Read()
		if err != nil || opcode == enginetest.OpClose {
			return
		}
		if opcode == enginetest.OpText && !c.take(string(payload)) {
			return
		}
	}
}

func (c *Client) end() { c.once.Do(func() { close(c.Closed) }) }

// take handles one packet; false ends the connection.
func (c *Client) take(text string) bool {
	switch {
	case text == "2":
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.ws.Text("3") == nil
	case strings.HasPrefix(text, "40"):
		c.Connect = json.RawMessage(text[2:])
		c.opened <- nil
	case strings.HasPrefix(text, "44"):
		c.opened <- &RefusedError{text[2:]}
	case strings.HasPrefix(text, "41"):
		c.end()
	case strings.HasPrefix(text, "42"):
		c.event(text[2:])
	case strings.HasPrefix(text, "43"):
		c.ack(text[2:])
	}
	return true
}

func (c *Client) event(text string) {
	var args []json.RawMessage
	var e Event
	if json.Unmarshal([]byte(text), &args) != nil || len(args) == 0 || json.Unmarshal(args[0], &e.Name) != nil {
		return
	}
	if len(args) > 1 {
		e.Data = args[1]
	}
	if len(args) > 2 {
		_ = json.Unmarshal(args[len(args)-1], &e.Offset)
	}
	c.Events <- e
}

func (c *Client) ack(text string) {
	digits := strings.IndexByte(text, '[')
	if digits < 0 {
		return
	}
	id, err := strconv.Atoi(text[:digits])
	if err != nil {
		return
	}
	c.mu.Lock()
	ch := c.acks[id]
	delete(c.acks, id)
	c.mu.Unlock()
	var args []json.RawMessage
	if ch != nil && json.Unmarshal([]byte(text[digits:]), &args) == nil && len(args) > 0 {
		ch <- args[0]
	}
}
