package engineio_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
	"github.com/elite-trading-coach/coach/server/rest"
)

// awaitReaders waits until so many goroutines read WebSocket connections.
func awaitReaders(t *testing.T, want int) {
	t.Helper()
	stacks := make([]byte, 4<<20)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		n := strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "engineio.(*socket).read(")
		if n == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines read, want %d", n, want)
		}
	}
}

// TestAConnectionOfTheTransportsIsParked comes through the layer that replies
// over HTTP have.
func TestAConnectionOfTheTransportsIsParked(t *testing.T) {
	x := newSite(t, rest.Whole(listenTCP(t)), engineio.NewServer(engineio.Options{}, hooks{}))
	s, _ := x.webSocketSession()
	awaitReaders(t, 1)
	x.say(s, "3")
	awaitReaders(t, 0)
}

// parkedSocket is a client that has said nothing but a pong.
func parkedSocket(t *testing.T, o engineio.Options, h engineio.Handler) (*site, *enginetest.Socket) {
	t.Helper()
	x := newSite(t, listenTCP(t), engineio.NewServer(o, h))
	s, _ := x.webSocketSession()
	x.say(s, "3")
	awaitReaders(t, 0)
	return x, s
}

func TestASilentConnectionHasNoReader(t *testing.T) {
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{}, enginetest.Echo{}))
	var clients []*enginetest.Socket
	for range 50 {
		s, _ := x.webSocketSession()
		clients = append(clients, s)
	}
	awaitReaders(t, len(clients))
	for round := range 3 {
		for _, s := range clients {
			x.say(s, "3")
		}
		awaitReaders(t, 0)
		for _, s := range clients {
			x.say(s, fmt.Sprint("4round ", round))
		}
		for _, s := range clients {
			x.hear(s, fmt.Sprint("4round ", round))
		}
		awaitReaders(t, len(clients))
	}
}

// What comes in one piece with a pong, in pieces after it, or is larger than
// what is read at once, is whole.
func TestNothingIsLostAroundAPong(t *testing.T) {
	x, s := parkedSocket(t, engineio.Options{}, enginetest.Echo{})
	text := func(message string) []byte { return enginetest.MaskedFrame(0x81, []byte(message)) }
	raw := func(b ...byte) {
		t.Helper()
		if err := s.Raw(b); err != nil {
			t.Fatal(err)
		}
	}
	raw(append(text("3"), text("4behind")...)...)
	x.hear(s, "4behind")
	whole := text("4in pieces")
	raw(append(text("3"), whole[:1]...)...)
	time.Sleep(20 * time.Millisecond)
	raw(whole[1:]...)
	x.hear(s, "4in pieces")
	x.say(s, "3")
	awaitReaders(t, 0)
	for _, b := range text("4byte by byte") {
		raw(b)
		time.Sleep(time.Millisecond)
	}
	x.hear(s, "4byte by byte")
	x.say(s, "3")
	awaitReaders(t, 0)
	for _, b := range text("3") { // a pong that is not there at once
		raw(b)
		time.Sleep(time.Millisecond)
	}
	awaitReaders(t, 0)
	large := "4" + strings.Repeat("x", 70_000)
	x.say(s, large)
	x.hear(s, large)
	raw(append(text("3"), enginetest.MaskedFrame(0x89, []byte("a ping of WebSocket's own"))...)...)
	if opcode, payload, err := s.Read(); err != nil || opcode != enginetest.OpPong || string(payload) != "a ping of WebSocket's own" {
		t.Fatalf("got %x %q, %v", opcode, payload, err)
	}
	raw(enginetest.MaskedFrame(0x01, []byte("4in "))...) // a message in fragments
	raw(enginetest.MaskedFrame(0x80, []byte("fragments"))...)
	x.hear(s, "4in fragments")
	x.say(s, "3", "4after it")
	x.hear(s, "4after it")
}

func TestAParkedConnectionKeepsItsHeartbeat(t *testing.T) {
	ended := make(chan string, 1)
	o := engineio.Options{PingInterval: 60 * time.Millisecond, PingTimeout: 200 * time.Millisecond}
	x, s := parkedSocket(t, o, hooks{closed: func(_ *engineio.Session, reason string) { ended <- reason }})
	for range 10 { // longer than it may be silent
		x.hear(s, "2")
		x.say(s, "3")
	}
	awaitReaders(t, 0)
	if len(ended) > 0 {
		t.Fatalf("it ended: %s", <-ended)
	}
	if reason := <-ended; reason != engineio.ReasonPingTimeout {
		t.Errorf("it ended by %q", reason)
	}
}

func TestAParkedConnectionEndsLikeAnother(t *testing.T) {
	tests := map[string]struct {
		do     func(x *site, s *enginetest.Socket, session *engineio.Session)
		reason string
	}{
		"the client is gone":  {func(_ *site, s *enginetest.Socket, _ *engineio.Session) { _ = s.Close() }, engineio.ReasonTransportClose},
		"the client closes":   {func(_ *site, s *enginetest.Socket, _ *engineio.Session) { _ = s.Frame(0x88, []byte{3, 0xe8}) }, engineio.ReasonTransportClose},
		"the client leaves":   {func(x *site, s *enginetest.Socket, _ *engineio.Session) { x.say(s, "1") }, engineio.ReasonTransportClose},
		"the client stumbles": {func(x *site, s *enginetest.Socket, _ *engineio.Session) { x.say(s, "9") }, engineio.ReasonParseError},
		"a frame is broken": {func(_ *site, s *enginetest.Socket, _ *engineio.Session) {
			_ = s.Raw([]byte{0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})
		}, engineio.ReasonTransportError},
		"the server closes": {func(x *site, s *enginetest.Socket, session *engineio.Session) {
			session.Close("enough")
			if status, err := s.ReadClose(); err != nil || status != 1000 {
				x.t.Errorf("closed with %d, %v", status, err)
			}
		}, "enough"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var session *engineio.Session
			ended := make(chan string, 1)
			x, s := parkedSocket(t, engineio.Options{}, hooks{
				open:   func(s *engineio.Session) { session = s },
				closed: func(_ *engineio.Session, reason string) { ended <- reason },
			})
			test.do(x, s, session)
			select {
			case reason := <-ended:
				if reason != test.reason {
					t.Errorf("it ended by %q, want %q", reason, test.reason)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("nobody was told of the end")
			}
			awaitReaders(t, 0)
		})
	}
}

// Clients that pong, talk, are told things and go, in every order.
func TestParkedConnectionsComeAndGo(t *testing.T) {
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{}, enginetest.Echo{}))
	var clients sync.WaitGroup
	for client := range 24 {
		clients.Go(func() {
			luck := rand.New(rand.NewPCG(1, uint64(client)))
			for round := range 12 {
				conn, err := x.dial()
				if err != nil {
					t.Error(err)
					return
				}
				s, err := enginetest.Upgrade(conn, path+"websocket", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.ReadText(); err != nil { // the open packet
					t.Error(err)
				}
				for n := range 1 + luck.IntN(20) {
					if luck.IntN(2) == 0 {
						_ = s.Text("3")
						time.Sleep(time.Duration(luck.IntN(300)) * time.Microsecond)
						continue
					}
					want := fmt.Sprintf("4%d %d %d", client, round, n)
					_ = s.Text(want)
					if got, err := s.ReadText(); err != nil || got != want {
						t.Errorf("got %q, %v; want %q", got, err, want)
						return
					}
				}
				if luck.IntN(3) == 0 {
					_ = s.Frame(0x88, []byte{3, 0xe8})
				}
				_ = s.Close()
			}
		})
	}
	clients.Wait()
	awaitReaders(t, 0)
}
