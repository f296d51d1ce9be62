package socketio

import (
	"errors"

	"github.com/elite-trading-coach/coach/server/engineio"
)

var (
	// ErrClosed is returned for a socket that has gone.
	ErrClosed = errors.New("socketio: the socket is closed; wait for the client to connect again")
	// ErrSlowReader is returned when a client's outbox was over its hard limit; the transport is being closed.
	ErrSlowReader = errors.New("socketio: the client reads too slowly; its transport was closed")
	// ErrAckTimeout is given to the receiver of an ack that did not come in time.
	ErrAckTimeout = errors.New("socketio: the client did not acknowledge in time")
	// ErrTryLater is returned, also wrapped, by a Handler.Connect that wants the transport closed without a word, so
	// that the client's own reconnection tries again. After a CONNECT_ERROR it would not.
	ErrTryLater = errors.New("socketio: not now, try later")
)

// ConnectError refuses a client by a CONNECT_ERROR packet that it can show or act on. The client does not try again by
// itself. Message and Data reach the client as they are.
type ConnectError struct {
	Message string
	Data    any // marshalled with encoding/json; left out when nil
}

func (e *ConnectError) Error() string { return "connection refused: " + e.Message }

func fromEngine(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engineio.ErrSlowReader):
		return ErrSlowReader
	default:
		return ErrClosed
	}
}
