package socketio

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
)

// Event is what a client emitted.
type Event struct {
	// Name is the event's name; a number is given as its text.
	Name string
	// Args are the arguments as JSON. Where the client put binary data stands a placeholder, see Attachment.
	Args []json.RawMessage
	// Attachments are the binary arguments in the order of their numbers.
	Attachments [][]byte

	socket *Socket
	ack    int64
	acked  atomic.Bool
}

// WantsAck reports whether the client waits for an acknowledgement.
func (e *Event) WantsAck() bool { return e.ack != noAck }

// Ack acknowledges the event; arguments are encoded as NewPacket does. It is sent at most once: later calls, and calls
// where the client asked for none, do nothing. It may be called from any goroutine, also after the handler has
// returned. It fails with ErrClosed when the socket has gone.
func (e *Event) Ack(args ...any) error {
	if !e.takeAck() {
		return nil
	}
	body, blobs, err := encodeArgs(args...)
	if err != nil {
		return fmt.Errorf("socketio: encode ack of %q: %w", e.Name, err)
	}
	return e.socket.send(encodeRun(typeAck, e.socket.namespace.name, e.ack, body, blobs))
}

// AckRaw is Ack with JSON arguments that may hold placeholders for the attachments.
func (e *Event) AckRaw(args []json.RawMessage, attachments [][]byte) error {
	if !e.takeAck() {
		return nil
	}
	body, err := appendRawArgs(nil, args, len(attachments))
	if err != nil {
		return fmt.Errorf("socketio: encode ack of %q: %w", e.Name, err)
	}
	return e.socket.send(encodeRun(typeAck, e.socket.namespace.name, e.ack, body, attachments))
}

func (e *Event) takeAck() bool {
	return e.WantsAck() && e.acked.CompareAndSwap(false, true)
}

// Attachment returns the binary data an argument stands for; ok is false when it is ordinary JSON.
func (e *Event) Attachment(arg json.RawMessage) (data []byte, ok bool) {
	index, ok := placeholderIndex(arg)
	if !ok || index < 0 || index >= len(e.Attachments) {
		return nil, false
	}
	return e.Attachments[index], true
}
