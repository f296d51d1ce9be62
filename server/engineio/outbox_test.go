package engineio_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// stalled opens a WebSocket session whose client does not read any more, on a
// pipe, which holds nothing back: the first frame is being written, the others
// wait.
func stalled(t *testing.T, o engineio.Options, h hooks, test func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session)) {
	t.Helper()
	var session *engineio.Session
	h.open = func(s *engineio.Session) { session = s }
	withHooks(t, o, h, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		synctest.Wait()
		test(t, x, s, session)
	})
}

func TestSendKeepsRunsTogether(t *testing.T) {
	const senders, runs = 8, 50
	var session *engineio.Session
	h := hooks{open: func(s *engineio.Session) { session = s }}
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{HardLimit: 64 << 20}, h))
	s, _ := x.webSocketSession()
	big := bytes.Repeat([]byte("x"), 3000)
	for sender := range senders {
		go func() {
			for run := range runs {
				name := fmt.Sprintf("%d-%d", sender, run)
				if err := session.Send(text(name), engineio.NewBinary([]byte(name)), engineio.NewBinary(big)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	next := map[string]int{}
	for range senders * runs {
		name := x.text(s)[1:]
		for _, want := range []string{name, string(big)} {
			opcode, got, err := s.Read()
			if err != nil || opcode != enginetest.OpBinary || string(got) != want {
				t.Fatalf("after %s: opcode %x, %.20q, %v", name, opcode, got, err)
			}
		}
		sender, run, _ := bytes.Cut([]byte(name), []byte("-"))
		if string(run) != fmt.Sprint(next[string(sender)]) {
			t.Fatalf("%s out of order", name)
		}
		next[string(sender)]++
	}
	waitFor(t, func() bool { return session.Queued() == 0 })
}

func TestVolatileIsRefusedOverSoftLimit(t *testing.T) {
	var d diary
	h := hooks{drained: func(*engineio.Session) { d.add("drained") }}
	o := engineio.Options{SoftLimit: 100, HardLimit: 1000}
	stalled(t, o, h, func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session) {
		if !session.SendVolatile(text(string(make([]byte, 200)))) {
			t.Error("an empty outbox takes anything")
		}
		if session.SendVolatile(text("b")) || session.SendVolatile(text("c")) {
			t.Error("taken over the soft limit")
		}
		if err := session.Send(text("d")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if queued := session.Queued(); queued != 4+201+3+1 {
			t.Errorf("%d bytes are queued", queued)
		}
		if got := d.all(); len(got) != 0 {
			t.Errorf("too early: %q", got)
		}
		x.text(s)
		x.hear(s, "4d")
		synctest.Wait()
		if queued := session.Queued(); queued != 0 {
			t.Errorf("%d bytes are queued", queued)
		}
		if !session.SendVolatile(text("e")) {
			t.Error("refused after the outbox was empty")
		}
		x.hear(s, "4e")
		synctest.Wait()
		if diff := cmp.Diff([]string{"drained"}, d.all()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestVolatileByPolling(t *testing.T) {
	var d diary
	var session *engineio.Session
	h := hooks{
		open:    func(s *engineio.Session) { session = s },
		drained: func(*engineio.Session) { d.add("drained") },
	}
	withHooks(t, engineio.Options{SoftLimit: 10}, h, func(t *testing.T, x *site) {
		sid := x.session()
		if !session.SendVolatile(text("a")) || session.SendVolatile(text("much longer")) {
			t.Error("limits do not hold for polling")
		}
		x.want(x.get("polling&sid="+sid), 200, "4a")
		synctest.Wait()
		if diff := cmp.Diff([]string{"drained"}, d.all()); diff != "" {
			t.Error(diff)
		}
		session.Close("enough")
		if session.SendVolatile(text("b")) {
			t.Error("taken after the end")
		}
	})
}

func TestHardLimitCloses(t *testing.T) {
	var d diary
	o := engineio.Options{SoftLimit: 100, HardLimit: 1000}
	h := hooks{closed: d.recording().closed}
	stalled(t, o, h, func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session) {
		var err error
		for i := 0; err == nil && i < 100; i++ {
			err = session.Send(text(string(make([]byte, 100))))
		}
		if !errors.Is(err, engineio.ErrSlowReader) {
			t.Errorf("got %v", err)
		}
		if err := session.Send(text("a")); !errors.Is(err, engineio.ErrClosed) {
			t.Errorf("got %v", err)
		}
		x.wantClose(s)
		synctest.Wait()
		if diff := cmp.Diff([]string{"closed: slow reader"}, d.all()); diff != "" {
			t.Error(diff)
		}
		if queued := session.Queued(); queued != 0 {
			t.Errorf("%d bytes are still held", queued)
		}
	})
}

func TestWriteTimeoutCloses(t *testing.T) {
	var d diary
	h := hooks{closed: d.recording().closed}
	stalled(t, engineio.Options{WriteTimeout: 3 * time.Second}, h, func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session) {
		if err := session.Send(text("a")); err != nil {
			t.Fatal(err)
		}
		<-time.After(2900 * time.Millisecond)
		if got := d.all(); len(got) != 0 {
			t.Errorf("too early: %q", got)
		}
		<-time.After(200 * time.Millisecond)
		if diff := cmp.Diff([]string{"closed: transport error"}, d.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// A client that does not read the answer to its poll is no different.
func TestWriteTimeoutOfPoll(t *testing.T) {
	var d diary
	h := d.recording()
	h.open = func(s *engineio.Session) { _ = s.Send(text(string(make([]byte, 100_000)))) }
	withHooks(t, engineio.Options{WriteTimeout: 3 * time.Second}, h, func(t *testing.T, x *site) {
		sid := x.session()
		conn, err := x.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "GET %spolling&sid=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", path, sid); err != nil {
			t.Fatal(err)
		}
		<-time.After(3100 * time.Millisecond)
		if diff := cmp.Diff([]string{"closed: transport error"}, d.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// A graceful end does not wait for ever for a client that does not read.
func TestCloseOfDeafClient(t *testing.T) {
	stalled(t, engineio.Options{WriteTimeout: 3 * time.Second}, hooks{}, func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session) {
		for range 50 {
			if err := session.Send(text(string(make([]byte, 50_000)))); err != nil {
				t.Fatal(err)
			}
		}
		session.Close("enough")
		<-time.After(6100 * time.Millisecond)
		if _, err := s.Conn.Write([]byte("a")); err == nil {
			t.Error("the connection is still open")
		}
	})
}

// Nor for one that reads a little now and then: the rest has one deadline.
func TestCloseOfTricklingClient(t *testing.T) {
	o := engineio.Options{WriteTimeout: 3 * time.Second, HardLimit: 64 << 20}
	stalled(t, o, hooks{}, func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session) {
		const frames = 20
		for range frames {
			if err := session.Send(engineio.NewBinary(make([]byte, 200<<10))); err != nil {
				t.Fatal(err)
			}
		}
		session.Close("enough")
		read := 0
		for start := time.Now(); time.Since(start) < 7*time.Second; read++ {
			if _, _, err := s.Read(); err != nil {
				return
			}
			<-time.After(2 * time.Second)
		}
		t.Errorf("%d frames were read and the connection is still open", read)
	})
}

// The same on real connections, whose kernel buffers fill first: one stalled
// client, and another that notices nothing.
func TestSlowReaderOverTCP(t *testing.T) {
	var d diary
	sessions := make(chan *engineio.Session, 2)
	h := hooks{open: func(s *engineio.Session) { sessions <- s }, closed: d.recording().closed}
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{HardLimit: 1 << 20}, h))
	x.webSocketSession()
	slow := <-sessions
	fast, _ := x.webSocketSession()
	other := <-sessions
	frame := engineio.NewBinary(make([]byte, 64<<10))
	for slow.Send(frame) == nil {
	}
	if err := other.Send(text("a")); err != nil {
		t.Fatal(err)
	}
	x.hear(fast, "4a")
	waitFor(t, func() bool { return len(d.all()) == 1 })
	if diff := cmp.Diff([]string{"closed: slow reader"}, d.all()); diff != "" {
		t.Error(diff)
	}
}

// A client that reads slowly, but reads, is not slow in our sense: the deadline
// is for a part of the queue, not for all of it.
func TestPatientWithSteadyReader(t *testing.T) {
	o := engineio.Options{WriteTimeout: 2 * time.Second, HardLimit: 64 << 20}
	stalled(t, o, hooks{}, func(t *testing.T, x *site, s *enginetest.Socket, session *engineio.Session) {
		const frames = 30
		for range frames {
			if err := session.Send(engineio.NewBinary(make([]byte, 200<<10))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range frames {
			if _, got, err := s.Read(); err != nil || len(got) != 200<<10 {
				t.Fatalf("frame %d: %d bytes, %v", i, len(got), err)
			}
			<-time.After(time.Second)
		}
	})
}

// What is queued while a write is under way leaves in one write.
func TestBurstIsOneWrite(t *testing.T) {
	writes := make(chan int, 1000)
	var session *engineio.Session
	h := hooks{open: func(s *engineio.Session) { session = s }}
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		x := newSite(t, countingListener{l, writes}, engineio.NewServer(engineio.Options{}, h))
		x.dial = l.Dial
		s, _ := x.webSocketSession()
		synctest.Wait()
		for len(writes) > 0 {
			<-writes
		}
		want := make([]string, 500)
		for i := range want {
			want[i] = fmt.Sprintf("4%d", i)
			if err := session.Send(text(want[i][1:])); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				synctest.Wait() // the flusher is stuck in the first
			}
		}
		x.hear(s, want...)
		synctest.Wait()
		if got := len(writes); got != 2 {
			t.Errorf("%d writes", got)
		}
	})
}

// countingListener reports every write of its connections.
type countingListener struct {
	net.Listener
	writes chan int
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.writes}, err
}

type countingConn struct {
	net.Conn
	writes chan int
}

func (c countingConn) Write(b []byte) (int, error) {
	c.writes <- len(b)
	return c.Conn.Write(b)
}

// What is sent while Together runs waits for its end and leaves in order; the
// end of the session does not wait for it.
func TestTogetherHoldsWhatIsSent(t *testing.T) {
	opened := make(chan *engineio.Session, 1)
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{}, hooks{open: func(s *engineio.Session) { opened <- s }}))
	client, _ := x.webSocketSession()
	session := <-opened
	send := func(what string) {
		t.Helper()
		if err := session.Send(text(what)); err != nil {
			t.Error(err)
		}
	}
	waiting := 0
	session.Together(func() {
		send("one")
		session.Together(func() { send("two") })
		time.Sleep(20 * time.Millisecond) // a writer would have come by now
		waiting = session.Queued()
	})
	if want := text("one").Len() + text("two").Len(); waiting != want {
		t.Errorf("%d bytes waited, want %d", waiting, want)
	}
	x.hear(client, "4one", "4two")
	send("three")
	x.hear(client, "4three")
	session.Together(func() { // more than a batch does not wait
		large := strings.Repeat("x", 300<<10)
		send(large)
		x.hear(client, "4"+large)
	})
	session.Together(func() {
		send("the last")
		session.Close("enough")
		x.hear(client, "4the last")
	})
	x.wantClose(client)
}
