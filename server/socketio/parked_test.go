package socketio

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A parked socket keeps what its client said on entering, so that counts: otherwise one account that comes and goes
// fills the memory with what looks like a few bytes.
func TestParkedSocketsCountWhatTheirClientsSaid(t *testing.T) {
	server := New(Options{Recovery: RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}})
	n, r := server.Of("/", joiner{}), server.recovery
	for range 200 {
		s := newTestSocket(t, n)
		s.auth = json.RawMessage(`{"token":"` + strings.Repeat("x", 50_000) + `"}`)
		r.park(s, r.position())
	}
	if most := (1 << 20) / 50_000; len(r.parked) > most {
		t.Errorf("%d sockets of 50 kB are kept in 1 MiB, want at most %d", len(r.parked), most)
	}
}

// The pieces of a packet that never became whole go with the connection: a parked socket would keep them.
func TestPiecesOfAPacketGoWithTheConnection(t *testing.T) {
	server := New(Options{})
	c := newConn(server, nil)
	c.assemble.pending = &message{}
	c.closed("transport close")
	if c.assemble.pending != nil {
		t.Error("the pieces are kept")
	}
}
