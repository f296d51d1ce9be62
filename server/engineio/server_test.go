package engineio_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

func TestCORS(t *testing.T) {
	const mine, other = "https://app.example", "https://evil.example"
	o := enginetest.SuiteOptions()
	o.AllowOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == mine }
	onFakeClock(t, o, func(t *testing.T, x *site) {
		for name, test := range map[string]struct {
			method, target, origin string
			status                 int
			allowed                string
		}{
			"handshake":       {"GET", "polling", mine, 200, mine},
			"error":           {"GET", "polling&sid=unknown", mine, 400, mine},
			"preflight":       {"OPTIONS", "polling", mine, 204, mine},
			"foreign":         {"GET", "polling", other, 403, ""},
			"foreign request": {"POST", "polling&sid=" + x.session(), other, 403, ""},
			"preflight of it": {"OPTIONS", "polling", other, 403, ""},
			"no origin":       {"GET", "polling", "", 200, ""},
		} {
			request, err := http.NewRequest(test.method, "http://localhost"+path+test.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			a := x.must(x.do(request))
			if a.status != test.status {
				t.Errorf("%s: %d", name, a.status)
			}
			credentials := ""
			if test.allowed != "" {
				credentials = "true"
			}
			want := []string{test.allowed, credentials, "Origin"}
			got := []string{
				a.header.Get("Access-Control-Allow-Origin"),
				a.header.Get("Access-Control-Allow-Credentials"),
				a.header.Get("Vary"),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if test.status == 204 {
				x.wantPreflight(a)
			}
		}
		if _, err := x.trySocket("websocket", http.Header{"Origin": {other}}); !refusedWith(err, 403) {
			t.Errorf("foreign websocket: %v", err)
		}
		if _, err := x.trySocket("websocket", http.Header{"Origin": {mine}}); err != nil {
			t.Errorf("own websocket: %v", err)
		}
	})
}

func (x *site) wantPreflight(a answer) {
	x.t.Helper()
	got := []string{
		a.header.Get("Access-Control-Allow-Methods"),
		a.header.Get("Access-Control-Allow-Headers"),
		a.header.Get("Access-Control-Max-Age"),
	}
	want := []string{"GET, POST, OPTIONS", "Authorization, Content-Type, X-Request-ID, Idempotency-Key, Retry-Count", "86400"}
	if diff := cmp.Diff(want, got); diff != "" {
		x.t.Error(diff)
	}
}

func TestRunEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		server := engineio.NewServer(engineio.Options{}, d.recording())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		x := newSiteOf(t, server, func() { _ = server.Run(ctx); close(ended) })
		s, _ := x.webSocketSession()
		sid, idle := x.session(), x.session()
		poll := x.pollLater(sid)
		synctest.Wait()
		start := time.Now()
		stop()
		if status := x.wantClose(s); status != 1001 {
			t.Errorf("status %d", status)
		}
		x.want(<-poll, 200, "1")
		s.Close()
		<-ended
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
		want := []string{
			"open", "open", "open",
			"closed: server shutting down", "closed: server shutting down", "closed: server shutting down",
		}
		if diff := cmp.Diff(want, d.all()); diff != "" {
			t.Error(diff)
		}
		x.wantStatus(x.get("polling&sid="+idle), 400)
		x.wantStatus(x.get("polling"), 503)
		if _, err := x.trySocket("websocket", nil); !refusedWith(err, 503) {
			t.Errorf("websocket: %v", err)
		}
	})
}

// Handshakes that arrive while the server stops are refused, or opened and
// closed in that order; nothing is left over.
func TestRunEndsDuringHandshakes(t *testing.T) {
	for range 20 {
		stopDuringHandshakes(t)
	}
}

func stopDuringHandshakes(t *testing.T) {
	var opened, closed sync.Map
	h := hooks{
		open: func(s *engineio.Session) { opened.Store(s.ID(), true) },
		closed: func(s *engineio.Session, _ string) {
			if _, before := opened.Load(s.ID()); !before {
				t.Error("closed before it was open")
			}
			closed.Store(s.ID(), true)
		},
	}
	server := engineio.NewServer(engineio.Options{}, h)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	x := newSiteOver(t, listenTCP(t), server, func() { _ = server.Run(ctx); close(ended) })
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for ctx.Err() == nil {
				if s, err := x.trySocket("websocket", nil); err == nil {
					s.Close()
				}
				// What it is told does not matter, only that it asks.
				_, _ = x.ask(ctx, http.MethodGet, "polling", "")
			}
		})
	}
	waitFor(t, func() bool { return server.Len() > 20 })
	stop()
	<-ended
	clients.Wait()
	opened.Range(func(sid, _ any) bool {
		if _, after := closed.Load(sid); !after {
			t.Error("opened and never closed")
		}
		return true
	})
	if n := server.Len(); n != 0 {
		t.Fatalf("%d are left", n)
	}
}

// newSiteOf serves a server that somebody else runs.
func newSiteOf(t *testing.T, server *engineio.Server, run func()) *site {
	return newSiteOver(t, newPipeListener(), server, run)
}

func newSiteOver(t *testing.T, l net.Listener, server *engineio.Server, run func()) *site {
	dial := dialer(l)
	web := &http.Server{Handler: server}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return dial() }}
	go func() { _ = web.Serve(l) }()
	go run()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
	})
	return &site{t: t, server: server, client: &http.Client{Transport: transport}, dial: dial}
}

func TestHandshakeIsKept(t *testing.T) {
	var got engineio.Handshake
	h := hooks{open: func(s *engineio.Session) { got = s.Request() }}
	withHooks(t, engineio.Options{}, h, func(t *testing.T, x *site) {
		now := time.Now()
		s, err := x.trySocket("websocket&token=a", http.Header{"Authorization": {"Bearer b"}})
		if err != nil {
			t.Fatal(err)
		}
		x.text(s)
		if got.EIO != 4 || got.TLS || !got.Time.Equal(now) || got.RemoteAddr != "pipe" ||
			got.URL.Query().Get("token") != "a" || got.Header.Get("Authorization") != "Bearer b" {
			t.Errorf("%+v", got)
		}
	})
}

func TestOverTLS(t *testing.T) {
	var d diary
	closed := make(chan struct{})
	h := hooks{
		message: func(s *engineio.Session, m engineio.Message) {
			_ = s.Send(enginetest.Frame(m), enginetest.Frame(m), engineio.NewBinary(make([]byte, 100_000)))
		},
		closed: func(s *engineio.Session, reason string) { d.add(reason); close(closed) },
	}
	server := engineio.NewServer(engineio.Options{}, h)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	web := httptest.NewTLSServer(server)
	defer func() {
		web.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	conn, err := tls.Dial("tcp", web.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s, err := enginetest.Upgrade(conn, path+"websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &site{t: t}
	x.parseOpen(x.text(s))
	for range 3 {
		x.say(s, "4a")
		x.hear(s, "4a", "4a")
		if _, got, err := s.Read(); err != nil || len(got) != 100_000 {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	for session := range server.Sessions() {
		if !session.Request().TLS || session.Transport() != engineio.WebSocket {
			t.Errorf("%+v over %s", session.Request(), session.Transport())
		}
		session.Close("done")
	}
	if status := x.wantClose(s); status != 1000 {
		t.Errorf("status %d", status)
	}
	<-closed
}
