package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// ward is a site with recovery, on which a client is who its auth says it is.
type ward struct {
	*site
	n       *socketio.Namespace
	mu      sync.Mutex
	sockets []*socketio.Socket // in the order in which they entered
	ended   chan string
	quiet   bool // say nothing to a client that was recovered
	greets  bool // "connected" is a greeting
}

func recoverable() socketio.Options {
	return socketio.Options{
		Engine:   engineio.Options{PingInterval: time.Second, PingTimeout: time.Second},
		Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20},
	}
}

func onWard(t *testing.T, o socketio.Options, test func(t *testing.T, w *ward)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &ward{ended: make(chan string, 100)}
		server := socketio.New(o)
		w.n = server.Of("/", &app{
			connect: func(_ context.Context, h socketio.Handshake) (socketio.Admission, error) {
				var auth struct{ Name string }
				if err := json.Unmarshal(h.Auth, &auth); err != nil {
					return socketio.Admission{}, err
				}
				if auth.Name == "banned" {
					return socketio.Admission{}, errors.New("banned")
				}
				return socketio.Admission{Identity: auth.Name, Data: auth.Name}, nil
			},
			connected: func(s *socketio.Socket) {
				w.mu.Lock()
				w.sockets = append(w.sockets, s)
				w.mu.Unlock()
				if w.quiet && s.Recovered() {
					return
				}
				// Some clients of these tests are lost before they could hear it.
				say := s.Emit
				if w.greets {
					say = s.Greet
				}
				if err := say("connected", s.Recovered()); err != nil && !errors.Is(err, socketio.ErrClosed) {
					t.Error(err)
				}
			},
			event:        echo,
			disconnected: func(_ *socketio.Socket, reason string) { w.ended <- reason },
		})
		w.site = newSite(t, newPipeListener(), server)
		test(t, w)
	})
}

// guest is a client as socket.io-client is one: it keeps the pid and the last offset.
type guest struct {
	*peer
	w      *ward
	name   string
	pid    string
	sid    string
	offset string
	socket *socketio.Socket
}

func (w *ward) guest(name string) *guest {
	w.t.Helper()
	g := &guest{w: w, name: name}
	g.connect()
	return g
}

// connect enters and takes everything up to "connected"; it returns the events before the CONNECT answer, names only.
func (g *guest) connect() (replayed []string) {
	g.w.t.Helper()
	auth, err := json.Marshal(map[string]string{"name": g.name, "pid": g.pid, "offset": g.offset})
	if err != nil {
		g.w.t.Fatal(err)
	}
	g.peer = g.w.open()
	g.say("40" + string(auth))
	for {
		text := g.next()
		if answer, found := strings.CutPrefix(text, "40"); found {
			var sids connectAnswer
			if err := json.Unmarshal([]byte(answer), &sids); err != nil {
				g.w.t.Fatal(err)
			}
			g.sid, g.pid = sids.SID, sids.PID
			break
		}
		replayed = append(replayed, g.keep(text))
	}
	if got := g.keep(g.next()); got != "connected" {
		g.w.t.Fatalf("first event %q, want connected", got)
	}
	synctest.Wait()
	g.w.mu.Lock()
	defer g.w.mu.Unlock()
	g.socket = g.w.sockets[len(g.w.sockets)-1]
	return replayed
}

// keep notes an event's offset and returns its name, with "+" for each argument beside the offset.
func (g *guest) keep(text string) string {
	var args []any
	if err := json.Unmarshal([]byte(strings.TrimLeft(text, "0123456789-")), &args); err != nil {
		g.w.t.Fatalf("event %q: %v", text, err)
	}
	if offset := lastString(text); offset != "" {
		g.offset = offset
	}
	return fmt.Sprint(args[0])
}

func (g *guest) take(names ...string) {
	g.w.t.Helper()
	for _, want := range names {
		if got := g.keep(g.next()); got != want {
			g.w.t.Fatalf("got event %q, want %q", got, want)
		}
	}
}

// vanish loses the transport and waits until the server knows.
func (g *guest) vanish() {
	g.w.t.Helper()
	g.lose()
	switch reason := <-g.w.ended; reason {
	case engineio.ReasonTransportClose, engineio.ReasonTransportError: // the latter when something was being written
	default:
		g.w.t.Fatalf("ended with %q", reason)
	}
}

func (w *ward) emit(room string, names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.n.Broadcast(room, packet(w.t, name, 1), nil)
	}
}

func (g *guest) wantRecovered(old guest, replayed []string, want ...string) {
	g.w.t.Helper()
	if diff := cmp.Diff(want, replayed, cmp.Transformer("nil", func(s []string) string { return fmt.Sprint(s) })); diff != "" {
		g.w.t.Errorf("replay (-want +got):\n%s", diff)
	}
	if g.sid != old.sid || g.pid != old.pid || !g.socket.Recovered() || g.socket.Data != g.name {
		g.w.t.Errorf("not recovered: %s/%s after %s/%s", g.sid, g.pid, old.sid, old.pid)
	}
}

func (g *guest) wantFresh(old guest, replayed []string) {
	g.w.t.Helper()
	if len(replayed) > 0 || g.sid == old.sid || g.pid == old.pid || g.socket.Recovered() || len(g.socket.Rooms()) > 0 {
		g.w.t.Errorf("recovered with %q and rooms %q, want a fresh socket", replayed, g.socket.Rooms())
	}
}

func TestRecoveryReplaysWhatWasMissed(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		defer func() { g.lose() }()
		g.socket.Join("room")
		w.emit("room", "one", "two")
		g.take("one") // "two" is lost on the way
		old := *g
		g.vanish()
		w.emit("room", "three")
		w.emit("elsewhere", "not for ann")
		w.n.Broadcast("room", packet(t, "excepted"), func(s *socketio.Socket) bool { return s.Identity() == "ann" })
		w.n.Broadcast("room", packet(t, "transient").Transient(), nil)
		w.n.BroadcastVolatile("room", packet(t, "volatile"), nil, nil)
		w.n.Broadcast("room", packet(t, "binary", []byte{1}), nil)

		auth := fmt.Sprintf(`40{"name":"ann","pid":%q,"offset":%q}`, g.pid, g.offset)
		g.peer = w.open()
		g.say(auth)
		for _, want := range []string{`42["two",1,"`, `42["three",1,"`, `451-["binary",{"_placeholder":true,"num":0},"`, "b\x01", `40{"sid":"` + g.sid, `42["connected",true,"`} {
			if got := g.next(); !strings.HasPrefix(got, want) {
				t.Fatalf("heard %q, want %s…", got, want)
			}
		}
		synctest.Wait()
		g.socket = w.n.Socket(old.sid)
		g.wantRecovered(old, nil)
		if diff := cmp.Diff([]string{"room"}, g.socket.Rooms()); diff != "" {
			t.Error(diff)
		}
		w.emit("room", "live again")
		g.take("live again")
	})
}

// A client may be lost, come back and be lost again, at any point of what it got.
func TestRecoveryAgainAndAgain(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		defer func() { g.lose() }()
		g.socket.Join("room")
		for i := range 5 {
			old := *g
			g.vanish()
			w.emit("room", fmt.Sprint("away", i))
			g.wantRecovered(old, g.connect(), fmt.Sprint("away", i))
			w.emit("room", fmt.Sprint("here", i), fmt.Sprint("lost", i))
			g.take(fmt.Sprint("here", i))
			old = *g
			g.vanish()
			g.wantRecovered(old, g.connect(), fmt.Sprint("lost", i))
		}
	})
}

func TestRecoveryIsForTheSamePerson(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("room")
		old := *g
		g.vanish()
		w.emit("room", "secret")
		thief := &guest{w: w, name: "mallory", pid: g.pid, offset: g.offset}
		thief.wantFresh(old, thief.connect())
		defer func() { thief.lose() }()
		banned := w.open()
		banned.say(fmt.Sprintf(`40{"name":"banned","pid":%q,"offset":%q}`, g.pid, g.offset))
		banned.hear(`44{"message":"The server could not let you in."}`)
		banned.lose()
		g.wantRecovered(old, g.connect(), "secret")
		g.lose()
	})
}

func TestRecoveryOnlyAfterTheLossOfTheTransport(t *testing.T) {
	for name, leave := range map[string]func(g *guest){
		"ClientLeft": func(g *guest) { g.say(`41`) },
		"ServerSaid": func(g *guest) { g.socket.Disconnect() },
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, recoverable(), func(t *testing.T, w *ward) {
				g := w.guest("ann")
				g.socket.Join("room")
				old := *g
				leave(g)
				<-w.ended
				g.lose()
				g.wantFresh(old, g.connect())
				g.lose()
			})
		})
	}
	for name, lose := range map[string]func(g *guest){
		"Closed by us": func(g *guest) { g.socket.CloseTransport("slow reader") },
		"Ping timeout": func(*guest) { time.Sleep(3 * time.Second) }, // the bubble's clock
		"Bad packet":   func(g *guest) { g.say(`4abc`) },
		"1":            func(g *guest) { g.say(`1`) },
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, recoverable(), func(t *testing.T, w *ward) {
				g := w.guest("ann")
				g.socket.Join("room")
				old := *g
				lose(g)
				<-w.ended
				w.emit("room", "missed")
				g.lose()
				g.wantRecovered(old, g.connect(), "missed")
				g.lose()
			})
		})
	}
}

func TestRecoveryWindow(t *testing.T) {
	for name, c := range map[string]struct {
		away      time.Duration
		missed    []string
		recovered bool
	}{
		"Inside":               {59 * time.Second, []string{"missed"}, true},
		"Outside":              {61 * time.Second, []string{"missed"}, false},
		"InsideNothingMissed":  {59 * time.Second, nil, true},
		"OutsideNothingMissed": {61 * time.Second, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, recoverable(), func(t *testing.T, w *ward) {
				g := w.guest("ann")
				g.socket.Join("room")
				old := *g
				g.vanish()
				w.emit("room", c.missed...)
				time.Sleep(c.away) // the bubble's clock
				replayed := g.connect()
				if c.recovered {
					g.wantRecovered(old, replayed, c.missed...)
				} else {
					g.wantFresh(old, replayed)
				}
				g.lose()
			})
		})
	}
}

// A client to which nothing has happened for an hour is recovered all the same: the log has moved on, but not past it.
func TestRecoveryOfAQuietClient(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("room")
		for range 1800 { // an hour of pings, and of what goes on elsewhere
			if got, err := g.ws.ReadText(); err != nil || got != "2" {
				t.Fatalf("heard %q, %v", got, err)
			}
			g.say("3")
			w.emit("elsewhere", "noise")
		}
		old := *g
		g.vanish()
		w.emit("elsewhere", "noise")
		w.emit("room", "missed")
		g.wantRecovered(old, g.connect(), "missed")
		g.lose()
	})
}

func TestRecoveryRefusesWhatItCannotKnow(t *testing.T) {
	for name, change := range map[string]func(g *guest){
		"UnknownPID":     func(g *guest) { g.pid = "x" },
		"ForeignOffset":  func(g *guest) { g.offset = "hello" },
		"OffsetToCome":   func(g *guest) { g.offset = g.offset[:strings.IndexByte(g.offset, '.')] + ".zzzz" },
		"BrokenOffset":   func(g *guest) { g.offset = g.offset[:strings.IndexByte(g.offset, '.')] + ".-1" },
		"OffsetOverflow": func(g *guest) { g.offset = g.offset[:strings.IndexByte(g.offset, '.')] + "." + strings.Repeat("z", 40) },
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, recoverable(), func(t *testing.T, w *ward) {
				g := w.guest("ann")
				g.socket.Join("room")
				old := *g
				g.vanish()
				change(g)
				g.wantFresh(old, g.connect())
				g.lose()
			})
		})
	}
	t.Run("OffsetIsNotText", func(t *testing.T) {
		onWard(t, recoverable(), func(t *testing.T, w *ward) {
			p := w.open()
			p.say(`40{"name":"ann","pid":7,"offset":{"a":1}}`)
			p.hearConnect()
			p.lose()
		})
	})
}

// A client that was lost before it had any event has no offset; the server knows where it came in.
func TestRecoveryWithoutOffset(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		w.emit("elsewhere", "before")
		g := w.guest("ann")
		old := *g
		g.vanish()
		p := w.open()
		p.say(fmt.Sprintf(`40{"name":"ann","pid":%q}`, g.pid))
		if got := p.next(); !strings.HasPrefix(got, `42["connected",false,"`) {
			t.Errorf("heard %q, want the event it never got", got)
		}
		if answer := p.hearConnect(); answer.SID != old.sid || answer.PID != old.pid {
			t.Errorf("answer %+v", answer)
		}
		p.lose()
	})
}

// A greeting is not replayed, for whoever comes back gets a new one. Whoever has heard it has all that came before.
func TestAGreetingIsNotReplayed(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		w.greets = true
		w.emit("elsewhere", "before")
		g := w.guest("ann")
		g.socket.Join("room")
		old := *g
		g.vanish()
		w.emit("room", "missed")
		g.wantRecovered(old, g.connect(), "missed")
		if old.offset == "" || g.offset == old.offset {
			t.Errorf("offsets %q, then %q, want one with each greeting", old.offset, g.offset)
		}
		g.vanish()
		p := w.open()
		p.say(fmt.Sprintf(`40{"name":"ann","pid":%q}`, g.pid)) // as one that has not heard the first
		if got := p.next(); !strings.HasPrefix(got, `42["missed",`) {
			t.Errorf("heard %q first, want what was missed", got)
		}
		p.lose()
	})
}

// The replay itself may be lost: what was replayed counts as sent, not as received.
func TestRecoveryWhenTheReplayIsLost(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("room")
		g.vanish()
		w.emit("room", "missed")
		w.quiet = true
		for range 3 {
			p := w.open()
			p.say(fmt.Sprintf(`40{"name":"ann","pid":%q,"offset":%q}`, g.pid, g.offset))
			if got := p.next(); !strings.HasPrefix(got, `42["missed",1,"`) {
				t.Fatalf("heard %q, want what was missed", got)
			}
			p.lose() // the event never reached the application
			<-w.ended
		}
	})
}

// A client keeps its last offset when it starts afresh. One from before this socket counts as where the socket began,
// although the log does not reach back to it.
func TestRecoveryWithAnOffsetFromBefore(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.vanish()
		stale := g.offset
		time.Sleep(3 * time.Minute) // the bubble's clock
		w.emit("elsewhere", "noise")
		w.emit("elsewhere", "noise")
		fresh := w.guest("ann")
		old := *fresh
		fresh.vanish()
		p := w.open()
		p.say(fmt.Sprintf(`40{"name":"ann","pid":%q,"offset":%q}`, fresh.pid, stale))
		if got := p.next(); !strings.HasPrefix(got, `42["connected",false,"`) {
			t.Errorf("heard %q, want the event it never got", got)
		}
		if answer := p.hearConnect(); answer.SID != old.sid {
			t.Errorf("answer %+v, want sid %s", answer, old.sid)
		}
		p.lose()
	})
}

// The client is often back before the server has noticed that it was lost.
func TestRecoveryTakesOver(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("room")
		w.emit("room", "lost on the way")
		old := *g
		g.wantRecovered(old, g.connect(), "lost on the way")
		if reason := <-w.ended; reason != socketio.ReasonTakenOver {
			t.Errorf("the old one ended with %q", reason)
		}
		if w.n.Len() != 1 || w.n.RoomSize("room") != 1 {
			t.Errorf("%d sockets, %d in the room", w.n.Len(), w.n.RoomSize("room"))
		}
		old.lose()
		g.lose()
	})
}

// While the first socket is still busy with an event, its client comes back twice: the second takes over from the
// first, and nobody starts afresh.
func TestRecoveryTakesOverTwice(t *testing.T) {
	entering, busy, release := make(chan struct{}, 3), make(chan struct{}), make(chan struct{})
	a := &app{
		connect: func(context.Context, socketio.Handshake) (socketio.Admission, error) {
			entering <- struct{}{}
			return socketio.Admission{}, nil
		},
		event: func(*socketio.Socket, *socketio.Event) {
			close(busy)
			<-release
		},
	}
	x := onTCP(t, recoverable(), with(a))
	p, first := x.enter(``)
	p.say(`42["block"]`)
	<-busy
	var returned [2]*peer
	for i := range returned {
		returned[i] = x.open()
		returned[i].say(fmt.Sprintf(`40{"pid":%q}`, first.PID))
	}
	for range 3 {
		<-entering
	}
	close(release)
	for _, back := range returned {
		if answer := back.hearConnect(); answer != first {
			t.Errorf("answer %+v, want %+v", answer, first)
		}
	}
}

// Rooms are given back as they were, and no event from before a room was joined.
func TestRecoveryOfRooms(t *testing.T) {
	onWard(t, recoverable(), func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("left")
		g.socket.Join("expelled")
		g.socket.Join("stays")
		w.emit("late", "before it joined")
		g.socket.Join("late")
		g.socket.Leave("left")
		w.emit("left", "after it left")
		w.emit("late", "after it joined")
		old := *g
		g.vanish()
		w.emit("stays", "one")
		w.emit("expelled", "two")
		w.n.Expel("expelled", func(s *socketio.Socket) bool { return s.Identity() == "ann" })
		g.wantRecovered(old, g.connect(), "after it joined", "one")
		if diff := cmp.Diff([]string{"late", "stays"}, g.socket.Rooms()); diff != "" {
			t.Error(diff)
		}
		g.lose()
	})
}

// Over its bytes the log forgets the oldest events, and clients that would need them start afresh.
func TestRecoveryIsBounded(t *testing.T) {
	o := recoverable()
	o.Recovery.MaxBytes = 64 << 10
	onWard(t, o, func(t *testing.T, w *ward) {
		early, late := w.guest("ann"), w.guest("bob")
		early.socket.Join("room")
		late.socket.Join("room")
		oldEarly := *early
		early.vanish()
		large := strings.Repeat("x", 1000)
		for range 100 {
			w.n.Broadcast("room", packet(t, "large", large), nil)
			late.take("large")
		}
		oldLate := *late
		late.vanish()
		w.emit("room", "after")
		early.wantFresh(oldEarly, early.connect())
		late.wantRecovered(oldLate, late.connect(), "after")
		early.lose()
		late.lose()
	})
}

// Parked sockets count, too: a flood of lost clients does not take the memory.
func TestParkedSocketsAreBounded(t *testing.T) {
	o := recoverable()
	o.Recovery.MaxBytes = 20 << 10
	onWard(t, o, func(t *testing.T, w *ward) {
		first := w.guest("ann")
		oldFirst := *first
		first.vanish()
		var last *guest
		for i := range 50 {
			last = w.guest(fmt.Sprint(i))
			for j := range 5 {
				last.socket.Join(fmt.Sprint("room", j))
			}
			last.vanish()
		}
		oldLast := *last
		first.wantFresh(oldFirst, first.connect())
		last.wantRecovered(oldLast, last.connect())
		first.lose()
		last.lose()
	})
}

// What would not fit into an outbox is not replayed.
func TestRecoveryGivesUpOnTooMuch(t *testing.T) {
	o := recoverable()
	o.Engine.HardLimit = 32 << 10
	onWard(t, o, func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("room")
		old := *g
		g.vanish()
		for range 40 {
			w.n.Broadcast("room", packet(t, "large", strings.Repeat("x", 1000)), nil)
		}
		g.wantFresh(old, g.connect())
		g.lose()
	})
}

func TestRecoveryIsOff(t *testing.T) {
	o := recoverable()
	o.Recovery = socketio.RecoveryOptions{}
	onWard(t, o, func(t *testing.T, w *ward) {
		g := w.guest("ann")
		g.socket.Join("room")
		if g.pid != "" || g.offset != "" || g.socket.PID() != "" {
			t.Errorf("pid %q, offset %q where recovery is off", g.pid, g.offset)
		}
		old := *g
		g.vanish()
		g.pid, g.offset = "x", "y"
		replayed := g.connect()
		if len(replayed) > 0 || g.sid == old.sid {
			t.Errorf("recovered where recovery is off")
		}
		g.lose()
	})
}

// While one client after another comes and goes, everybody gets every event once and in order.
func TestRecoveryUnderLoad(t *testing.T) {
	o := recoverable()
	o.Recovery.MaxBytes = 64 << 20
	onWard(t, o, func(t *testing.T, w *ward) {
		const events = 600
		ready, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			<-ready
			for i := range events {
				w.n.Broadcast("room", packet(t, "n", i), nil)
				time.Sleep(time.Millisecond) // the bubble's clock
			}
		}()
		g := w.guest("ann")
		g.socket.Join("room")
		close(ready)
		next, lost := 0, 0
		for next < events {
			text, err := g.read()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(text, `42["n",`) {
				continue // CONNECT answer, connected
			}
			if !strings.HasPrefix(text, fmt.Sprintf(`42["n",%d,`, next)) {
				t.Fatalf("heard %q, want %d", text, next)
			}
			g.keep(text)
			next++
			if next%37 == 0 {
				g.vanish()
				lost++
				time.Sleep(time.Duration(next%7) * time.Millisecond) // the bubble's clock
				g.peer = w.open()
				g.say(fmt.Sprintf(`40{"name":"ann","pid":%q,"offset":%q}`, g.pid, g.offset))
			}
		}
		if lost < 10 {
			t.Errorf("lost %d times", lost)
		}
		<-done
		g.lose()
	})
}

// The same without a clock that waits for everybody: broadcasts, losses and returns at any moment. The end of a socket
// in the middle of a broadcast once lost that one event.
func TestRecoveryWhileBroadcasting(t *testing.T) {
	const events, losses = 6000, 1200
	o := recoverable()
	o.Recovery.MaxBytes = 64 << 20
	server := socketio.New(o)
	n := server.Of("/", &app{connected: func(s *socketio.Socket) {
		if !s.Recovered() {
			s.Join("room")
			_ = s.Emit("start")
		}
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := newSite(t, l, server)
	p, answer := x.enter(``)
	ahead := make(chan struct{}, 2) // the reader mostly has everything when it is lost, so its offset is the last one sent
	var sender sync.WaitGroup
	sender.Go(func() {
		for i := range events {
			ahead <- struct{}{}
			// At any moment of what the server does about the loss.
			for start, pause := time.Now(), time.Duration(i%100)*2*time.Microsecond; time.Since(start) < pause; {
				runtime.Gosched()
			}
			n.Broadcast("room", packet(t, "n", i), nil)
		}
	})
	next := 0
	for next < events {
		text, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		var got int
		if _, err := fmt.Sscanf(text, `42["n",%d`, &got); err != nil {
			continue // the CONNECT answer
		}
		if got != next {
			t.Fatalf("heard %q, want %d", text, next)
		}
		next++
		<-ahead
		if next%(events/losses) == 0 {
			p.lose()
			p = x.open()
			p.say(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, answer.PID, lastString(text)))
		}
	}
	sender.Wait()
}
