package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// echo acknowledges every event with its arguments, and sends the others back under their own name.
func echo(s *socketio.Socket, e *socketio.Event) {
	if e.WantsAck() {
		_ = e.AckRaw(e.Args, e.Attachments)
		return
	}
	if p, err := socketio.NewRawPacket(e.Name, e.Args, e.Attachments); err == nil {
		_ = s.Send(p)
	}
}

// What a client gets wrong ends its connection, tells the handler once, and leaves everybody else alone.
func TestBadPacketsCloseTheirConnectionOnly(t *testing.T) {
	nested := strings.Repeat("[", 20_000)
	for name, say := range map[string]func(p *peer){
		"ReservedConnect":     func(p *peer) { p.say(`42["connect",1]`) },
		"ReservedDisconnect":  func(p *peer) { p.say(`42["disconnect"]`) },
		"ReservedNewListener": func(p *peer) { p.say(`42["newListener"]`) },
		"ReservedWithAck":     func(p *peer) { p.say(`421["connect_error"]`) },
		"NestedTenThousand":   func(p *peer) { p.say(`42["a",` + nested) },
		"NestedBinary":        func(p *peer) { p.say(`451-["a",` + nested) },
		"ElevenAttachments":   func(p *peer) { p.say(`4511-["a"]`) },
		"BadPlaceholder":      func(p *peer) { p.say(`451-["a",{"_placeholder":true,"num":1}]`) },
		"FewerAttachments": func(p *peer) {
			p.say(`452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
			p.sayBinary([]byte{1})
			p.say(`42["b"]`)
		},
		"MoreAttachments": func(p *peer) {
			p.say(`451-["a",{"_placeholder":true,"num":0}]`)
			p.sayBinary([]byte{1})
			p.hear(`451-["a",{"_placeholder":true,"num":0}]`, "b\x01")
			p.sayBinary([]byte{2})
		},
		"AttachmentOutOfTheBlue": func(p *peer) { p.sayBinary([]byte{1}) },
		"ConnectWhilePending":    func(p *peer) { p.say(`451-["a",{"_placeholder":true,"num":0}]`, `40/other`) },
		"TooManyBytes": func(p *peer) {
			p.say(`4510-["a"]`)
			for range 9 {
				p.sayBinary(make([]byte, 900))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			reasons := make(chan string, 2)
			a := &app{event: echo, disconnected: func(_ *socketio.Socket, reason string) { reasons <- reason }}
			o := socketio.Options{MaxEventBytes: 8000}
			onFakeClock(t, o, with(a), func(t *testing.T, x *site) {
				other, _ := x.enter(``)
				p, _ := x.enter(``)
				say(p)
				p.hearClose()
				if got := soon(t, reasons); got != engineio.ReasonParseError && got != socketio.ReasonProtocolError {
					t.Errorf("reason %q", got)
				}
				other.say(`42["still",1]`)
				other.hear(`42["still",1]`)
				if n := len(reasons); n != 0 {
					t.Errorf("%d more ends", n)
				}
			})
		})
	}
}

func TestPingsGoOnWhileAttachmentsArePending(t *testing.T) {
	o := socketio.Options{Engine: engineio.Options{PingInterval: time.Second, PingTimeout: time.Second}}
	onFakeClock(t, o, with(&app{event: echo}), func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		p.say(`451-["late",{"_placeholder":true,"num":0}]`)
		for range 5 {
			if got, err := p.ws.ReadText(); err != nil || got != "2" {
				t.Fatalf("heard %q, %v; want a ping", got, err)
			}
			p.say("3")
		}
		p.sayBinary([]byte("now"))
		p.hear(`451-["late",{"_placeholder":true,"num":0}]`, "bnow")
	})
}

// An attachment bomb costs no more than MaxEventBytes, and nothing once its sender is gone.
func TestPendingAttachmentsAreBounded(t *testing.T) {
	o := socketio.Options{MaxAttachments: 1000, MaxEventBytes: 2 << 20, Engine: engineio.Options{MaxPayload: 1 << 20}}
	ended := make(chan string, 1)
	a := &app{disconnected: func(_ *socketio.Socket, reason string) { ended <- reason }}
	x := onTCP(t, o, with(a))
	p, _ := x.enter(``)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p.say(`451000-["a"]`)
	chunk := make([]byte, 1<<19)
	for range 100 {
		if p.ws.Binary(chunk) != nil {
			break
		}
	}
	soon(t, ended)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
}

func TestConnectErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string // empty: the transport is closed
	}{
		"Words":        {&socketio.ConnectError{Message: "Sign in again."}, `44{"message":"Sign in again."}`},
		"Data":         {&socketio.ConnectError{Message: "no", Data: map[string]string{"code": "TOKEN_EXPIRED"}}, `44{"message":"no","data":{"code":"TOKEN_EXPIRED"}}`},
		"Wrapped":      {fmt.Errorf("who: %w", &socketio.ConnectError{Message: "no"}), `44{"message":"no"}`},
		"BadData":      {&socketio.ConnectError{Message: "no", Data: make(chan int)}, `44{"message":"The server could not let you in."}`},
		"Other":        {errors.New("dial tcp 10.0.0.7:5432: refused"), `44{"message":"The server could not let you in."}`},
		"TryLater":     {socketio.ErrTryLater, ""},
		"TryLaterDeep": {fmt.Errorf("database: %w", socketio.ErrTryLater), ""},
		"Deadline":     {context.DeadlineExceeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := &app{
				connect: func(context.Context, socketio.Handshake) (socketio.Admission, error) {
					return socketio.Admission{}, c.err
				},
				connected: func(*socketio.Socket) { t.Error("a refused client entered") },
			}
			onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
				p := x.open()
				p.say(`40`)
				if c.want == "" {
					p.hearClose()
					return
				}
				p.hear(c.want)
				p.say(`40`) // the connection stays open, and the client may try again
				p.hear(c.want)
			})
		})
	}
}

// A Connect that hangs ends with the connect timeout; one whose client has gone, when the heartbeat notices.
func TestConnectContext(t *testing.T) {
	hang := func(ended chan<- error) *app {
		return &app{connect: func(ctx context.Context, _ socketio.Handshake) (socketio.Admission, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return socketio.Admission{}, ctx.Err()
		}}
	}
	t.Run("Timeout", func(t *testing.T) {
		ended := make(chan error, 1)
		onFakeClock(t, socketio.Options{ConnectTimeout: 3 * time.Second}, with(hang(ended)), func(t *testing.T, x *site) {
			start := time.Now()
			p := x.open()
			p.say(`40`)
			p.hearClose()
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("took %v, want 3s", took)
			}
			if err := <-ended; err == nil { // the timeout of Connect and that of the session fall together
				t.Error("the context has not ended")
			}
		})
	})
	t.Run("ClientGone", func(t *testing.T) {
		ended := make(chan error, 1)
		onFakeClock(t, socketio.Options{ConnectTimeout: time.Hour}, with(hang(ended)), func(t *testing.T, x *site) {
			p := x.open()
			p.say(`40`)
			p.lose()
			time.Sleep(46 * time.Second) // the bubble's clock: ping interval and timeout, and one more
			synctest.Wait()
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("context ended with %v", err)
				}
			default:
				t.Error("Connect still waits for a client that has gone")
			}
		})
	})
}

func TestHandshakeIsComplete(t *testing.T) {
	got := make(chan socketio.Handshake, 1)
	a := &app{connect: func(_ context.Context, h socketio.Handshake) (socketio.Admission, error) {
		got <- h
		return socketio.Admission{Identity: "ann", Data: 7}, nil
	}, connected: func(s *socketio.Socket) {
		_ = s.Emit("me", s.Data, s.Identity(), s.Transport(), s.Recovered(), s.PID() == "", s.Namespace().Name())
	}}
	onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
		p, _ := x.enter(`{"token":"secret"}`)
		p.hear(`42["me",7,"ann","websocket",false,true,"/"]`)
		h := <-got
		if string(h.Auth) != `{"token":"secret"}` || h.Query().Get("EIO") != "4" || h.Transport != "websocket" || h.TLS ||
			h.Header.Get("Upgrade") != "websocket" || h.URL.Path != "/socket.io/" || h.Time.IsZero() {
			t.Errorf("handshake %+v", h)
		}
	})
}

// A panic anywhere in the handler closes that client's transport and nothing else, and the end is told.
func TestPanicsStayWithTheirSocket(t *testing.T) {
	reasons := make(chan string, 10)
	a := &app{
		connect: func(_ context.Context, h socketio.Handshake) (socketio.Admission, error) {
			if string(h.Auth) == `{"in":"connect"}` {
				panic("connect")
			}
			return socketio.Admission{Identity: string(h.Auth)}, nil
		},
		connected: func(s *socketio.Socket) {
			if s.Identity() == `{"in":"connected"}` {
				panic("connected")
			}
		},
		event: func(s *socketio.Socket, e *socketio.Event) {
			if e.Name == "panic" {
				panic("event")
			}
			echo(s, e)
		},
		disconnected: func(s *socketio.Socket, reason string) {
			reasons <- reason
			if s.Identity() == `{"in":"disconnected"}` {
				panic("disconnected")
			}
		},
	}
	onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
		other, _ := x.enter(``)
		p := x.open()
		p.say(`40{"in":"connect"}`)
		p.hearClose()
		p, _ = x.enter(`{"in":"connected"}`)
		p.hearClose()
		if got := <-reasons; got != socketio.ReasonPanic {
			t.Errorf("reason %q", got)
		}
		p, _ = x.enter(``)
		p.say(`421["panic"]`)
		p.hearClose()
		if got := <-reasons; got != socketio.ReasonPanic {
			t.Errorf("reason %q", got)
		}
		p, _ = x.enter(`{"in":"disconnected"}`)
		p.say(`41`, `40`)
		<-reasons
		p.hearClose()
		other.say(`420["still"]`)
		other.hear(`430[]`)
	})
}

func TestOfRefusesBadNames(t *testing.T) {
	for _, name := range []string{"", "chat", "/"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("namespace %q was taken", name)
				}
			}()
			s := socketio.New(socketio.Options{})
			s.Of("/", &app{})
			s.Of(name, &app{})
		}()
	}
}
