package engineio_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// TestCloseRaceWithPoll: POST "1" and a GET travel on two connections.
func TestCloseRaceWithPoll(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for range 50 {
			sid := x.session()
			poll := x.pollLater(sid)
			x.want(x.post("polling&sid="+sid, "1"), 200, "ok")
			x.want(<-poll, 200, "6")
			x.wantStatus(x.get("polling&sid="+sid), 400)
		}
	})
}

func TestCloseLingers(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		for wait, want := range map[time.Duration]int{99 * time.Millisecond: 200, 101 * time.Millisecond: 400} {
			sid := x.session()
			x.want(x.post("polling&sid="+sid, "1"), 200, "ok")
			x.wantStatus(x.post("polling&sid="+sid, "4a"), 400)
			<-time.After(wait)
			if a := x.get("polling&sid=" + sid); a.status != want {
				t.Errorf("after %v: %d %q", wait, a.status, a.body)
			}
			x.wantStatus(x.get("polling&sid="+sid), 400)
		}
	})
}

func TestCloseStopsDelivery(t *testing.T) {
	var d diary
	withHooks(t, engineio.Options{}, d.recording(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		x.say(s, "4a", "1", "4b", "abc")
		x.wantClose(s)
		x.want(x.post("polling&sid="+x.session(), "4c\x1e1\x1e4d\x1eabc"), 200, "ok")
		synctest.Wait()
		want := []string{
			"open", "message a", "closed: transport close",
			"open", "message c", "closed: transport close",
		}
		if diff := cmp.Diff(want, d.all()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCloseReasons(t *testing.T) {
	for reason, end := range map[string]func(x *site){
		engineio.ReasonTransportClose: func(x *site) {
			s, _ := x.webSocketSession()
			s.Close()
		},
		engineio.ReasonTransportError: func(x *site) {
			s, _ := x.webSocketSession()
			s.Raw([]byte{0x81, 0x01, 'a'}) // not masked
			x.wantClose(s)
		},
		engineio.ReasonParseError: func(x *site) {
			x.post("polling&sid="+x.session(), "x")
		},
		engineio.ReasonPingTimeout: func(x *site) {
			x.session()
			<-time.After(time.Minute)
		},
	} {
		t.Run(reason, func(t *testing.T) {
			var d diary
			withHooks(t, engineio.Options{}, d.recording(), func(t *testing.T, x *site) {
				end(x)
				synctest.Wait()
				if diff := cmp.Diff([]string{"open", "closed: " + reason}, d.all()); diff != "" {
					t.Error(diff)
				}
				if n := x.server.Len(); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
			})
		})
	}
}

func TestServerCloses(t *testing.T) {
	kick := hooks{message: func(s *engineio.Session, m engineio.Message) {
		_ = s.Send(text("last"), text("words"))
		s.Close("kicked")
		s.Close("kicked again")
		if err := s.Send(text("too late")); !errors.Is(err, engineio.ErrClosed) {
			panic("sent after the end")
		}
	}}
	t.Run("WebSocket", func(t *testing.T) {
		withHooks(t, engineio.Options{}, kick, func(t *testing.T, x *site) {
			s, _ := x.webSocketSession()
			x.say(s, "4a")
			x.hear(s, "4last", "4words")
			if status := x.wantClose(s); status != 1000 {
				t.Errorf("status %d", status)
			}
		})
	})
	t.Run("WaitingPoll", func(t *testing.T) {
		withHooks(t, engineio.Options{}, kick, func(t *testing.T, x *site) {
			sid := x.session()
			poll := x.pollLater(sid)
			synctest.Wait()
			x.post("polling&sid="+sid, "4a")
			x.want(<-poll, 200, "4last\x1e4words\x1e1")
			x.wantStatus(x.get("polling&sid="+sid), 400)
		})
	})
	t.Run("LatePoll", func(t *testing.T) {
		withHooks(t, engineio.Options{}, kick, func(t *testing.T, x *site) {
			sid := x.session()
			x.post("polling&sid="+sid, "4a")
			<-time.After(1900 * time.Millisecond)
			x.want(x.get("polling&sid="+sid), 200, "4last\x1e4words\x1e1")
			x.wantStatus(x.get("polling&sid="+sid), 400)
		})
	})
	t.Run("NoPoll", func(t *testing.T) {
		withHooks(t, engineio.Options{}, kick, func(t *testing.T, x *site) {
			sid := x.session()
			x.post("polling&sid="+sid, "4a")
			<-time.After(2100 * time.Millisecond)
			x.wantStatus(x.get("polling&sid="+sid), 400)
			if n := x.server.Len(); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
		})
	})
	t.Run("InOpen", func(t *testing.T) {
		h := hooks{open: func(s *engineio.Session) { kick.message(s, engineio.Message{}) }}
		withHooks(t, engineio.Options{}, h, func(t *testing.T, x *site) {
			x.want(x.get("polling&sid="+x.session()), 200, "4last\x1e4words\x1e1")
			s, _ := x.webSocketSession()
			x.hear(s, "4last", "4words")
			x.wantClose(s)
		})
	})
}

// A client that answers the closing frame, and one that does not.
func TestServerClosesConnection(t *testing.T) {
	for name, answers := range map[string]bool{"polite": true, "mute": false} {
		t.Run(name, func(t *testing.T) {
			h := hooks{open: func(s *engineio.Session) { s.Close("bye") }}
			withHooks(t, engineio.Options{}, h, func(t *testing.T, x *site) {
				s, _ := x.webSocketSession()
				x.wantClose(s)
				if answers {
					s.Frame(0x88, []byte{3, 0xe8})
				}
				if _, _, err := s.Read(); err == nil {
					t.Error("something came after the closing frame")
				}
			})
		})
	}
}

// endOf is closed at the end of a session.
func endOf(s *engineio.Session) <-chan struct{} {
	ended := make(chan struct{})
	s.AtEnd(func() { close(ended) })
	return ended
}

func TestClosedWaitsForMessage(t *testing.T) {
	var d diary
	entered, leave := make(chan *engineio.Session), make(chan struct{})
	h := d.recording()
	h.message = func(s *engineio.Session, m engineio.Message) {
		entered <- s
		<-leave
		d.add("message " + string(m.Data))
	}
	server := engineio.NewServer(engineio.Options{}, h)
	x := newSite(t, listenTCP(t), server)
	s, _ := x.webSocketSession()
	x.say(s, "4a", "4b")
	session := <-entered
	ended := endOf(session)
	session.Close("enough")
	<-ended
	if got := d.all(); len(got) != 1 {
		t.Errorf("before the message returned: %q", got)
	}
	close(leave)
	x.wantClose(s)
	for session := range server.Sessions() {
		t.Errorf("%s is left", session.ID())
	}
	waitFor(t, func() bool { return len(d.all()) == 3 })
	if diff := cmp.Diff([]string{"open", "message a", "closed: enough"}, d.all()); diff != "" {
		t.Error(diff)
	}
	<-endOf(session) // asked after the end, it is closed as well
}

// A message that waits for its turn when the session ends is not delivered any
// more. It takes a client that breaks the rules: one that completes the upgrade
// while its POST is still being worked on.
func TestNoMessageAfterClosed(t *testing.T) {
	var d diary
	entered, leave := make(chan *engineio.Session), make(chan struct{})
	h := d.recording()
	h.message = func(s *engineio.Session, m engineio.Message) {
		d.add("message " + string(m.Data))
		entered <- s
		<-leave
	}
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{}, h))
	sid := x.session()
	post := x.later(func() (answer, error) { return x.ask(t.Context(), http.MethodPost, "polling&sid="+sid, "4a") })
	session := <-entered
	s := x.upgrade(sid)
	x.say(s, "4b")
	waitFor(t, func() bool { return session.Stats().PacketsIn == 2 })
	session.Close("enough")
	close(leave)
	x.want(<-post, 200, "ok")
	waitFor(t, func() bool { return len(d.all()) >= 3 })
	x.wantClose(s)
	if diff := cmp.Diff([]string{"open", "message a", "closed: enough"}, d.all()); diff != "" {
		t.Error(diff)
	}
}

// waitFor polls for something that another goroutine is about to do.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(time.Millisecond); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it never happened")
		}
	}
}

func TestPanicsStayInTheirSession(t *testing.T) {
	boom := func() { panic("boom") }
	for name, h := range map[string]hooks{
		"open":    {open: func(s *engineio.Session) { boom() }},
		"message": {message: func(*engineio.Session, engineio.Message) { boom() }},
		"closed": {
			message: func(s *engineio.Session, _ engineio.Message) { s.Close("x") },
			closed:  func(*engineio.Session, string) { boom() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			withHooks(t, engineio.Options{}, h, func(t *testing.T, x *site) {
				s := x.socket("websocket")
				go s.Text("4a")
				x.wantClose(s)
				sid := x.session()
				x.post("polling&sid="+sid, "4a")
				a := x.get("polling&sid=" + sid)
				if a.status == 200 && a.body != "1" {
					t.Errorf("%d %q", a.status, a.body)
				}
				<-time.After(5 * time.Second)
				if n := x.server.Len(); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
			})
		})
	}
}

func TestCloseAll(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		sid := x.session()
		poll := x.pollLater(sid)
		synctest.Wait()
		x.server.CloseAll("maintenance")
		x.wantClose(s)
		x.want(<-poll, 200, "1")
		x.session() // and the server goes on
	})
}
