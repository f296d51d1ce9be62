package engineio

import (
	"encoding/base64"
	"encoding/binary"
	"sync"
)

// Types of packets, the first byte of each text packet (protocol, "Protocol").
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
	packetBinary  = 'b' // polling only: a message in base64
)

// WebSocket opcodes (RFC 6455, 5.2), with the FIN bit set.
const (
	finText   = 0x81
	finBinary = 0x82
	finClose  = 0x88
	finPong   = 0x8a
)

// Frame is an encoded packet. It never changes, so that one Frame can wait in
// the outboxes of any number of sessions: it holds the bytes of its WebSocket
// frame, made once, and makes its polling form when the first poll asks for it.
type Frame struct {
	wire    []byte // header and payload, unmasked, as a server writes it
	head    int    // bytes of header in wire
	encode  sync.Once
	encoded []byte // 'b' and base64, for binary frames only
}

// NewText makes a message packet of the parts of a text, which must be valid
// UTF-8. They are copied; the packet type in front of them is added here.
func NewText(parts ...[]byte) *Frame { return newPacket(packetMessage, parts...) }

// NewBinary makes a message packet of bytes. data is copied.
func NewBinary(data []byte) *Frame {
	wire, head := newWire(finBinary, len(data))
	return &Frame{wire: append(wire, data...), head: head}
}

func newPacket(kind byte, parts ...[]byte) *Frame {
	payload := 1
	for _, part := range parts {
		payload += len(part)
	}
	wire, head := newWire(finText, payload)
	wire = append(wire, kind)
	for _, part := range parts {
		wire = append(wire, part...)
	}
	return &Frame{wire: wire, head: head}
}

// newWire starts a WebSocket frame with room for its payload (RFC 6455, 5.2).
func newWire(first byte, payload int) (wire []byte, head int) {
	switch {
	case payload <= 125:
		wire = append(make([]byte, 0, 2+payload), first, byte(payload))
	case payload <= 0xffff:
		wire = append(make([]byte, 0, 4+payload), first, 126)
		wire = binary.BigEndian.AppendUint16(wire, uint16(payload))
	default:
		wire = append(make([]byte, 0, 10+payload), first, 127)
		wire = binary.BigEndian.AppendUint64(wire, uint64(payload))
	}
	return wire, len(wire)
}

// Len is the number of bytes the frame counts for in an outbox.
func (f *Frame) Len() int { return len(f.wire) }

func (f *Frame) isBinary() bool { return f.wire[0] == finBinary }

// polling is the packet as it stands in the answer to a poll.
func (f *Frame) polling() []byte {
	if !f.isBinary() {
		return f.wire[f.head:]
	}
	f.encode.Do(func() {
		data := f.wire[f.head:]
		out := make([]byte, 1, 1+base64.StdEncoding.EncodedLen(len(data)))
		out[0] = packetBinary
		f.encoded = base64.StdEncoding.AppendEncode(out, data)
	})
	return f.encoded
}
