package socketio_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
)

func packet(t *testing.T, name string, args ...any) *socketio.Packet {
	t.Helper()
	p, err := socketio.NewPacket(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hall is a namespace with a few clients inside, by name: the one they put into their auth.
type hall struct {
	*site
	n       *socketio.Namespace
	mu      sync.Mutex
	sockets map[string]*socketio.Socket
	ended   chan string
}

func onHall(t *testing.T, o socketio.Options, test func(t *testing.T, h *hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hall{sockets: map[string]*socketio.Socket{}, ended: make(chan string, 100)}
		server := socketio.New(o)
		h.n = server.Of("/", &app{
			connected: func(s *socketio.Socket) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.sockets[string(s.Handshake().Auth)] = s
			},
			event:        echo,
			disconnected: func(s *socketio.Socket, reason string) { h.ended <- fmt.Sprint(reason, s.Rooms()) },
		})
		h.site = newSite(t, newPipeListener(), server)
		test(t, h)
	})
}

func (h *hall) come(name string, rooms ...string) (*peer, *socketio.Socket) {
	h.t.Helper()
	auth := fmt.Sprintf(`{"name":%q}`, name)
	p, _ := h.enter(auth)
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sockets[auth]
	for _, room := range rooms {
		s.Join(room)
	}
	return p, s
}

func TestRooms(t *testing.T) {
	onHall(t, socketio.Options{}, func(t *testing.T, h *hall) {
		ann, annSocket := h.come("ann", "user:1", "chat:1")
		bob, bobSocket := h.come("bob", "user:2", "chat:1", "chat:2")
		if diff := cmp.Diff([]string{"chat:1", "chat:2", "user:1", "user:2"}, h.n.RoomNames()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"chat:1", "chat:2", "user:2"}, bobSocket.Rooms()); diff != "" {
			t.Error(diff)
		}
		if h.n.Len() != 2 || h.n.RoomSize("chat:1") != 2 || h.n.RoomSize("none") != 0 || len(h.n.InRoom("chat:2")) != 1 {
			t.Errorf("%d sockets, %d in chat:1", h.n.Len(), h.n.RoomSize("chat:1"))
		}
		if got := slices.Collect(h.n.Sockets()); len(got) != 2 || h.n.Socket(annSocket.ID()) != annSocket {
			t.Errorf("sockets %v", got)
		}
		h.n.Broadcast("chat:1", packet(t, "both", 1), nil)
		h.n.Broadcast("chat:1", packet(t, "notAnn"), func(s *socketio.Socket) bool { return s == annSocket })
		h.n.Broadcast("chat:2", packet(t, "bob"), nil)
		h.n.Broadcast("none", packet(t, "nobody"), nil)
		h.n.BroadcastVolatile("user:1", packet(t, "ann"), nil, nil)
		h.n.BroadcastVolatile("chat:1", packet(t, "skipped"), func(s *socketio.Socket) bool { return s == bobSocket }, nil)
		ann.hear(`42["both",1]`, `42["ann"]`, `42["skipped"]`)
		bob.hear(`42["both",1]`, `42["notAnn"]`, `42["bob"]`)

		bobSocket.Leave("chat:1")
		bobSocket.Leave("chat:1")
		bobSocket.Leave("never")
		annSocket.Join("chat:1")
		if bobSocket.In("chat:1") || !annSocket.In("chat:1") || h.n.RoomSize("chat:1") != 1 {
			t.Error("who is in chat:1?")
		}
		h.n.Expel("chat:2", func(s *socketio.Socket) bool { return s == bobSocket })
		if bobSocket.In("chat:2") || slices.Contains(h.n.RoomNames(), "chat:2") {
			t.Error("an empty room is kept")
		}
		bob.lose()
		if got, want := <-h.ended, "transport close[user:2]"; got != want {
			t.Errorf("ended with %q, want %q", got, want)
		}
		bobSocket.Join("chat:1")
		if bobSocket.In("user:2") || h.n.RoomSize("chat:1") != 1 || h.n.RoomSize("user:2") != 0 || h.n.Len() != 1 {
			t.Error("one who has gone is still somewhere")
		}
	})
}

// Disconnect takes the client out of the namespace and leaves the connection; CloseTransport ends the connection.
func TestEndsFromTheServer(t *testing.T) {
	onHall(t, socketio.Options{}, func(t *testing.T, h *hall) {
		ann, annSocket := h.come("ann", "room")
		annSocket.Disconnect()
		annSocket.Disconnect()
		ann.hear(`41`)
		if got, want := <-h.ended, socketio.ReasonServerDisconnect+"[room]"; got != want {
			t.Errorf("ended with %q, want %q", got, want)
		}
		ann.say(`42["late"]`, `430[]`, `41`, `40`) // the first three were under way
		ann.hearConnect()
		ann.say(`42["hi"]`)
		ann.hear(`42["hi"]`)
		synctest.Wait()
		h.mu.Lock()
		annSocket = h.sockets[`{}`]
		h.mu.Unlock()
		annSocket.CloseTransport("slow reader")
		if got, want := <-h.ended, "slow reader[]"; got != want {
			t.Errorf("ended with %q, want %q", got, want)
		}
		ann.hearClose()
	})
}

// The end is told once and after the event that is being handled, also when the handler itself ends the socket.
func TestDisconnectedComesAfterTheEvent(t *testing.T) {
	for _, end := range []string{"disconnect", "close", "other"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log []string // guarded by the order of the handler's calls
				began, release, ended := make(chan struct{}, 2), make(chan struct{}), make(chan struct{})
				server := socketio.New(socketio.Options{})
				server.Of("/", &app{
					event: func(s *socketio.Socket, e *socketio.Event) {
						log = append(log, e.Name)
						switch end {
						case "disconnect":
							s.Disconnect()
						case "close":
							s.CloseTransport("enough")
						default:
							var other sync.WaitGroup
							other.Go(s.Disconnect)
							other.Wait()
						}
						began <- struct{}{}
						<-release
						log = append(log, "done")
					},
					disconnected: func(_ *socketio.Socket, reason string) {
						log = append(log, reason)
						close(ended)
					},
				})
				x := newSite(t, newPipeListener(), server)
				p, _ := x.enter(``)
				p.sayAtOnce(`42["first"]`, `42["second"]`)
				<-began
				close(release)
				<-ended
				reason := map[string]string{"close": "enough"}[end]
				if reason == "" {
					reason = socketio.ReasonServerDisconnect
				}
				if diff := cmp.Diff([]string{"first", "done", reason}, log); diff != "" {
					t.Error(diff)
				}
				p.lose()
			})
		})
	}
}

// Whoever broadcasts, and however many at once: each member gets each sender's packets in their order, none twice.
func TestOrderUnderConcurrentBroadcasts(t *testing.T) {
	for name, o := range map[string]socketio.Options{
		"Plain": {}, "Recovery": {Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			const senders, each, members = 4, 200, 5
			onHall(t, o, func(t *testing.T, h *hall) {
				peers := make([]*peer, members)
				for i := range peers {
					peers[i], _ = h.come(strconv.Itoa(i), "room", "other")
				}
				var senderTasks sync.WaitGroup
				for sender := range senders {
					senderTasks.Go(func() {
						for i := range each {
							room := []string{"room", "other"}[sender%2]
							h.n.Broadcast(room, packet(t, "n", sender, i), nil)
						}
					})
				}
				var readers sync.WaitGroup
				for _, p := range peers {
					readers.Go(func() { checkOrder(p, senders, each) })
				}
				readers.Wait()
				senderTasks.Wait()
			})
		})
	}
}

func checkOrder(p *peer, senders, each int) {
	next := make([]int, senders)
	lastOffset := uint64(0)
	for range senders * each {
		text, err := p.read()
		if err != nil {
			p.t.Errorf("read: %v", err)
			return
		}
		var sender, i int
		if _, err := fmt.Sscanf(text, `42["n",%d,%d`, &sender, &i); err != nil {
			p.t.Errorf("heard %q", text)
			return
		}
		if i != next[sender] {
			p.t.Errorf("sender %d: got %d, want %d", sender, i, next[sender])
			return
		}
		next[sender]++
		if offset := offsetOf(text); offset != 0 {
			if offset <= lastOffset {
				p.t.Errorf("offset %d after %d: replay would lose events", offset, lastOffset)
			}
			lastOffset = offset
		}
	}
}

// A member that reads nothing gets volatile packets dropped and is told when it has drained; the others get them all.
func TestVolatilePackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drained := make(chan *socketio.Socket, 1)
		server := socketio.New(socketio.Options{Engine: engineio.Options{SoftLimit: 4 << 10}})
		n := server.Of("/", &app{
			connected: func(s *socketio.Socket) { s.Join("room") },
			drained:   func(s *socketio.Socket) { drained <- s },
		})
		x := newSite(t, newPipeListener(), server)
		slow, slowAnswer := x.enter(``)
		fast, fastAnswer := x.enter(``)
		synctest.Wait()
		heard := make(chan int)
		go func() {
			for i := range 50 {
				if text := fast.next(); !strings.HasPrefix(text, fmt.Sprintf(`42["d",%d,`, i)) {
					t.Errorf("heard %.20q", text)
				}
				heard <- i
			}
		}()
		var dropped []string
		large := strings.Repeat("x", 1024)
		for i := range 50 {
			n.BroadcastVolatile("room", packet(t, "d", i, large), nil, func(s *socketio.Socket) {
				dropped = append(dropped, s.ID())
			})
			<-heard
		}
		if len(dropped) < 30 || slices.Contains(dropped, fastAnswer.SID) {
			t.Errorf("dropped %d, want most of the slow one's and none of the fast one's", len(dropped))
		}
		queued := n.Socket(slowAnswer.SID).Queued()
		if queued == 0 {
			t.Error("nothing is queued for the slow one")
		}
		for range 50 - len(dropped) {
			slow.next()
		}
		if s := <-drained; s.ID() != slowAnswer.SID {
			t.Error("the fast one was told that it has drained")
		}
		slow.lose()
		fast.lose()
	})
}
