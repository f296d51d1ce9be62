package socketio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
	"github.com/elite-trading-coach/coach/server/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/socket.io/?EIO=4&transport="

// app is a Handler made of functions; those that are nil do nothing.
type app struct {
	connect      func(ctx context.Context, h socketio.Handshake) (socketio.Admission, error)
	connected    func(s *socketio.Socket)
	event        func(s *socketio.Socket, e *socketio.Event)
	drained      func(s *socketio.Socket)
	disconnected func(s *socketio.Socket, reason string)
}

func (a *app) Connect(ctx context.Context, h socketio.Handshake) (socketio.Admission, error) {
	if a.connect == nil {
		return socketio.Admission{}, nil
	}
	return a.connect(ctx, h)
}

func (a *app) Connected(s *socketio.Socket) {
	if a.connected != nil {
		a.connected(s)
	}
}

func (a *app) Event(s *socketio.Socket, e *socketio.Event) {
	if a.event != nil {
		a.event(s, e)
	}
}

func (a *app) Drained(s *socketio.Socket) {
	if a.drained != nil {
		a.drained(s)
	}
}

func (a *app) Disconnected(s *socketio.Socket, reason string) {
	if a.disconnected != nil {
		a.disconnected(s, reason)
	}
}

// site is a running server and the ways to reach it.
type site struct {
	t      *testing.T
	server *socketio.Server
	client *http.Client
	dial   func() (net.Conn, error)
}

// onFakeClock runs a test in a bubble with fake time, over pipes. prepare names the namespaces.
func onFakeClock(t *testing.T, o socketio.Options, prepare func(s *socketio.Server), test func(t *testing.T, x *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := socketio.New(o)
		prepare(server)
		test(t, newSite(t, newPipeListener(), server))
	})
}

// with serves one handler in the main namespace.
func with(h socketio.Handler) func(s *socketio.Server) {
	return func(s *socketio.Server) { s.Of("/", h) }
}

// onTCP is a site over the loopback interface with real time.
func onTCP(t *testing.T, o socketio.Options, prepare func(s *socketio.Server)) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := socketio.New(o)
	prepare(server)
	return newSite(t, l, server)
}

func newSite(t *testing.T, l net.Listener, server *socketio.Server) *site {
	dial := func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	if pipes, ok := l.(*pipeListener); ok {
		dial = pipes.Dial
	}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return dial() }}
	ctx, cancel := context.WithCancel(context.Background())
	web := &http.Server{Handler: server}
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
	})
	return &site{t: t, server: server, client: &http.Client{Transport: transport}, dial: dial}
}

// peer is a client over WebSocket that answers pings while it listens.
type peer struct {
	t  *testing.T
	ws *enginetest.Socket
}

// open makes a session without entering a namespace.
func (x *site) open() *peer {
	x.t.Helper()
	conn, err := x.dial()
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { conn.Close() })
	ws, err := enginetest.Upgrade(conn, path+"websocket", nil)
	if err != nil {
		x.t.Fatal(err)
	}
	p := &peer{t: x.t, ws: ws}
	if open := p.next(); !strings.HasPrefix(open, `0{"sid":"`) {
		x.t.Fatalf("handshake %q", open)
	}
	return p
}

// tryWebSocket asks for a session over WebSocket, which may be refused.
func (x *site) tryWebSocket() (net.Conn, error) {
	x.t.Helper()
	conn, err := x.dial()
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := enginetest.Upgrade(conn, path+"websocket", nil); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// enter makes a session and enters the main namespace with a payload, which may be empty.
func (x *site) enter(payload string) (*peer, connectAnswer) {
	x.t.Helper()
	p := x.open()
	p.say("40" + payload)
	return p, p.hearConnect()
}

// connectAnswer is the payload of a CONNECT answer.
type connectAnswer struct {
	SID string `json:"sid"`
	PID string `json:"pid"`
}

func (p *peer) hearConnect() (answer connectAnswer) {
	p.t.Helper()
	text := p.next()
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "40")), &answer); err != nil || answer.SID == "" {
		p.t.Fatalf("CONNECT answer %q: %v", text, err)
	}
	return answer
}

func (p *peer) say(packets ...string) {
	p.t.Helper()
	for _, packet := range packets {
		if err := p.ws.Text(packet); err != nil {
			p.t.Fatalf("send %.80q: %v", packet, err)
		}
	}
}

// sayAtOnce sends packets in one write: over a pipe a second write would wait for the handler of the first.
func (p *peer) sayAtOnce(packets ...string) {
	p.t.Helper()
	const finText = 0x80 | enginetest.OpText
	var frames []byte
	for _, packet := range packets {
		frames = append(frames, enginetest.MaskedFrame(finText, []byte(packet))...)
	}
	if err := p.ws.Raw(frames); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) sayBinary(attachments ...[]byte) {
	p.t.Helper()
	for _, data := range attachments {
		if err := p.ws.Binary(data); err != nil {
			p.t.Fatal(err)
		}
	}
}

// read gives the next message that is not a ping, binary ones with a leading "b".
func (p *peer) read() (string, error) {
	for {
		opcode, payload, err := p.ws.Read()
		switch {
		case err != nil:
			return "", err
		case opcode == enginetest.OpBinary:
			return "b" + string(payload), nil
		case opcode != enginetest.OpText:
			return "", fmt.Errorf("%w: opcode %d", io.EOF, opcode)
		case string(payload) != "2":
			return string(payload), nil
		}
		if err := p.ws.Text("3"); err != nil {
			return "", err
		}
	}
}

func (p *peer) next() string {
	p.t.Helper()
	text, err := p.read()
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return text
}

func (p *peer) hear(want ...string) {
	p.t.Helper()
	for _, w := range want {
		if got := p.next(); got != w {
			p.t.Fatalf("heard %.200q, want %.200q", got, w)
		}
	}
}

// hearClose waits for the server to close, and refuses every message before that.
func (p *peer) hearClose() {
	p.t.Helper()
	if got, err := p.read(); err == nil {
		p.t.Fatalf("heard %.200q, want the connection closed", got)
	}
}

// lose ends the connection without a word.
func (p *peer) lose() { p.ws.Close() }

// poll asks for what waits in a polling session, post sends to it.
func (x *site) poll(sid string) (int, string) { return x.ask(http.MethodGet, sid, "") }

func (x *site) post(sid, body string) (int, string) { return x.ask(http.MethodPost, sid, body) }

func (x *site) ask(method, sid, body string) (int, string) {
	x.t.Helper()
	target := "http://localhost" + path + "polling"
	if sid != "" {
		target += "&sid=" + sid
	}
	request, err := http.NewRequestWithContext(x.t.Context(), method, target, bytes.NewReader([]byte(body)))
	if err != nil {
		x.t.Fatal(err)
	}
	response, err := x.client.Do(request)
	if err != nil {
		x.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func (x *site) openPolling() (sid string) {
	x.t.Helper()
	status, body := x.poll("")
	var open struct{ SID string }
	if status != http.StatusOK || json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &open) != nil {
		x.t.Fatalf("handshake %d %q", status, body)
	}
	return open.SID
}

// soon receives what must come; the bound is for a test that would hang otherwise.
func soon[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
	}
	return v
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
