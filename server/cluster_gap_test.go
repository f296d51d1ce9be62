package server_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/elite-trading-coach/coach/server/needs"
)

// lifeline is a way to a server that a test can cut.
type lifeline struct {
	net.Listener
	target string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func newLifeline(t *testing.T, target string) *lifeline {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lifeline{Listener: listener, target: target}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil || !l.keep(near, far) {
				near.Close()
				continue
			}
			wg.Go(func() { carry(near, far) })
			wg.Go(func() { carry(far, near) })
		}
	})
	t.Cleanup(func() { l.Close(); l.set(true); wg.Wait() })
	return l
}

func carry(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
}

// keep reports whether the line is whole; a cut one keeps nothing.
func (l *lifeline) keep(ends ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, ends...)
	if l.cut {
		l.hangUp()
	}
	return !l.cut
}

// set cuts the line or makes it whole.
func (l *lifeline) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut = cut; cut {
		l.hangUp()
	}
}

// hangUp is called with mu held.
func (l *lifeline) hangUp() {
	for _, c := range l.conns {
		c.Close()
	}
	l.conns = nil
}

// TestClusterRemovesAMemberThoughTheBusWasAway: who is removed while the nodes
// do not hear each other is out once they do.
func TestClusterRemovesAMemberThoughTheBusWasAway(t *testing.T) {
	t.Parallel()
	redis := newLifeline(t, needs.Redis(t))
	c := newCluster(t, "REDIS_URL=redis://"+redis.Addr().String())
	var me struct{ ID string }
	c.ben.must(http.MethodGet, "/api/auth/me", nil).into(t, &me)
	redis.set(true)
	c.ann.must(http.MethodDelete, "/api/conversations/"+c.room+"/members/"+me.ID, nil)
	c.anns.must("send_message", map[string]string{"conversationId": c.room, "content": "are we alone?"})
	c.anns.await("ai_response")
	redis.set(false)
	seen := names(c.bens.await("member_removed"))
	c.anns.must("send_message", map[string]string{"conversationId": c.room, "content": "and now?"})
	c.anns.await("ai_response")
	c.bens.must("ping", map[string]bool{"success": true})
	for len(c.bens.Events) > 0 {
		seen = append(seen, (<-c.bens.Events).Name)
	}
	for _, name := range seen {
		if name == "new_message" || name == "ai_response" {
			t.Errorf("ben heard %v", seen)
			break
		}
	}
}
