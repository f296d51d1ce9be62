package engineio_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

func TestHandshakePolling(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		a := x.get("polling")
		x.wantStatus(a, 200)
		if got := a.header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
			t.Errorf("content type %q", got)
		}
		open := x.parseOpen(a.body)
		want := `0{"sid":"` + open.SID + `","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}`
		if diff := cmp.Diff(want, a.body); diff != "" {
			t.Error(diff)
		}
		if len(open.SID) != 20 {
			t.Errorf("sid %q", open.SID)
		}
	})
}

func TestHandshakeWebSocket(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		packet := x.text(x.socket("websocket"))
		want := `0{"sid":"` + x.parseOpen(packet).SID + `","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}`
		if diff := cmp.Diff(want, packet); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHandshakeDefaults(t *testing.T) {
	onFakeClock(t, engineio.Options{Transports: []string{engineio.Polling}}, func(t *testing.T, x *site) {
		a := x.get("polling")
		want := openPacket{
			SID: x.parseOpen(a.body).SID, Upgrades: []string{},
			PingInterval: 25000, PingTimeout: 20000, MaxPayload: 1_000_000,
		}
		if diff := cmp.Diff(want, x.parseOpen(a.body)); diff != "" {
			t.Error(diff)
		}
		if _, err := x.trySocket("websocket", nil); !refusedWith(err, 400) {
			t.Errorf("a transport that is off: %v", err)
		}
	})
}

func TestHandshakeRefused(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for _, test := range []struct{ method, query string }{
			{"GET", ""},
			{"GET", "?transport=polling"},
			{"GET", "?EIO=abc&transport=polling"},
			{"GET", "?EIO=3&transport=polling"},
			{"GET", "?EIO=4"},
			{"GET", "?EIO=4&transport=abc"},
			{"GET", "?EIO=4&transport=websocket"}, // without an Upgrade header
			{"GET", "?EIO=4&transport=polling&sid=unknown"},
			{"POST", "?EIO=4&transport=polling&sid=unknown"},
			{"POST", "?EIO=4&transport=polling"},
			{"PUT", "?EIO=4&transport=polling"},
			{"DELETE", "?EIO=4&transport=polling"},
			{"PUT", "?EIO=4&transport=polling&sid=" + x.session()},
		} {
			for _, base := range []string{"/engine.io/", "/engine.io"} {
				request, err := http.NewRequest(test.method, "http://localhost"+base+test.query, nil)
				if err != nil {
					t.Fatal(err)
				}
				if a := x.must(x.do(request)); a.status != 400 {
					t.Errorf("%s %s%s: %d", test.method, base, test.query, a.status)
				}
			}
		}
	})
}

func TestHandshakeWebSocketRefused(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for name, query := range map[string]string{
			"no EIO":                "?transport=websocket",
			"wrong EIO":             "?EIO=abc&transport=websocket",
			"old EIO":               "?EIO=3&transport=websocket",
			"no transport":          "?EIO=4",
			"wrong transport":       "?EIO=4&transport=abc",
			"transport of requests": "?EIO=4&transport=polling",
			"unknown sid":           "?EIO=4&transport=websocket&sid=unknown",
		} {
			conn, err := x.dial()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := enginetest.Upgrade(conn, "/engine.io/"+query, nil); !refusedWith(err, 400) {
				t.Errorf("%s: %v", name, err)
			}
			conn.Close()
		}
		for name, header := range map[string]http.Header{
			"version":    {"Sec-Websocket-Version": {"12"}},
			"key":        {"Sec-Websocket-Key": {"short"}},
			"connection": {"Connection": {"keep-alive"}},
		} {
			if _, err := x.trySocket("websocket", header); !refusedWith(err, 400) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := x.server.Len(); n != 0 {
			t.Errorf("%d sessions were made", n)
		}
	})
}

func TestAdmit(t *testing.T) {
	o := enginetest.SuiteOptions()
	full := false
	o.Admit = func(*http.Request) error {
		if full {
			return errors.New("the server is full")
		}
		return nil
	}
	onFakeClock(t, o, func(t *testing.T, x *site) {
		full = false
		sid := x.session()
		full = true
		x.want(x.get("polling"), 503, `{"code":7,"message":"the server is full"}`)
		if _, err := x.trySocket("websocket", nil); !refusedWith(err, 503) {
			t.Errorf("websocket: %v", err)
		}
		// Whoever is in stays in, and may even upgrade.
		x.want(x.post("polling&sid="+sid, "4a"), 200, "ok")
		x.want(x.get("polling&sid="+sid), 200, "4a")
		x.hear(x.upgradeSaying(sid, "4b"), "4b")
	})
}

// upgradeSaying upgrades and sends.
func (x *site) upgradeSaying(sid string, messages ...string) *enginetest.Socket {
	s := x.upgrade(sid)
	x.say(s, messages...)
	return s
}

func refusedWith(err error, status int) bool {
	refused := (*enginetest.RefusedError)(nil)
	return errors.As(err, &refused) && refused.Status == status
}
