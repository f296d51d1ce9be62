package engineio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Opcodes of frames (RFC 6455, 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

const (
	finBit      = 0x80
	maskBit     = 0x80
	longControl = 125 // bytes a control frame may hold
)

// closed by the client, with a closing frame.
var errPeerClosed = errors.New("closed by the client")

// brokenFrame is a frame that the connection must not survive; status is what
// the client is told (RFC 6455, 7.4.1).
type brokenFrame struct {
	status uint16
	what   string
}

func (b *brokenFrame) Error() string { return "malformed frame: " + b.what }

func malformed(what string) error { return &brokenFrame{statusProtocol, what} }

// frameHead is the head of a frame from a client.
type frameHead struct {
	fin     bool
	opcode  byte
	mask    [4]byte
	size    int // bytes of the head itself; 0: it has not come as a whole
	payload int
}

func (h frameHead) isControl() bool { return h.opcode >= opClose }

// readHead reads the head at the start of b (RFC 6455, 5.2). The payload may
// have limit bytes.
func readHead(b []byte, limit int) (h frameHead, err error) {
	if len(b) < 2 {
		return h, nil
	}
	h.fin, h.opcode = b[0]&finBit != 0, b[0]&0x0f
	code := int(b[1] &^ maskBit)
	switch {
	case b[0]&0x70 != 0:
		return h, malformed("a reserved bit is set")
	case h.opcode > opBinary && h.opcode < opClose, h.opcode > opPong:
		return h, malformed("the opcode is reserved")
	case h.isControl() && (!h.fin || code > longControl):
		return h, malformed("a control frame is long or in pieces")
	}
	size, length := 6, uint64(code)
	switch {
	case code == 126 && len(b) >= 4:
		size, length = 8, uint64(binary.BigEndian.Uint16(b[2:]))
	case code == 127 && len(b) >= 10:
		size, length = 14, binary.BigEndian.Uint64(b[2:])
	case code >= 126:
		return h, nil
	}
	switch {
	case length>>63 != 0:
		return h, malformed("the length is negative")
	case length > uint64(limit):
		return h, &brokenFrame{statusTooLarge, "it is too large"}
	case b[1]&maskBit == 0:
		return h, malformed("it is not masked")
	case len(b) < size:
		return h, nil
	}
	copy(h.mask[:], b[size-4:])
	h.size, h.payload = size, int(length)
	return h, nil
}

// unmask undoes a client's masking in place (RFC 6455, 5.3), eight bytes at a
// time.
func unmask(b []byte, key [4]byte) {
	four := uint64(binary.LittleEndian.Uint32(key[:]))
	eight := four | four<<32
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^eight)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}

// frames handles every whole frame that has come. An error ends the connection.
func (sk *socket) frames() error {
	rest := sk.in
	for {
		h, err := readHead(rest, sk.server.options.MaxPayload)
		if err != nil {
			return err
		}
		if h.size == 0 || len(rest) < h.size+h.payload {
			sk.needs = h.size + h.payload // 0 where the head is not known
			sk.in = sk.in[:copy(sk.in, rest)]
			return nil
		}
		payload := rest[h.size : h.size+h.payload]
		rest = rest[h.size+h.payload:]
		unmask(payload, h.mask)
		if err := sk.frame(h, payload); err != nil {
			return err
		}
	}
}

func (sk *socket) frame(h frameHead, payload []byte) error {
	switch {
	case h.opcode == opPing:
		sk.pong(payload)
	case h.opcode == opPong:
	case h.opcode == opClose:
		return sk.closed(payload)
	case (h.opcode == opContinuation) != (sk.joined != nil):
		return malformed("pieces of messages are mixed")
	case h.fin && sk.joined == nil:
		return sk.message(h.opcode, payload)
	default:
		return sk.join(h, payload)
	}
	return nil
}

// joined is a message that comes in pieces.
type joined struct {
	opcode byte
	data   []byte
}

// join takes a piece of a message.
func (sk *socket) join(h frameHead, payload []byte) error {
	if sk.joined == nil {
		sk.joined = &joined{opcode: h.opcode}
	}
	whole := sk.joined
	if len(whole.data)+len(payload) > sk.server.options.MaxPayload {
		return &brokenFrame{statusTooLarge, "its pieces are too large together"}
	}
	whole.data = append(whole.data, payload...)
	if !h.fin {
		return nil
	}
	sk.joined = nil
	return sk.message(whole.opcode, whole.data)
}

// message hands a whole message on; data is valid until it returns.
func (sk *socket) message(opcode byte, data []byte) error {
	if opcode == opText && !utf8.Valid(data) {
		return &brokenFrame{statusNotUTF8, "text that is not UTF-8"}
	}
	sk.noteDepth(opcode, data)
	if sk.session != nil {
		sk.session.receiveFrame(sk, opcode, data)
	}
	return nil
}

// closed takes the client's closing frame, and answers it with its status
// (RFC 6455, 5.5.1).
func (sk *socket) closed(payload []byte) error {
	if len(payload) == 0 {
		_, _ = sk.Write([]byte{finClose, 0}) // the connection ends either way
		return errPeerClosed
	}
	if len(payload) == 1 {
		return malformed("half a closing status")
	}
	status := binary.BigEndian.Uint16(payload)
	switch {
	case !mayBeSent(status):
		return malformed(fmt.Sprintf("closing status %d", status))
	case !utf8.Valid(payload[2:]):
		return &brokenFrame{statusNotUTF8, "a closing reason that is not UTF-8"}
	}
	sk.sayClose(status)
	return errPeerClosed
}

// mayBeSent tells statuses that may stand in a frame from those that never do
// (RFC 6455, 7.4).
func mayBeSent(status uint16) bool {
	switch {
	case status < statusNormal, status == 1004, status == 1005, status == 1006, status >= 1015 && status < 3000, status > 4999:
		return false
	}
	return true
}
