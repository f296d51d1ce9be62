package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// maxNamespaceLength bounds the one part of a packet that is echoed to the client as it came.
const maxNamespaceLength = 256

// maxConnectPayload bounds, in bytes, what a client says on entering a namespace: it is kept as long as its socket.
const maxConnectPayload = 64 << 10

// errMalformed is wrapped by everything that makes a packet unreadable. The connection it came on is closed, because
// what follows cannot be trusted to begin where a packet begins.
var errMalformed = errors.New("malformed packet")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errMalformed}, args...)...)
}

// decodeText reads one text message: <type>[<n>-][<namespace>,][<ack id>][<json>].
// The result holds no reference to text.
func decodeText(text []byte, maxAttachments int) (wirePacket, error) {
	p := wirePacket{namespace: rootNamespace, ack: noAck}
	if len(text) == 0 {
		return p, malformed("empty")
	}
	// JSON arguments may be passed on to other clients as they are, and those close on bad UTF-8.
	if !utf8.Valid(text) {
		return p, malformed("not UTF-8")
	}
	p.kind, text = packetType(text[0]), text[1:]
	if p.kind < typeConnect || p.kind > typeBinaryAck {
		return p, malformed("unknown type %q", byte(p.kind))
	}
	var err error
	if p.kind.isBinary() {
		if p.attached, text, err = cutAttachments(text, maxAttachments); err != nil {
			return p, err
		}
	}
	if p.namespace, text, err = cutNamespace(text); err != nil {
		return p, err
	}
	if p.ack, text, err = cutAckID(text); err != nil {
		return p, err
	}
	if p.kind.isEvent() || p.kind.isAck() {
		return decodeArgs(p, text)
	}
	return decodePayload(p, text)
}

func cutAttachments(text []byte, limit int) (int, []byte, error) {
	digits, rest, found := bytes.Cut(text, []byte{'-'})
	if !found || len(digits) == 0 || len(digits) > 4 || countDigits(digits) != len(digits) {
		return 0, nil, malformed("bad attachment count")
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil || n < 1 {
		return 0, nil, malformed("bad attachment count")
	}
	if n > limit {
		return 0, nil, malformed("%d attachments, at most %d are taken", n, limit)
	}
	return n, rest, nil
}

// cutNamespace takes "/custom," or, at the end of the packet, "/custom".
func cutNamespace(text []byte) (string, []byte, error) {
	if len(text) == 0 || text[0] != '/' {
		return rootNamespace, text, nil
	}
	name, rest, _ := bytes.Cut(text, []byte{','})
	if len(name) > maxNamespaceLength {
		return "", nil, malformed("namespace longer than %d bytes", maxNamespaceLength)
	}
	// A control character could end the packet early where packets are joined by one (polling).
	if bytes.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return "", nil, malformed("control character in the namespace")
	}
	return string(name), rest, nil
}

func cutAckID(text []byte) (int64, []byte, error) {
	n := countDigits(text)
	if n == 0 {
		return noAck, text, nil
	}
	id, err := strconv.ParseInt(string(text[:min(n, 17)]), 10, 64)
	if err != nil || n > 16 || id > maxAckID {
		return 0, nil, malformed("ack id beyond 2^53")
	}
	return id, text[n:], nil
}

func decodeArgs(p wirePacket, text []byte) (wirePacket, error) {
	// An ack without an id answers nothing.
	if p.kind.isAck() && p.ack == noAck {
		return p, malformed("ack without an id")
	}
	// Unmarshal, not a Decoder: it refuses trailing bytes, and nesting beyond 10 000.
	if err := json.Unmarshal(text, &p.args); err != nil {
		return p, malformed("payload: %v", err)
	}
	if p.args == nil { // null
		return p, malformed("payload is not an array")
	}
	if p.kind.isBinary() {
		if err := checkPlaceholders(text, p.attached); err != nil {
			return p, err
		}
	}
	if p.kind.isAck() {
		return p, nil
	}
	if len(p.args) == 0 {
		return p, malformed("event without a name")
	}
	name, err := eventName(p.args[0])
	if err != nil {
		return p, err
	}
	p.name, p.args = name, p.args[1:]
	return p, nil
}

// eventName reads the first element of an event: a string, or a number, which clients treat as its text.
func eventName(raw json.RawMessage) (string, error) {
	if c := raw[0]; c == '-' || '0' <= c && c <= '9' {
		return string(raw), nil
	}
	if raw[0] != '"' {
		return "", malformed("event name is not a string")
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return "", malformed("event name: %v", err)
	}
	if isReserved(name) {
		return "", malformed("event name %q is reserved", name)
	}
	return name, nil
}

func decodePayload(p wirePacket, text []byte) (wirePacket, error) {
	if p.ack != noAck {
		return p, malformed("ack id where none belongs")
	}
	if len(text) == 0 {
		return p, nil
	}
	if len(text) > maxConnectPayload {
		return p, malformed("payload larger than %d bytes", maxConnectPayload)
	}
	if p.kind == typeDisconnect {
		return p, malformed("DISCONNECT with a payload")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return p, malformed("payload is not an object")
	}
	p.payload = bytes.Clone(bytes.TrimSpace(text))
	return p, nil
}

func countDigits(text []byte) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}
