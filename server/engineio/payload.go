package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"iter"
	"unicode/utf8"
)

// separator stands between the packets of one HTTP body.
const separator = 0x1e

var (
	errEmptyPacket = errors.New("a packet is empty")
	errPacketType  = errors.New("a packet has an unknown type")
	errNotUTF8     = errors.New("a text packet is not UTF-8")
	errNotBase64   = errors.New("a binary packet is not base64")
)

// packet is one decoded packet; data may share memory with what it came in.
type packet struct {
	kind byte // packetBinary for a binary message, by whichever transport
	data []byte
}

// decodePayload walks the packets of a POST body and stops after the first
// error. It makes no list of them: a body may hold half a million.
func decodePayload(body []byte) iter.Seq2[packet, error] {
	return func(yield func(packet, error) bool) {
		for more := true; more; {
			var raw []byte
			raw, body, more = bytes.Cut(body, []byte{separator})
			p, err := decodePacket(raw)
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// decodePacket reads one text packet. Base64 is taken over WebSocket too, where
// clients with forceBase64 use it.
func decodePacket(raw []byte) (packet, error) {
	if len(raw) == 0 {
		return packet{}, errEmptyPacket
	}
	kind, data := raw[0], raw[1:]
	switch {
	case kind == packetBinary:
		decoded := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
		n, err := base64.StdEncoding.Decode(decoded, data)
		if err != nil {
			return packet{}, errNotBase64
		}
		return packet{kind: packetBinary, data: decoded[:n]}, nil
	case kind < packetOpen || kind > packetNoop:
		return packet{}, errPacketType
	case !utf8.Valid(data):
		return packet{}, errNotUTF8
	}
	return packet{kind: kind, data: data}, nil
}

// receive acts on one packet of the transport that carries the session. It
// reports whether the session goes on.
func (s *Session) receive(p packet) bool {
	s.mu.Lock()
	if s.expired(s.server.now()) {
		s.mu.Unlock()
		return false
	}
	s.stats.PacketsIn++
	s.stats.BytesIn += uint64(1 + len(p.data))
	switch p.kind {
	case packetMessage, packetBinary:
		s.mu.Unlock()
		s.deliver(Message{Binary: p.kind == packetBinary, Data: p.data})
		return true
	case packetPong:
		s.pong()
	case packetNoop:
	case packetClose:
		s.end(ending{reason: ReasonTransportClose, status: statusNormal, last: s.server.packets.noop, linger: lingerClient})
	default: // "0", "5" out of place, and "2": only the server pings
		s.end(ending{reason: ReasonParseError, status: statusProtocol})
	}
	goOn := !s.closed
	s.mu.Unlock()
	return goOn
}
