package enginetest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// WebSocket opcodes (RFC 6455, 5.2).
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xa

	fin = 0x80
)

// patience is how long a read may take before a test gives up.
const patience = time.Minute

// Socket is the client's end of a WebSocket connection.
type Socket struct {
	Conn   net.Conn
	reader *bufio.Reader
}

// RefusedError is the answer to an upgrade that was not 101.
type RefusedError struct {
	Status int
	Body   string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("refused with %d: %s", e.Status, e.Body) }

// Upgrade asks for a WebSocket on a fresh connection. target is the path with
// its query; header, which may be nil, is sent beside what the protocol needs.
// The error is a [*RefusedError] when the server answers anything but 101.
func Upgrade(conn net.Conn, target string, header http.Header) (*Socket, error) {
	request, err := http.NewRequest(http.MethodGet, "http://localhost"+target, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Sec-WebSocket-Version", "13")
	request.Header.Set("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0ODw==")
	for name, values := range header {
		request.Header[name] = values
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	s := &Socket{Conn: conn, reader: bufio.NewReaderSize(conn, 512)}
	response, err := http.ReadResponse(s.reader, request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return s, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return nil, &RefusedError{Status: response.StatusCode, Body: string(body)}
}

// Text sends one text message.
func (s *Socket) Text(message string) error { return s.Frame(fin|OpText, []byte(message)) }

// Binary sends one binary message.
func (s *Socket) Binary(message []byte) error { return s.Frame(fin|OpBinary, message) }

// Ping sends a control frame; the answer comes through Read.
func (s *Socket) Ping(payload string) error { return s.Frame(fin|OpPing, []byte(payload)) }

// Frame sends one masked frame. first is its first byte: FIN and reserved bits,
// and the opcode.
func (s *Socket) Frame(first byte, payload []byte) error {
	return s.Raw(MaskedFrame(first, payload))
}

// Raw sends bytes as they are.
func (s *Socket) Raw(b []byte) error {
	if err := s.Conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := s.Conn.Write(b)
	return err
}

// MaskedFrame encodes a frame as a client must.
func MaskedFrame(first byte, payload []byte) []byte {
	const masked = 0x80
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, masked|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, masked|127), uint64(n))
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i%4])
	}
	return b
}

// Read gives the next frame, whatever it is. A server of ours never fragments
// or masks: such a frame is an error.
func (s *Socket) Read() (opcode byte, payload []byte, err error) {
	if err := s.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	var head [2]byte
	if _, err := io.ReadFull(s.reader, head[:]); err != nil {
		return 0, nil, err
	}
	if head[0]&0xf0 != fin || head[1]&0x80 != 0 {
		return 0, nil, fmt.Errorf("frame header % x: fragmented, reserved bits or masked", head)
	}
	length, err := s.length(head[1])
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, length)
	if _, err := io.ReadFull(s.reader, payload); err != nil {
		return 0, nil, err
	}
	return head[0] & 0x0f, payload, nil
}

func (s *Socket) length(code byte) (uint64, error) {
	size := map[byte]int{126: 2, 127: 8}[code]
	if size == 0 {
		return uint64(code), nil
	}
	var b [8]byte
	if _, err := io.ReadFull(s.reader, b[8-size:]); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b[:]), nil
}

// ReadText gives the next message, which must be text.
func (s *Socket) ReadText() (string, error) {
	opcode, payload, err := s.Read()
	if err != nil {
		return "", err
	}
	if opcode != OpText {
		return "", fmt.Errorf("opcode %#x with % x instead of text", opcode, payload)
	}
	return string(payload), nil
}

// ReadClose drops everything until the server closes. The status is 0 when the
// connection ended without a closing frame.
func (s *Socket) ReadClose() (status int, err error) {
	for {
		opcode, payload, err := s.Read()
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			return 0, err
		}
		if err != nil {
			return 0, nil //nolint:nilerr // the end is what was waited for
		}
		if opcode == OpClose && len(payload) >= 2 {
			return int(binary.BigEndian.Uint16(payload)), nil
		}
	}
}

// Close ends the connection without a closing frame.
func (s *Socket) Close() error { return s.Conn.Close() }
