package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// Packet is an event encoded once, for any number of sockets and rooms of any namespace. It carries no ack.
// It is safe for concurrent use and never changes after NewPacket.
type Packet struct {
	body        []byte // the JSON array without its closing bracket, so that an offset can be put at its end
	attachments []*engineio.Frame
	bytes       int // size of body and attachments
	transient   bool

	// frames is the encoding without an offset for the namespace that asked last; there is hardly ever a second one.
	frames atomic.Pointer[namespaceFrames]
}

type namespaceFrames struct {
	namespace string
	run       []*engineio.Frame
}

// NewPacket encodes an event. Each argument is marshalled with encoding/json, except that a json.RawMessage is sent
// as it is (it must be valid), an [Encoded] too (it is not checked), and a []byte becomes a binary attachment. Reserved names are refused: "connect",
// "connect_error", "disconnect", "disconnecting", "newListener", "removeListener".
func NewPacket(name string, args ...any) (*Packet, error) {
	if isReserved(name) {
		return nil, fmt.Errorf("socketio: event name %q is reserved, choose another", name)
	}
	body, blobs, err := encodeArgs(append([]any{name}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("socketio: encode event %q: %w", name, err)
	}
	return newPacket(body, blobs), nil
}

// NewRawPacket encodes an event whose arguments are JSON that may hold placeholders for the attachments, as an Event
// carries them; it is how a received event is passed on.
func NewRawPacket(name string, args []json.RawMessage, attachments [][]byte) (*Packet, error) {
	if isReserved(name) {
		return nil, fmt.Errorf("socketio: event name %q is reserved, choose another", name)
	}
	quoted, err := marshal(name)
	if err != nil {
		return nil, fmt.Errorf("socketio: encode event name: %w", err)
	}
	body, err := appendRawArgs(quoted, args, len(attachments))
	if err != nil {
		return nil, fmt.Errorf("socketio: encode event %q: %w", name, err)
	}
	return newPacket(body, attachments), nil
}

func newPacket(body []byte, blobs [][]byte) *Packet {
	p := &Packet{body: body, bytes: len(body)}
	for _, blob := range blobs {
		p.attachments = append(p.attachments, engineio.NewBinary(blob))
		p.bytes += len(blob)
	}
	return p
}

// Transient returns the same event marked as not worth replaying: it is never kept for recovery and carries no offset
// argument. Its last argument should not be a string where recovery is on: a client takes the last string of any event
// for an offset, and one that is not costs it the recovery, nothing else.
func (p *Packet) Transient() *Packet {
	t := &Packet{body: p.body, attachments: p.attachments, bytes: p.bytes, transient: true}
	t.frames.Store(p.frames.Load())
	return t
}

// run returns the frames of the event for a namespace, to be sent as one run.
func (p *Packet) run(namespace string) []*engineio.Frame {
	if cached := p.frames.Load(); cached != nil && cached.namespace == namespace {
		return cached.run
	}
	run := p.encode(namespace, "")
	p.frames.Store(&namespaceFrames{namespace: namespace, run: run})
	return run
}

// encode builds the frames, with offset as the last argument unless it is empty. An offset needs no escaping.
func (p *Packet) encode(namespace, offset string) []*engineio.Frame {
	kind := typeEvent
	if len(p.attachments) > 0 {
		kind = typeBinaryEvent
	}
	var head, tail [64]byte // mostly enough
	end := tail[:0]
	if offset != "" {
		end = append(append(append(end, `,"`...), offset...), '"')
	}
	text := engineio.NewText(append(appendHeader(head[:0], kind, len(p.attachments), namespace, noAck), '['), p.body, append(end, ']'))
	return append([]*engineio.Frame{text}, p.attachments...)
}

// encodeRun builds the frames of an event that asks for an ack, or of an ack.
func encodeRun(kind packetType, namespace string, ack int64, body []byte, blobs [][]byte) []*engineio.Frame {
	if len(blobs) > 0 {
		kind += typeBinaryEvent - typeEvent
	}
	var head [64]byte // mostly enough
	text := engineio.NewText(append(appendHeader(head[:0], kind, len(blobs), namespace, ack), '['), body, []byte{']'})
	run := []*engineio.Frame{text}
	for _, blob := range blobs {
		run = append(run, engineio.NewBinary(blob))
	}
	return run
}

var errForeignPlaceholder = errors.New("text that names an attachment beside attachments")

// encodeArgs is args as JSON, separated by commas, without the binary ones. What is JSON already and stands alone is
// not copied.
func encodeArgs(args ...any) (body []byte, blobs [][]byte, err error) {
	if len(args) == 1 {
		if encoded, ok := args[0].(Encoded); ok {
			return encoded, nil, nil
		}
	}
	room := 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			room += len(arg) + 3
		case Encoded:
			room += len(arg) + 1
		case json.RawMessage:
			room += len(arg) + 1
		}
	}
	return appendArgs(make([]byte, 0, room), args)
}

// appendArgs writes args as JSON, separated by commas, and takes out the binary ones.
func appendArgs(dst []byte, args []any) (body []byte, blobs [][]byte, err error) {
	binary := slices.ContainsFunc(args, isBlob)
	for i, arg := range args {
		if i > 0 {
			dst = append(dst, ',')
		}
		if blob, ok := arg.([]byte); ok {
			dst = appendPlaceholder(dst, len(blobs))
			blobs = append(blobs, blob)
			continue
		}
		start := len(dst)
		if dst, err = appendArg(dst, arg); err != nil {
			return nil, nil, fmt.Errorf("argument %d: %w", i, err)
		}
		// Somebody else's text must not be able to name our attachments.
		if binary && containsPlaceholder(dst[start:]) {
			return nil, nil, fmt.Errorf("argument %d: %w", i, errForeignPlaceholder)
		}
	}
	return dst, blobs, nil
}

func isBlob(arg any) bool {
	_, ok := arg.([]byte)
	return ok
}

// Encoded is an argument that is JSON already, as its maker vouches: unlike a json.RawMessage it is not looked at again.
type Encoded []byte

func appendArg(dst []byte, arg any) ([]byte, error) {
	switch arg := arg.(type) {
	case json.RawMessage:
		return appendRaw(dst, arg)
	case Encoded:
		return append(dst, arg...), nil
	case string:
		if needsNoEscape(arg) {
			return append(append(append(dst, '"'), arg...), '"'), nil
		}
	}
	text, err := marshal(arg)
	return append(dst, text...), err
}

// needsNoEscape reports whether JSON has a text as it is, as it has the names of events.
func needsNoEscape(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendRawArgs writes a comma and args after dst (no comma when dst is empty), checking their placeholders.
func appendRawArgs(dst []byte, args []json.RawMessage, attachments int) (body []byte, err error) {
	for i, arg := range args {
		if len(dst) > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendRaw(dst, arg); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
		if attachments == 0 {
			continue
		}
		if err := checkPlaceholders(arg, attachments); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return dst, nil
}

// appendRaw writes JSON as it is. One broken argument would end the connection of every client that gets it.
func appendRaw(dst []byte, raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return append(dst, "null"...), nil
	}
	if !json.Valid(raw) || !utf8.Valid(raw) {
		return nil, errors.New("invalid raw JSON")
	}
	return append(dst, raw...), nil
}

// marshal is json.Marshal without the escapes meant for HTML pages, which only cost bytes here.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}
