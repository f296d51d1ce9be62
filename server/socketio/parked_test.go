package socketio

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A parked socket keeps what its client said on entering, so that counts: otherwise one account that comes and goes
// fills the memory with what looks like a few bytes.
func TestParkedSocketsCountWhatTheirClientsSaid(t *testing.T) {
	server := New(Options{Recovery: RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}})
	n, r := server.Of("/", joiner{}), server.recovery
	said := "/socket.io/?EIO=4&transport=polling&said=" + strings.Repeat("x", 50_000)
	server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, said, nil))
	for session := range server.Engine().Sessions() {
		for range 200 {
			s := newTestSocket(t, n)
			s.conn.session = session
			r.park(s, r.position())
		}
	}
	if len(r.parked) == 0 {
		t.Fatal("nobody is parked")
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
