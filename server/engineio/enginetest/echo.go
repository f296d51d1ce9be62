// Package enginetest is what tests of Engine.IO need on both sides of the wire:
// the echo server that the public protocol suite expects, and a WebSocket
// client that sends exactly the bytes it is told to, broken ones included.
package enginetest

import (
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// SuiteOptions are the numbers that the public protocol suites expect.
func SuiteOptions() engineio.Options {
	return engineio.Options{
		PingInterval: 300 * time.Millisecond,
		PingTimeout:  200 * time.Millisecond,
		MaxPayload:   1_000_000,
	}
}

// NewEchoServer makes a server that sends every message back, text as text and
// binary as binary. The suite expects it at /engine.io/. It is an http.Handler;
// whoever mounts it also runs it (Run), or nothing is ever pinged.
func NewEchoServer(o engineio.Options) *engineio.Server {
	return engineio.NewServer(o, Echo{})
}

// Echo is the handler of [NewEchoServer].
type Echo struct{}

// Open does nothing.
func (Echo) Open(*engineio.Session) {}

// Message sends the message back. A session that has just ended drops it.
func (Echo) Message(s *engineio.Session, m engineio.Message) {
	_ = s.Send(Frame(m))
}

// Drained does nothing.
func (Echo) Drained(*engineio.Session) {}

// Closed does nothing.
func (Echo) Closed(*engineio.Session, string) {}

// Frame encodes a message as it came.
func Frame(m engineio.Message) *engineio.Frame {
	if m.Binary {
		return engineio.NewBinary(m.Data)
	}
	return engineio.NewText(m.Data)
}
