package engineio

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// A frame that a full buffer has cut in two reaches the client whole: what else is to be said, such as the answer to a
// ping of WebSocket's own, waits for its other half.
func TestNothingGetsBetweenTheHalvesOfAFrame(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sk := &socket{Conn: conn, server: NewServer(Options{WriteTimeout: time.Minute}, nil)}
	if sk.raw = rawOf(conn); sk.raw == nil {
		t.Skip("waits for a system whose connections can be written to without waiting: Linux and the BSDs")
	}
	var a attempt
	a.write = a.tryWrite
	frame := NewBinary(bytes.Repeat([]byte("coach"), 8<<20)) // 40 MiB: no system buffers that much
	left, err := sk.sendNoWait(&a, []*Frame{frame}, frame.Len())
	if err != nil || !left.torn || len(left.bytes) == 0 || len(left.bytes) >= frame.Len() {
		t.Fatalf("%d of %d bytes are left, torn %t: %v", len(left.bytes), frame.Len(), left.torn, err)
	}
	if sk.pen.TryLock() {
		t.Fatal("anybody may write between the halves")
	}
	written := make(chan error, 1)
	go sk.pong([]byte("hi"))
	go func() { written <- sk.sendRest(time.Now().Add(time.Minute), left) }()
	if err := client.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Clone(frame.wire), finPong, 2, 'h', 'i')
	got := make([]byte, len(want))
	if n, err := io.ReadFull(client, got); err != nil {
		t.Fatalf("after %d bytes: %v", n, err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the frame did not come whole, with the pong after it")
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}
