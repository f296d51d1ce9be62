package socketio_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/socketio"
)

// outcome is what the receiver of an ack was told.
type outcome struct {
	args string
	err  error
}

// asker emits "ask" with an ack as soon as a client has entered.
func asker(timeout time.Duration, got chan<- outcome) *app {
	return &app{connected: func(s *socketio.Socket) {
		err := s.EmitWithAck("ask", []any{1, "two"}, timeout, func(args []json.RawMessage, err error) {
			got <- outcome{fmt.Sprintf("%s", args), err}
		})
		if err != nil {
			got <- outcome{"not sent", err}
		}
	}, event: echo}
}

func TestServerAsksForAck(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(p *peer)
		want outcome
	}{
		"Answer":     {func(p *peer) { p.say(`431["yes",{"a":1}]`) }, outcome{args: `["yes" {"a":1}]`}},
		"Empty":      {func(p *peer) { p.say(`431[]`) }, outcome{args: `[]`}},
		"UnknownIDs": {func(p *peer) { p.say(`430[]`, `432[]`, `439007199254740991[]`, `431["x"]`, `431["again"]`) }, outcome{args: `["x"]`}},
		"Timeout":    {func(*peer) {}, outcome{args: `[]`, err: socketio.ErrAckTimeout}},
		"Gone":       {func(p *peer) { p.lose() }, outcome{args: `[]`, err: socketio.ErrClosed}},
		"Left":       {func(p *peer) { p.say(`41`) }, outcome{args: `[]`, err: socketio.ErrClosed}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := make(chan outcome, 2)
				server := socketio.New(socketio.Options{})
				server.Of("/", asker(5*time.Second, got))
				x := newSite(t, newPipeListener(), server)
				p, _ := x.enter(``)
				p.hear(`421["ask",1,"two"]`)
				c.say(p)
				o := <-got
				if o.args != c.want.args || !errors.Is(o.err, c.want.err) {
					t.Errorf("got %+v, want %+v", o, c.want)
				}
				time.Sleep(10 * time.Second) // the bubble's clock: past the timeout
				synctest.Wait()
				if len(got) != 0 {
					t.Errorf("told again: %+v", <-got)
				}
				p.lose()
			})
		})
	}
}

func TestServerAsksForBinaryAck(t *testing.T) {
	got := make(chan socketio.Reply, 1)
	a := &app{connected: func(s *socketio.Socket) {
		if err := s.Ask("give", []any{[]byte("take")}, time.Minute, func(r socketio.Reply, err error) { got <- r }); err != nil {
			t.Error(err)
		}
	}}
	onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		p.hear(`451-1["give",{"_placeholder":true,"num":0}]`, "btake")
		p.say(`461-1[{"_placeholder":true,"num":0}]`)
		p.sayBinary([]byte("given"))
		want := socketio.Reply{Args: []json.RawMessage{json.RawMessage(`{"_placeholder":true,"num":0}`)}, Attachments: [][]byte{[]byte("given")}}
		if diff := cmp.Diff(want, soon(t, got)); diff != "" {
			t.Error(diff)
		}
	})
}

// An event is acknowledged at most once, from any goroutine, also after its handler has returned; and asking for none
// makes Ack do nothing.
func TestAckAtMostOnce(t *testing.T) {
	held := make(chan *socketio.Event, 1)
	a := &app{event: func(_ *socketio.Socket, e *socketio.Event) { held <- e }}
	onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		p.say(`4212["later"]`)
		e := soon(t, held)
		var racers sync.WaitGroup
		for range 8 {
			racers.Go(func() {
				if err := e.Ack(map[string]bool{"success": true}, json.RawMessage(`[1]`), []byte{9}); err != nil {
					t.Error(err)
				}
			})
		}
		p.hear(`461-12[{"success":true},[1],{"_placeholder":true,"num":0}]`, "b\x09")
		racers.Wait()
		p.say(`42["none"]`)
		e = soon(t, held)
		if e.WantsAck() || e.Ack("x") != nil || e.AckRaw(nil, nil) != nil {
			t.Error("an ack nobody asked for")
		}
		p.say(`420["bad"]`)
		e = soon(t, held)
		if !e.WantsAck() {
			t.Error("0 is an ack id")
		}
		if err := e.Ack(json.RawMessage(`{`)); err == nil {
			t.Error("broken JSON was sent")
		}
	})
}

func TestAckAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held, ended := make(chan *socketio.Event, 1), make(chan *socketio.Socket, 1)
		server := socketio.New(socketio.Options{})
		server.Of("/", &app{
			event:        func(_ *socketio.Socket, e *socketio.Event) { held <- e },
			disconnected: func(s *socketio.Socket, _ string) { ended <- s },
		})
		x := newSite(t, newPipeListener(), server)
		p, _ := x.enter(``)
		p.say(`427["late"]`, `41`)
		e, s := <-held, <-ended
		for doing, err := range map[string]error{
			"Ack":         e.Ack(1),
			"Emit":        s.Emit("x"),
			"EmitWithAck": s.EmitWithAck("x", nil, time.Second, func([]json.RawMessage, error) { t.Error("told") }),
		} {
			if !errors.Is(err, socketio.ErrClosed) {
				t.Errorf("%s: %v, want ErrClosed", doing, err)
			}
		}
		packet, err := socketio.NewPacket("x")
		if err != nil {
			t.Fatal(err)
		}
		if s.SendVolatile(packet) {
			t.Error("SendVolatile to a socket that has gone")
		}
		s.Disconnect()
		p.lose()
	})
}

func TestAttachmentOfAnArgument(t *testing.T) {
	held := make(chan *socketio.Event, 1)
	a := &app{event: func(_ *socketio.Socket, e *socketio.Event) { held <- e }}
	onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		p.say(`452-["a",{"_placeholder":true,"num":1},{"_placeholder":false,"num":0},"text",{"_placeholder":true,"num":0}]`)
		p.sayBinary([]byte("zero"), []byte("one"))
		e := soon(t, held)
		var got []string
		for _, arg := range e.Args {
			data, ok := e.Attachment(arg)
			got = append(got, fmt.Sprint(string(data), ok))
		}
		if diff := cmp.Diff([]string{"onetrue", "false", "false", "zerotrue"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
