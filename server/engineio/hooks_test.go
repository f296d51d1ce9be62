package engineio_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// hooks is a handler made of functions; those left out do nothing.
type hooks struct {
	open    func(*engineio.Session)
	message func(*engineio.Session, engineio.Message)
	drained func(*engineio.Session)
	closed  func(*engineio.Session, string)
}

func (h hooks) Open(s *engineio.Session) {
	if h.open != nil {
		h.open(s)
	}
}

func (h hooks) Message(s *engineio.Session, m engineio.Message) {
	if h.message != nil {
		h.message(s, m)
	}
}

func (h hooks) Drained(s *engineio.Session) {
	if h.drained != nil {
		h.drained(s)
	}
}

func (h hooks) Closed(s *engineio.Session, reason string) {
	if h.closed != nil {
		h.closed(s, reason)
	}
}

// withHooks runs a test on a fake clock with a handler of its own.
func withHooks(t *testing.T, o engineio.Options, h hooks, test func(t *testing.T, x *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, newSite(t, newPipeListener(), engineio.NewServer(o, h)))
	})
}

// diary collects what happened, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

// recording writes everything but Drained into the diary.
func (d *diary) recording() hooks {
	return hooks{
		open:    func(*engineio.Session) { d.add("open") },
		message: func(_ *engineio.Session, m engineio.Message) { d.add("message " + string(m.Data)) },
		closed:  func(_ *engineio.Session, reason string) { d.add("closed: " + reason) },
	}
}

func text(s string) *engineio.Frame { return engineio.NewText([]byte(s)) }

// Handlers that wait, for a database or for each other, keep no other client's
// message waiting, however many they are.
func TestBlockedHandlersHoldUpNobodyElse(t *testing.T) {
	var release chan struct{}
	var heard chan string
	withHooks(t, engineio.Options{}, hooks{message: func(_ *engineio.Session, m engineio.Message) {
		if string(m.Data) == "wait" {
			<-release
			return
		}
		heard <- string(m.Data)
	}}, func(t *testing.T, x *site) {
		release, heard = make(chan struct{}), make(chan string, 1) // of this bubble
		for range 50 {
			s, _ := x.webSocketSession()
			x.say(s, "4wait")
		}
		synctest.Wait()
		quick, _ := x.webSocketSession()
		x.say(quick, "4at once")
		synctest.Wait()
		select {
		case got := <-heard:
			if got != "at once" {
				t.Errorf("heard %q", got)
			}
		default:
			t.Error("a message waits for the handlers of other clients")
		}
		close(release)
	})
}
