package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

func errAway() error { return fmt.Errorf("%w: connection refused", api.ErrUnreachable) }

// followed runs the real commands of a model under a clock of the test's.
type followed struct {
	t    *testing.T
	m    *Model
	msgs chan tea.Msg
}

func follow(t *testing.T, s *scripted) *followed {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &work{ctx: ctx, source: s}
	m := newModel(w, newTheme(Look{}, io.Discard), Options{}, s.shot)
	m.cells, m.lines = 100, 30
	f := &followed{t, m, make(chan tea.Msg, 100)}
	t.Cleanup(w.wait)
	t.Cleanup(stop)
	f.run(m.Init())
	return f
}

func (f *followed) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, each := range batch {
				f.run(each)
			}
			return
		}
		if msg != nil {
			f.msgs <- msg
		}
	}()
}

// pass lets time pass, and the model take in whatever that brings.
func (f *followed) pass(d time.Duration) *followed {
	f.t.Helper()
	end := time.After(d)
	for {
		select {
		case msg := <-f.msgs:
			_, cmd := f.m.Update(msg)
			f.run(cmd)
		case <-end:
			return f
		}
	}
}

func (f *followed) in(want linkState) *followed {
	f.t.Helper()
	if f.m.link.state != want {
		f.t.Errorf("the link is in state %d, want %d; its error is %v", f.m.link.state, want, f.m.link.err)
	}
	return f
}

func TestALostConnectionIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := aServer()
		load := api.Load{Sockets: 5, Ready: true}
		server.events <- happening{event: api.Event{Name: api.EventLoad, Load: &load}}
		f := follow(t, server).pass(time.Second / 2).in(linkLive)

		server.fail(errAway())
		server.events <- happening{err: errAway()}
		f.pass(time.Second / 2).in(linkLost)
		stage := &stage{t, f.m, server}
		stage.shows("▲ Lost the server at", "Next try in 1s", "connection re")
		if f.pass(20 * time.Second).in(linkLost); f.m.link.tries != 5 {
			t.Errorf("%d tries in 20 seconds; waits of 1, 2, 4 and 8 make 5", f.m.link.tries)
		}

		server.fail(nil)
		server.shot.Build.Version = "v0.4.1"
		server.events <- happening{event: api.Event{Name: api.EventLoad, Load: &load}}
		f.pass(15 * time.Second).in(linkLive)
		stage.shows("v0.4.1", "● live").lacks("Lost the server")
	})
}

func TestRTriesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := aServer()
		server.fail(errAway())
		f := follow(t, server).pass(10 * time.Second).in(linkLost)
		server.fail(nil)
		server.events <- happening{event: api.Event{Name: api.EventLoad, Load: &api.Load{Ready: true}}}
		f.run(f.m.press(keyOf("r")))
		f.pass(200 * time.Millisecond).in(linkLive)
	})
}

func TestARefusedOperatorIsToldAndNotTriedAgain(t *testing.T) {
	for name, err := range map[string]error{
		"the token was revoked": &api.RefusedError{Status: 401, Failure: api.Failure{Error: "This token was revoked.", Code: "TOKEN_INVALID"}},
		"the server is older":   fmt.Errorf("%w (GET /api/admin/events)", api.ErrNoOperators),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := aServer()
				server.fail(err)
				f := follow(t, server).pass(time.Minute).in(linkRefused)
				if f.m.link.number != 2 { // one try, and its end
					t.Errorf("the stream was opened again: try %d", f.m.link.number)
				}
				(&stage{t, f.m, server}).shows("The server refuses this operator")
			})
		})
	}
}

func TestALostPullIsALostConnection(t *testing.T) {
	s := open(t, aServer(), 80, 24)
	s.s.fail(errAway())
	s.keys("2").shows("Lost the server at 12:00:00", "● away")
	s.keys("x y").did() // nothing is done while nobody answers
}

func TestVerbsWaitForNoConnection(t *testing.T) {
	s := open(t, aServer(), 80, 24).keys("2 x")
	s.m.lose(errAway())
	s.keys("y").did().shows("Not done: there is no connection to the server.")
}

func TestARefusedVerbIsSaid(t *testing.T) {
	s := open(t, aServer(), 80, 24).keys("2")
	s.s.fail(&api.RefusedError{Status: 403, Failure: api.Failure{Error: "This token may only look.", Code: "FORBIDDEN"}})
	s.keys("x y").shows("Not done: This token may only look.", "● live")
}

func TestBusyStreamsAreDrawnTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan happening, 100)
		for range 100 {
			events <- happening{event: api.Event{Name: api.EventLog, Log: &api.LogLine{Level: "INFO"}}}
		}
		start := time.Now()
		got, ok := gather(t.Context(), 1, events).(occurred)
		if !ok || len(got.events) != 100 || got.err != nil || time.Since(start) != gathering {
			t.Errorf("%d events after %s, %v", len(got.events), time.Since(start), got.err)
		}
		close(events)
		if got, ok = gather(t.Context(), 1, events).(occurred); !ok || !errors.Is(got.err, api.ErrUnreachable) {
			t.Errorf("a stream that ended: %+v", got)
		}
	})
}

func TestALogThatIsFollowedAgainHasNoLineTwice(t *testing.T) {
	s := open(t, aServer(), 80, 24).keys("8")
	for range 2 {
		for _, e := range logLines() {
			s.m.hear(e)
		}
	}
	s.shows("4 lines")
}

func TestTheLogHoldsStillWhileOneReads(t *testing.T) {
	s := open(t, aServer(), 80, 24).keys("8")
	line := func(i int) {
		s.m.hear(api.Event{Log: &api.LogLine{At: before(0), Level: "INFO", Message: fmt.Sprintf("line %d.", i)}})
	}
	for i := range 50 {
		line(i)
	}
	s.shows("line 49.").keys("up up up up up up up up up up up up up up up up up up up up up up")
	for i := 50; i < 3000; i++ { // more than are held
		line(i)
	}
	s.lacks("line 2999.").shows("held, G follows again").keys("G").shows("line 2999.", "following")
}
