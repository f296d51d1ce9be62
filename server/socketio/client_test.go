package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// dialSite serves what the public suite talks to, with these options.
func dialSite(t *testing.T, o socketio.Options) (base string, stop func()) {
	t.Helper()
	s := socketiotest.NewSuiteServer(o)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	site := httptest.NewServer(s)
	t.Cleanup(func() { cancel(); <-ran; site.Close() })
	return site.URL, cancel
}

// heard is a handler that writes down what it hears.
type heard struct {
	events chan string
	closed chan error
}

func newHeard() *heard { return &heard{make(chan string, 64), make(chan error, 1)} }

func (h *heard) Event(name string, args []json.RawMessage) {
	line := name
	for _, a := range args {
		line += " " + string(a)
	}
	h.events <- line
}

func (h *heard) Closed(err error) { h.closed <- err }

func TestClient(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	t.Run("speaks and is answered", func(t *testing.T) {
		base, _ := dialSite(t, socketiotest.SuiteOptions())
		h := newHeard()
		c, err := socketio.Dial(t.Context(), base, map[string]int{"a": 1}, h)
		if err != nil {
			t.Fatal(err)
		}
		acked := make(chan []json.RawMessage, 1)
		if err := c.Emit("message-with-ack", "é<b>", func(args []json.RawMessage) { acked <- args }); err != nil {
			t.Fatal(err)
		}
		if err := c.Emit("message", []int{1, 2}, nil); err != nil {
			t.Fatal(err)
		}
		got := []string{string((<-acked)[0]), <-h.events, <-h.events}
		if diff := cmp.Diff([]string{`"é<b>"`, `auth {"a":1}`, `message-back [1,2]`}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		c.Close()
		<-h.closed
		if err := c.Emit("message", 1, nil); !errors.Is(err, engineio.ErrClosed) {
			t.Errorf("after the end Emit says %v", err)
		}
	})
	t.Run("answers pings", func(t *testing.T) {
		o := socketiotest.SuiteOptions()
		o.Engine.PingInterval, o.Engine.PingTimeout = 20*time.Millisecond, 100*time.Millisecond
		base, _ := dialSite(t, o)
		h := newHeard()
		c, err := socketio.Dial(t.Context(), base, nil, h)
		if err != nil {
			t.Fatal(err)
		}
		<-h.events // auth
		// Several times as long as the server waits for a pong.
		for began := time.Now(); time.Since(began) < 400*time.Millisecond; {
			if err := c.Emit("message", 1, nil); err != nil {
				t.Fatal(err)
			}
			select {
			case <-h.events:
			case err := <-h.closed:
				t.Fatalf("it ended: %v", err)
			}
		}
		c.Cut()
		<-h.closed
	})
	t.Run("the server goes", func(t *testing.T) {
		base, stop := dialSite(t, socketiotest.SuiteOptions())
		h := newHeard()
		if _, err := socketio.Dial(t.Context(), base, nil, h); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := <-h.closed; err == nil {
			t.Error("it ended without a reason")
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		site := httptest.NewServer(nil)
		site.Close()
		if _, err := socketio.Dial(t.Context(), site.URL, nil, newHeard()); err == nil {
			t.Error("it connected to nobody")
		}
	})
	t.Run("something else listens", func(t *testing.T) {
		site := httptest.NewServer(nil)
		t.Cleanup(site.Close)
		_, err := socketio.Dial(t.Context(), site.URL, nil, newHeard())
		var reply *engineio.UnexpectedReplyError
		if !errors.As(err, &reply) || reply.Status != 404 {
			t.Errorf("it says %v, want a 404", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		base, _ := dialSite(t, socketiotest.SuiteOptions())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := socketio.Dial(ctx, base, nil, newHeard()); !errors.Is(err, context.Canceled) {
			t.Errorf("it says %v", err)
		}
	})
}
