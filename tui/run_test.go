package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/api"
)

// What a terminal is told when a full screen begins and ends.
const (
	screenOpens = "\x1b[?1049h"
	screenShuts = "\x1b[?1049l"
	cursorShown = "\x1b[?25h"
)

// glass is an output that can be read while it is written.
type glass struct {
	mu   sync.Mutex // guards what follows
	text bytes.Buffer
	wait string        // what is waited for
	seen chan struct{} // closed when it was written
}

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, err := g.text.Write(p)
	if g.wait != "" && strings.Contains(g.text.String(), g.wait) {
		close(g.seen)
		g.wait = ""
	}
	return n, err
}

func (g *glass) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

// running starts the program; ended is what Run returned.
func running(ctx context.Context, s Source) (out *glass, keys *io.PipeWriter, ended chan error) {
	in, keys := io.Pipe()
	out = &glass{wait: screenOpens, seen: make(chan struct{})}
	ended = make(chan error, 1)
	go func() { ended <- Run(ctx, Options{Source: s, In: in, Out: out, Now: noon}) }()
	return out, keys, ended
}

// left holds that the terminal is as it was.
func left(t *testing.T, out *glass) {
	t.Helper()
	text := out.String()
	for _, want := range []string{screenShuts, cursorShown} {
		if strings.LastIndex(text, want) < strings.LastIndex(text, screenOpens) {
			t.Errorf("the terminal was not given %q back", want)
		}
	}
}

func TestTheTerminalIsLeftClean(t *testing.T) {
	t.Run("after q", func(t *testing.T) {
		defer goleak.VerifyNone(t)
		out, keys, ended := running(t.Context(), aServer())
		<-out.seen
		if _, err := keys.Write([]byte("q")); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		left(t, out)
		keys.Close()
	})
	t.Run("after a signal, which ends the context", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		out, _, ended := running(ctx, aServer())
		<-out.seen
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		left(t, out)
	})
	t.Run("after a panic", func(t *testing.T) {
		out, _, ended := running(t.Context(), panicking{aServer()})
		if err := <-ended; !errors.Is(err, ErrCrashed) || !strings.Contains(err.Error(), "a fault of the program") {
			t.Errorf("Run: %v, want ErrCrashed and why", err)
		}
		left(t, out)
	})
}

// panicking is a server whose stream is more than its reader can bear.
type panicking struct{ *scripted }

func (panicking) Events(context.Context) iter.Seq2[api.Event, error] {
	return func(func(api.Event, error) bool) { panic("a fault of the program") }
}

func TestRunSaysWhatKeepsItFromBeginning(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nobody answers":   {errAway(), "no coach answers there"},
		"a wrong token":    {&api.RefusedError{Status: 401, Failure: api.Failure{Error: "This token is not valid.", Code: "TOKEN_INVALID"}}, "coach token create"},
		"no operator":      {&api.RefusedError{Status: 403, Failure: api.Failure{Error: "Operators only.", Code: "FORBIDDEN"}}, "no operator"},
		"an older server":  {api.ErrNoOperators, "older than this program"},
		"one older still":  {&api.RefusedError{Status: 404, Failure: api.Failure{Error: "Not here.", Code: "NOT_FOUND"}}, "older than this program"},
		"it is having one": {&api.RefusedError{Status: 503, Failure: api.Failure{Error: "The server is starting.", Code: "UNAVAILABLE"}}, "The server is starting."},
	} {
		t.Run(name, func(t *testing.T) {
			server := aServer()
			server.fail(c.err)
			var out bytes.Buffer
			err := Run(t.Context(), Options{Source: server, In: strings.NewReader(""), Out: &out})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Run: %v, want %q in it", err, c.want)
			}
			if out.Len() > 0 {
				t.Errorf("it drew %q", out.String())
			}
		})
	}
}
