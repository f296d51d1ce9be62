package socketio_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio"
)

// Whoever has not entered has shown no token: an address may have only so many such sessions, and makes room by
// entering, or by going.
func TestSessionsThatHaveNotEnteredAreBoundedByAddress(t *testing.T) {
	from := "strangers"
	o := socketio.Options{MaxEnteringEach: 2, Address: func(string, http.Header) string { return from }}
	onFakeClock(t, o, with(&app{}), func(t *testing.T, x *site) {
		first, second := x.openPolling(), x.open()
		status, body := x.poll("")
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "too many") {
			t.Fatalf("a third session: %d %q, want 503", status, body)
		}
		if conn, err := x.tryWebSocket(); err == nil {
			conn.Close()
			t.Error("a third session over WebSocket was let in")
		}
		from = "others"
		x.openPolling()
		from = "strangers"
		if status, body := x.post(first, "40"); status != http.StatusOK {
			t.Fatalf("enter: %d %q", status, body)
		}
		x.openPolling()
		second.lose()
		synctest.Wait()
		x.openPolling()
	})
}

func TestSessionsThatHaveNotEnteredAreBoundedInAll(t *testing.T) {
	n := 0
	o := socketio.Options{MaxEntering: 3, Address: func(string, http.Header) string { n++; return strings.Repeat("x", n) }}
	onFakeClock(t, o, with(&app{}), func(t *testing.T, x *site) {
		for range 3 {
			x.openPolling()
		}
		if status, _ := x.poll(""); status != http.StatusServiceUnavailable {
			t.Errorf("a fourth session: %d, want 503", status)
		}
	})
}

// Who leaves the only namespace is where who has not entered is: bounded in number, and for as long as the connect
// timeout. Otherwise one token would open any number of sessions, one after the other.
func TestSessionsThatHaveLeftAreBoundedLikeThoseThatHaveNotEntered(t *testing.T) {
	o := socketio.Options{MaxEnteringEach: 1, ConnectTimeout: 3 * time.Second}
	onFakeClock(t, o, with(&app{}), func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		p.say("41")
		synctest.Wait()
		if status, _ := x.poll(""); status != http.StatusServiceUnavailable {
			t.Errorf("a session beside one that left: %d, want 503", status)
		}
		p.say("40")
		p.hearConnect()
		left := time.Now()
		p.say("41")
		p.hearClose()
		if after := time.Since(left); after < 3*time.Second || after > 5*time.Second {
			t.Errorf("closed %s after it left, want the connect timeout", after)
		}
	})
}

func TestSessionsThatTheServerPutOutAreBoundedToo(t *testing.T) {
	entered := make(chan *socketio.Socket, 1)
	o := socketio.Options{ConnectTimeout: 3 * time.Second}
	onFakeClock(t, o, with(&app{connected: func(s *socketio.Socket) { entered <- s }}), func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		soon(t, entered).Disconnect()
		p.hear("41")
		p.hearClose()
	})
}

// What a client says on entering is kept as long as its socket, parked ones included, so it is small and is counted.
func TestAHugeCONNECTIsRefused(t *testing.T) {
	onFakeClock(t, socketio.Options{}, with(&app{}), func(t *testing.T, x *site) {
		p := x.open()
		p.say(`40{"token":"` + strings.Repeat("x", 70_000) + `"}`)
		p.hearClose()
	})
}
