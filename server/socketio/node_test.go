package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// The scripts in testdata/node/socketio talk to this process with the real clients.
func TestConformanceNodeClients(t *testing.T) {
	folder := filepath.Join(needs.Node(t, "socket.io-client"), "socketio")
	scripts, err := filepath.Glob(filepath.Join(folder, "*.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	url := serveLab(t)
	ran := 0
	for _, script := range scripts {
		if filepath.Base(script) == "site.mjs" {
			continue
		}
		ran++
		t.Run(filepath.Base(script), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, "node", "--test", script)
			command.Env = append(os.Environ(), "COACH_SOCKETIO_URL="+url)
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
	if ran < 3 {
		t.Errorf("ran %d scripts of %s", ran, folder)
	}
}

// serveLab serves the suite at /socket.io/ and the lab with and without recovery, and gives the URL.
func serveLab(t *testing.T) string {
	t.Helper()
	engine := engineio.Options{PingInterval: 2 * time.Second, PingTimeout: 5 * time.Second}
	servers := map[string]*socketio.Server{
		"/socket.io/": socketiotest.NewSuiteServer(socketiotest.SuiteOptions()),
		"/plain/":     newLab(socketio.Options{Engine: engine}),
		"/lab/": newLab(socketio.Options{
			Engine:   engine,
			Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 16 << 20},
		}),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	for path, server := range servers {
		mux.Handle(path, server)
		tasks.Go(func() {
			if err := server.Run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	web := &http.Server{Handler: mux}
	tasks.Go(func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		if err := web.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		tasks.Wait()
	})
	return "http://" + listener.Addr().String()
}

// lab is the application that the scripts expect in "/" and "/other".
type lab struct {
	server *socketio.Server

	mu    sync.Mutex
	taken []int // what "flaky" took, each number once
	tries int
}

func newLab(o socketio.Options) *socketio.Server {
	server := socketio.New(o)
	server.Of("/", &lab{server: server})
	server.Of("/other", &lab{server: server})
	return server
}

func (l *lab) Connect(_ context.Context, h socketio.Handshake) (socketio.Admission, error) {
	var auth struct{ Name string }
	if err := json.Unmarshal(h.Auth, &auth); err != nil {
		return socketio.Admission{}, err
	}
	switch auth.Name {
	case "refused":
		return socketio.Admission{}, &socketio.ConnectError{Message: "Sign in again.", Data: map[string]string{"code": "TOKEN_EXPIRED"}}
	case "later":
		return socketio.Admission{}, socketio.ErrTryLater
	}
	return socketio.Admission{Identity: auth.Name}, nil
}

func (l *lab) Connected(s *socketio.Socket) { _ = s.Emit("connected", s.Recovered()) }

func (l *lab) Event(s *socketio.Socket, e *socketio.Event) {
	switch e.Name {
	case "echo":
		echo(s, e)
	case "burst":
		for i := range decode[int](e, 0) {
			_ = s.Emit("n", i)
		}
	case "ask me":
		_ = s.Ask("question", []any{41, []byte("hi")}, time.Minute, func(r socketio.Reply, err error) {
			if err == nil && len(r.Args) == 2 && len(r.Attachments) == 1 {
				_ = e.Ack(map[string]any{"number": r.Args[0], "text": string(r.Attachments[0])})
			}
		})
	case "join":
		s.Join(decode[string](e, 0))
		_ = e.Ack()
	case "say":
		p, err := socketio.NewPacket("said", e.Args[1])
		if err == nil {
			s.Namespace().Broadcast(decode[string](e, 0), p, nil)
		}
		_ = e.Ack()
	case "drop me":
		s.CloseTransport("dropped")
	case "kick me":
		s.Disconnect()
	case "flaky":
		l.flaky(s, e)
	case "taken":
		l.mu.Lock()
		defer l.mu.Unlock()
		_ = e.Ack(l.taken)
	default:
		_ = e.Ack()
	}
}

// flaky takes a number once however often it comes, and answers every third time only.
func (l *lab) flaky(s *socketio.Socket, e *socketio.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := decode[int](e, 0)
	if !slices.Contains(l.taken, n) {
		l.taken = append(l.taken, n)
	}
	l.tries++
	switch {
	case l.tries%3 == 0:
		_ = e.Ack(n)
	case l.tries%4 == 1:
		s.CloseTransport("flaky")
	}
}

func (l *lab) Drained(*socketio.Socket) {}

func (l *lab) Disconnected(*socketio.Socket, string) {}

// decode reads an argument; one of another type is the zero value.
func decode[T any](e *socketio.Event, i int) (v T) {
	if i < len(e.Args) {
		_ = json.Unmarshal(e.Args[i], &v)
	}
	return v
}
