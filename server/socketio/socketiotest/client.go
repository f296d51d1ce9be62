package socketiotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
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

// Client is [socketio.Client] with what tests like to wait for: channels. What
// real clients do is tested with the real client.
type Client struct {
	// Connect is the payload of the CONNECT answer.
	Connect json.RawMessage
	// Events is every event, in order.
	Events chan Event
	// Closed is closed when the connection or the namespace ended.
	Closed chan struct{}

	*socketio.Client
	once sync.Once
}

// Dial connects to the server at base (http://host:port) and enters the main
// namespace with auth. The error is a [*RefusedError] when it was refused.
func Dial(ctx context.Context, base string, auth any) (*Client, error) {
	limited, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	c := &Client{Events: make(chan Event, eventDepth), Closed: make(chan struct{})}
	var err error
	if c.Client, err = socketio.Dial(limited, base, auth, inbox{c}); err != nil {
		return nil, dialError(err)
	}
	c.Connect = c.Client.Connect
	return c, nil
}

func dialError(err error) error {
	var refused *socketio.RefusedError
	var unexpected *engineio.UnexpectedReplyError
	switch {
	case errors.As(err, &refused):
		return &RefusedError{Payload: string(refused.Payload)}
	case errors.As(err, &unexpected):
		return err
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

// Close ends the connection as a crash or a lost network would.
func (c *Client) Close() { c.Cut() }

// Emit sends an event that asks for an acknowledgement, and gives the channel
// on which its first argument will come.
func (c *Client) Emit(name string, payload any) (<-chan json.RawMessage, error) {
	ch := make(chan json.RawMessage, 1)
	return ch, c.Client.Emit(name, payload, func(args []json.RawMessage) {
		if len(args) > 0 {
			ch <- args[0]
		}
	})
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

// inbox puts what the client hears where tests look for it.
type inbox struct{ c *Client }

func (i inbox) Event(name string, args []json.RawMessage) {
	e := Event{Name: name}
	if len(args) > 0 {
		e.Data = args[0]
	}
	if len(args) > 1 {
		_ = json.Unmarshal(args[len(args)-1], &e.Offset) // not every last argument is one
	}
	i.c.Events <- e
}

func (i inbox) Closed(error) { i.c.once.Do(func() { close(i.c.Closed) }) }
