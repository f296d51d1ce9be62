package engineio_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/engine.io/?EIO=4&transport="

// site is a running server and the ways to reach it.
type site struct {
	t      *testing.T
	server *engineio.Server
	client *http.Client
	dial   func() (net.Conn, error)
}

// onBothClocks runs a test inside a bubble with fake time and pipes, and over
// real TCP with real time.
func onBothClocks(t *testing.T, o engineio.Options, test func(t *testing.T, x *site)) {
	t.Helper()
	onFakeClock(t, o, test)
	t.Run("tcp", func(t *testing.T) {
		test(t, newSite(t, listenTCP(t), engineio.NewServer(o, enginetest.Echo{})))
	})
}

func onFakeClock(t *testing.T, o engineio.Options, test func(t *testing.T, x *site)) {
	t.Helper()
	t.Run("fake clock", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			test(t, newSite(t, newPipeListener(), engineio.NewServer(o, enginetest.Echo{})))
		})
	})
}

// newSite serves on a listener until the test ends, and then waits for
// everything to end with it.
func newSite(t *testing.T, l net.Listener, server *engineio.Server) *site {
	return newSiteBehind(t, l, server, server)
}

// newSiteBehind puts something between net/http and the server.
func newSiteBehind(t *testing.T, l net.Listener, server *engineio.Server, front http.Handler) *site {
	dial := dialer(l)
	transport := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return dial() },
		DisableCompression: true,
	}
	ctx, cancel := context.WithCancel(context.Background())
	web := &http.Server{Handler: front}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	tasks.Go(func() {
		if err := server.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
		if err := web.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		tasks.Wait()
		if _, fake := l.(*pipeListener); fake {
			<-time.After(time.Second) // net/http sleeps half a second before some closes
		}
		if n := server.Queued(); n != 0 {
			t.Errorf("everything has ended, and %d bytes are counted as waiting", n)
		}
	})
	return &site{t: t, server: server, client: &http.Client{Transport: transport}, dial: dial}
}

func dialer(l net.Listener) func() (net.Conn, error) {
	if pipes, ok := l.(*pipeListener); ok {
		return pipes.Dial
	}
	return func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// answer is the status and body of a reply.
type answer struct {
	status int
	body   string
	header http.Header
}

// ask sends a request; target is what follows path.
func (x *site) ask(ctx context.Context, method, target, body string) (answer, error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path+target, reader)
	if err != nil {
		return answer{}, err
	}
	return x.do(request)
}

func (x *site) do(request *http.Request) (answer, error) {
	response, err := x.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(content), response.Header}, err
}

func (x *site) get(target string) answer {
	x.t.Helper()
	return x.must(x.ask(x.t.Context(), http.MethodGet, target, ""))
}

func (x *site) post(target, body string) answer {
	x.t.Helper()
	return x.must(x.ask(x.t.Context(), http.MethodPost, target, body))
}

func (x *site) must(a answer, err error) answer {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

// later runs a request beside the test.
func (x *site) later(request func() (answer, error)) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		a, err := request()
		if err != nil {
			a.body = err.Error()
		}
		got <- a
	}()
	return got
}

func (x *site) pollLater(sid string) <-chan answer {
	return x.later(func() (answer, error) {
		return x.ask(x.t.Context(), http.MethodGet, "polling&sid="+sid, "")
	})
}

type openPacket struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

func (x *site) parseOpen(packet string) (open openPacket) {
	x.t.Helper()
	if !strings.HasPrefix(packet, "0") {
		x.t.Fatalf("handshake %q does not start with 0", packet)
	}
	if err := json.Unmarshal([]byte(packet[1:]), &open); err != nil {
		x.t.Fatalf("handshake %q: %v", packet, err)
	}
	return open
}

// session opens one over polling and gives its sid.
func (x *site) session() string {
	x.t.Helper()
	a := x.get("polling")
	x.want(a, 200, a.body)
	return x.parseOpen(a.body).SID
}

// socket opens a WebSocket; target is what follows path.
func (x *site) socket(target string) *enginetest.Socket {
	x.t.Helper()
	s, err := x.trySocket(target, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	return s
}

func (x *site) trySocket(target string, header http.Header) (*enginetest.Socket, error) {
	conn, err := x.dial()
	if err != nil {
		return nil, err
	}
	x.t.Cleanup(func() { conn.Close() })
	return enginetest.Upgrade(conn, path+target, header)
}

// webSocketSession opens one over WebSocket and reads its handshake.
func (x *site) webSocketSession() (*enginetest.Socket, string) {
	x.t.Helper()
	s := x.socket("websocket")
	return s, x.parseOpen(x.text(s)).SID
}

func (x *site) say(s *enginetest.Socket, messages ...string) {
	x.t.Helper()
	for _, m := range messages {
		if err := s.Text(m); err != nil {
			x.t.Fatalf("send %q: %v", m, err)
		}
	}
}

func (x *site) text(s *enginetest.Socket) string {
	x.t.Helper()
	m, err := s.ReadText()
	if err != nil {
		x.t.Fatal(err)
	}
	return m
}

func (x *site) hear(s *enginetest.Socket, want ...string) {
	x.t.Helper()
	for _, m := range want {
		if got := x.text(s); got != m {
			x.t.Fatalf("heard %q, want %q", got, m)
		}
	}
}

func (x *site) wantClose(s *enginetest.Socket) int {
	x.t.Helper()
	start := time.Now()
	status, err := s.ReadClose()
	if err != nil {
		x.t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		x.t.Fatalf("closing took %v", took)
	}
	return status
}

func (x *site) want(got answer, status int, body string) {
	x.t.Helper()
	if got.status != status || got.body != body {
		x.t.Fatalf("got %d %q, want %d %q", got.status, got.body, status, body)
	}
}

func (x *site) wantStatus(got answer, status int) {
	x.t.Helper()
	if got.status != status {
		x.t.Fatalf("got %d %q, want %d", got.status, got.body, status)
	}
}

// upgrade moves a polling session to a WebSocket.
func (x *site) upgrade(sid string) *enginetest.Socket {
	x.t.Helper()
	s := x.probe(sid)
	x.say(s, "5")
	return s
}

func (x *site) probe(sid string) *enginetest.Socket {
	x.t.Helper()
	s := x.socket("websocket&sid=" + sid)
	x.say(s, "2probe")
	x.hear(s, "3probe")
	return s
}

// pipeListener connects through net.Pipe, which a bubble can wait for.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// eagerConn writes more than it was told to behind the first write that ends a
// request.
type eagerConn struct {
	net.Conn
	extra []byte
}

func (c *eagerConn) Write(b []byte) (int, error) {
	whole := append(append([]byte(nil), b...), c.extra...)
	c.extra = nil
	if _, err := c.Conn.Write(whole); err != nil {
		return 0, err
	}
	return len(b), nil
}
