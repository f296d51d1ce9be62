package engineio_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// The tests of this file ask what the public Engine.IO 4 suite asks (see also
// handshake_test.go), each on a fake and on the real clock.

func TestPollingMessages(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for _, body := range []string{
			"4hello",
			"4",
			"4test1\x1e4test2\x1e4test3",
			"4hello\x1ebAQIDBA==",
			"b",
			"4grüße 👋\x1e4€",
		} {
			sid := x.session()
			x.want(x.post("polling&sid="+sid, body), 200, "ok")
			a := x.get("polling&sid=" + sid)
			x.want(a, 200, body)
			if got := a.header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
				t.Errorf("content type %q", got)
			}
		}
	})
}

func TestPollingIgnoresOtherParameters(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		extra := "&t=abc123&b64=1&j=0"
		sid := x.parseOpen(x.get("polling" + extra).body).SID
		x.want(x.post("polling&sid="+sid+extra, "bAQID"), 200, "ok")
		x.want(x.get("polling&sid="+sid+extra), 200, "bAQID")
	})
}

func TestPollWaitsForMessage(t *testing.T) {
	onBothClocks(t, engineio.Options{}, func(t *testing.T, x *site) {
		sid := x.session()
		poll := x.pollLater(sid)
		x.want(x.post("polling&sid="+sid, "4a"), 200, "ok")
		x.want(<-poll, 200, "4a")
	})
}

func TestPollingInvalidPacketCloses(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for _, body := range []string{
			"abc", "", "\x1e", "4a\x1e", "\x1e4a", "7", "x", "bab=c", "b!", "4\xff", "2", "2probe", "5", "0",
			strings.Repeat("\x1e", 500_000),
		} {
			sid := x.session()
			a := x.post("polling&sid="+sid, body)
			if a.status != 400 {
				t.Errorf("POST %.20q: %d %s", body, a.status, a.body)
			}
			if a := x.get("polling&sid=" + sid); a.status != 400 {
				t.Errorf("GET after %.20q: %d %s", body, a.status, a.body)
			}
		}
	})
}

func TestPollingOverlap(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		answers := []<-chan answer{x.pollLater(sid), x.pollLater(sid)}
		first, second := <-answers[0], <-answers[1]
		if first.status == 400 {
			first, second = second, first
		}
		x.want(first, 200, "1")
		x.wantStatus(second, 400)
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

func TestPollingAbort(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		ctx, abort := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer abort()
		if a, err := x.ask(ctx, http.MethodGet, "polling&sid="+sid, ""); err == nil {
			t.Fatalf("got %d %q before the abort", a.status, a.body)
		}
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

// It is the abort that closes, not the next poll.
func TestPollingAbortCloses(t *testing.T) {
	var d diary
	withHooks(t, engineio.Options{}, d.recording(), func(t *testing.T, x *site) {
		ctx, abort := context.WithCancel(t.Context())
		sid := x.session()
		poll := x.later(func() (answer, error) { return x.ask(ctx, http.MethodGet, "polling&sid="+sid, "") })
		synctest.Wait()
		abort()
		<-poll
		synctest.Wait()
		if diff := cmp.Diff([]string{"open", "closed: transport close"}, d.all()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWebSocketMessages(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		x.say(s, "4hello", "4", "4€")
		x.hear(s, "4hello", "4", "4€")
		for _, data := range []string{"\x01\x02\x03\x04", "", strings.Repeat("\xff", 70_000)} {
			if err := s.Binary([]byte(data)); err != nil {
				t.Fatal(err)
			}
			opcode, got, err := s.Read()
			if err != nil || opcode != enginetest.OpBinary || string(got) != data {
				t.Fatalf("opcode %x, %d bytes, %v", opcode, len(got), err)
			}
		}
	})
}

// A client with forceBase64 sends text, as it would by polling.
func TestWebSocketBase64(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		x.say(s, "bAQIDBA==")
		opcode, got, err := s.Read()
		if err != nil || opcode != enginetest.OpBinary || string(got) != "\x01\x02\x03\x04" {
			t.Fatalf("opcode %x, % x, %v", opcode, got, err)
		}
	})
}

func TestWebSocketInvalidPacketCloses(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for _, message := range []string{"abc", "", "7", "2", "2probe", "5", "0", "b="} {
			s, sid := x.webSocketSession()
			x.say(s, message)
			if status := x.wantClose(s); status != 1002 {
				t.Errorf("%q: status %d", message, status)
			}
			x.wantStatus(x.get("polling&sid="+sid), 400)
		}
	})
}

func TestHeartbeatPolling(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		for range 3 {
			x.want(x.get("polling&sid="+sid), 200, "2")
			x.want(x.post("polling&sid="+sid, "3"), 200, "ok")
		}
	})
}

func TestHeartbeatPollingTimeout(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		<-time.After(500 * time.Millisecond)
		x.wantStatus(x.get("polling&sid="+sid), 400)
		if n := x.server.Len(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

func TestHeartbeatWebSocket(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		for range 3 {
			x.hear(s, "2")
			x.say(s, "3")
		}
	})
}

func TestHeartbeatWebSocketTimeout(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		x.wantClose(s)
	})
}

func TestClosePolling(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		poll := x.pollLater(sid)
		x.want(x.post("polling&sid="+sid, "1"), 200, "ok")
		x.want(<-poll, 200, "6")
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

func TestCloseWebSocket(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		x.say(s, "1")
		if status := x.wantClose(s); status != 1000 {
			t.Errorf("status %d", status)
		}
	})
}

func TestUpgrade(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		s := x.probe(sid)
		x.want(x.get("polling&sid="+sid), 200, "6")
		x.say(s, "5", "4hello")
		x.hear(s, "4hello")
	})
}

func TestUpgradeRefusesPolling(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		s := x.upgrade(sid)
		x.wantStatus(x.get("polling&sid="+sid), 400)
		x.wantStatus(x.post("polling&sid="+sid, "4a"), 400)
		x.say(s, "4hello")
		x.hear(s, "4hello")
	})
}

func TestUpgradeRefusesSecondWebSocket(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		s := x.upgrade(sid)
		x.wantClose(x.socket("websocket&sid=" + sid))
		x.say(s, "4hello")
		x.hear(s, "4hello")
	})
}
