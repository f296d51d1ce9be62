package socketio

import (
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// newTestSocket is a socket that is known to the recovery and has a session of its own, which nobody serves.
func newTestSocket(t *testing.T, n *Namespace, rooms ...string) *Socket {
	t.Helper()
	s := &Socket{id: newID(), pid: newID(), namespace: n, conn: &conn{server: n.server, session: &engineio.Session{}}}
	n.server.recovery.follow(s)
	for _, room := range rooms {
		s.Join(room)
	}
	return s
}

// Whatever was kept is given back: nothing is left when everybody has gone and the window is over.
func TestRecoveryForgetsEverything(t *testing.T) {
	server := New(Options{Recovery: RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}})
	n, r := server.Of("/", joiner{}), server.recovery
	parked, left := newTestSocket(t, n, "room"), newTestSocket(t, n, "room")
	p, err := NewPacket("a", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		n.Broadcast("empty", p, nil)
	}
	r.park(parked, r.position())
	r.forget(left)
	if len(r.entries) != 10 || len(r.known) != 1 || len(r.parked) != 1 || r.bytes == 0 {
		t.Fatalf("%d entries, %d known, %d parked, %d bytes", len(r.entries), len(r.known), len(r.parked), r.bytes)
	}
	r.mu.Lock()
	r.trim(time.Now().Add(time.Hour))
	r.mu.Unlock()
	if len(r.entries) != 0 || len(r.known) != 0 || len(r.parked) != 0 || r.order.Len() != 0 || r.bytes != 0 {
		t.Errorf("%d entries, %d known, %d parked, %d in order, %d bytes left",
			len(r.entries), len(r.known), len(r.parked), r.order.Len(), r.bytes)
	}
	n.Broadcast("empty", p, nil)
	if len(r.entries) != 0 {
		t.Error("events are kept although nobody could miss them")
	}
}

// One who left a namespace, from either side, is forgotten at once.
func TestRecoveryForgetsWhoLeft(t *testing.T) {
	server := New(Options{Recovery: RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}})
	n := server.Of("/", joiner{})
	s := newTestSocket(t, n, "room")
	s.end(ReasonClientDisconnect, endForGood)
	if len(server.recovery.known) != 0 || len(server.recovery.parked) != 0 {
		t.Error("a socket that left is kept")
	}
	lost := newTestSocket(t, n, "room")
	lost.end("transport close", endForNow)
	if len(server.recovery.known) != 1 || len(server.recovery.parked) != 1 {
		t.Error("a socket that was lost is not kept")
	}
}
