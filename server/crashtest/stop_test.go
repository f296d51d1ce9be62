//go:build unix

package crashtest

import (
	"encoding/json"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// TestSIGTERMDrainsOpenSockets stops a server under fifty sockets and a
// request whose body never comes.
func TestSIGTERMDrainsOpenSockets(t *testing.T) {
	t.Parallel()
	place := newSite(t, "", "DRAIN_TIMEOUT=2s")
	server := place.start()
	who := register(t, server.base, "trader")
	room := who.conversation("mention")
	sockets := make([]*socket, 50)
	for i := range sockets {
		sockets[i] = who.dial()
	}
	book := newLedger(1)
	for range 20 {
		book[0].add(room, "@coach long 2 MES at 6000, stop 5994", true)
	}
	life(t, who, book, -1, nil)
	unfinished(t, server, who)

	began := time.Now()
	server.signal(syscall.SIGTERM)
	code := server.wait(patience)
	took := time.Since(began)
	if code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, server.log)
	}
	if took > 3*time.Second {
		t.Errorf("it took %s, a second more than DRAIN_TIMEOUT is allowed", took)
	}
	for i, s := range sockets {
		if !warned(s) {
			t.Errorf("socket %d was closed without a word", i)
		}
	}
	if lines := server.log.containing(`"level":"ERROR"`); len(lines) > 0 {
		t.Errorf("stopping was an error: %s", lines)
	}

	who.moveTo(place.start())
	answersEnd(t, who, []string{room})
	for _, problem := range book.check(room, who.rows(room)) {
		t.Error(problem)
	}
}

// unfinished begins a request whose body never comes.
func unfinished(t *testing.T, server *process, who *person) {
	t.Helper()
	write(t, rawDial(t, server), "POST /api/auth/login HTTP/1.1\r\nHost: coach\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	who.get("/api/auth/me", nil) // a later request was answered: that one has begun
}

// warned reports whether the socket was told of the stop before it was closed.
func warned(s *socket) bool {
	for {
		var e socketiotest.Event
		select {
		case e = <-s.Events:
		default:
			select {
			case e = <-s.Events:
			case <-s.Closed:
				return false
			case <-time.After(patience):
				return false
			}
		}
		var v struct{ ReconnectAfterMs *int64 }
		if e.Name == "server_draining" {
			return json.Unmarshal(e.Data, &v) == nil && v.ReconnectAfterMs != nil
		}
	}
}

// TestASecondSIGTERMQuitsAtOnce keeps the first stop busy with a request whose
// body never comes.
func TestASecondSIGTERMQuitsAtOnce(t *testing.T) {
	t.Parallel()
	server := newSite(t, "", "DRAIN_TIMEOUT=5m").start()
	who := register(t, server.base, "trader")
	s := who.dial()
	unfinished(t, server, who)

	server.signal(syscall.SIGTERM)
	if !warned(s) {
		t.Fatal("the stop has not begun")
	}
	until(t, "the port is closed", func() bool {
		c, err := net.Dial("tcp", server.base[len("http://"):])
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	began := time.Now()
	server.signal(syscall.SIGTERM)
	if code := server.wait(patience); code == 0 {
		t.Error("exit code 0 of a stop that was cut short")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("the second signal took %s", took)
	}
}
