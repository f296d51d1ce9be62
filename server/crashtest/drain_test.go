//go:build unix

package crashtest

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// TestADrainedNodeSendsNoHerd drains one of two nodes under clients that come
// back as socket.io-client does by default: no second may bring more than
// twice the mean of reconnections, and every client must be on the other node
// in the end. COACH_TEST_CHAOS=full takes 1 000 clients, over ten seconds.
func TestADrainedNodeSendsNoHerd(t *testing.T) {
	// Sockets are closed over half of the time, ten milliseconds each.
	clients, over, timeout := 300, 3*time.Second, "6s"
	if os.Getenv(fullChaos) != "" {
		clients, over, timeout = 1000, 10*time.Second, "20s"
	}
	f := newFleet(t, 2, "DRAIN_TIMEOUT="+timeout)
	t.Run("by SIGTERM", func(t *testing.T) {
		drained(t, f.nodes[0], f.nodes[1], clients, over, func(n *fleetNode) { n.now.signal(syscall.SIGTERM) })
	})
	f.restart(f.nodes[0])
	t.Run("by an operator", func(t *testing.T) {
		drained(t, f.nodes[1], f.nodes[0], clients, over, func(n *fleetNode) {
			if err := api.OverSocket(n.desk).Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// drained drains old while its clients can go to next.
func drained(t *testing.T, old, next *fleetNode, clients int, over time.Duration, drain func(*fleetNode)) {
	t.Helper()
	who := register(t, old.now.base, old.name)
	room := who.conversation("mention")

	crowd := &returning{t: t, token: who.client.Token, target: old.now.base}
	ctx, end := context.WithCancel(t.Context())
	defer func() { end(); crowd.wg.Wait() }()
	for range clients {
		crowd.wg.Go(func() { crowd.live(ctx) })
	}
	until(t, "all are there", func() bool { return crowd.up.Load() == int64(clients) })
	// Answers are under way when the drain begins.
	book := newLedger(1)
	for range 10 {
		book[0].add(room, "@coach long 2 MES at 6000, stop 5994", true)
	}
	life(t, who, book, -1, nil)

	crowd.moveTo(next.now.base)
	began := time.Now()
	drain(old)
	if code := old.now.wait(over + 2*patience); code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, old.now.log)
	}
	took := time.Since(began)
	until(t, "all are at the other node", func() bool { return crowd.up.Load() == int64(clients) })
	crowd.judge(began, clients, over)
	t.Logf("the node was gone after %s", took.Round(10*time.Millisecond))
	if warned := crowd.warned.Load(); warned != int64(clients) {
		t.Errorf("%d of %d clients were told of the drain", warned, clients)
	}
	if lines := old.now.log.containing(`"level":"ERROR"`); len(lines) > 0 {
		t.Errorf("stopping was an error: %s", lines)
	}
	who.moveTo(next.now)
	answersEnd(t, who, []string{room})
	for _, problem := range book.check(room, who.rows(room)) {
		t.Error(problem)
	}
	next.now.unharmed()
}

// The backoff of socket.io-client 4 by default (socket.io-client's manager.ts
// and backo2): the n-th wait, from 0, is 1000·2ⁿ ms, up or down by a random
// part of a half of it, and 5000 ms at most.
const (
	reconnectionDelay    = time.Second
	reconnectionDelayMax = 5 * time.Second
	randomizationFactor  = 0.5
)

// backoff is the wait before try n, from 0.
func backoff(n int) time.Duration {
	d := reconnectionDelay << min(n, 10)
	d += time.Duration((2*rand.Float64() - 1) * randomizationFactor * float64(d))
	return min(d, reconnectionDelayMax)
}

// returning are clients that come back.
type returning struct {
	t      *testing.T
	token  string
	wg     sync.WaitGroup
	up     atomic.Int64
	warned atomic.Int64

	mu     sync.Mutex
	target string
	tries  []time.Time // of connecting, since moveTo
	moved  bool
}

// moveTo is where new connections go from now on, as a balancer would send
// them when a node says that it is not ready.
func (r *returning) moveTo(base string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target, r.moved = base, true
}

func (r *returning) where() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.moved {
		r.tries = append(r.tries, time.Now())
	}
	return r.target
}

// live is one client until ctx ends.
func (r *returning) live(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		closed := make(chan error, 1)
		dialing, cancel := context.WithTimeout(ctx, patience)
		c, err := socketio.Dial(dialing, r.where(), map[string]string{"token": r.token}, clientEvents{r, closed})
		cancel()
		if err == nil {
			n = -1
			r.up.Add(1)
			select {
			case err = <-closed:
			case <-ctx.Done():
				c.Close()
				<-closed
			}
			r.up.Add(-1)
		}
		if errors.Is(err, socketio.ErrDisconnected) {
			r.t.Error("a client was sent away for good")
			return
		}
		select {
		case <-time.After(backoff(max(0, n))):
		case <-ctx.Done():
		}
	}
}

type clientEvents struct {
	r      *returning
	closed chan error
}

func (e clientEvents) Event(name string, args []json.RawMessage) {
	var v struct{ ReconnectAfterMs *int64 }
	if name == "server_draining" && len(args) > 0 && json.Unmarshal(args[0], &v) == nil && v.ReconnectAfterMs != nil {
		e.r.warned.Add(1)
	}
}

func (e clientEvents) Closed(err error) { e.closed <- err }

// judge counts the tries to connect in each second since the drain began. The
// mean is that of the time over which sockets were closed.
func (r *returning) judge(began time.Time, clients int, over time.Duration) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var seconds []int
	for _, at := range r.tries {
		i := int(at.Sub(began) / time.Second)
		for len(seconds) <= i {
			seconds = append(seconds, 0)
		}
		seconds[i]++
	}
	mean := float64(clients) / over.Seconds()
	for i, n := range seconds {
		if float64(n) > 2*mean {
			r.t.Errorf("second %d brings %d reconnections, the mean is %.0f: %v", i, n, mean, seconds)
		}
	}
	if len(r.tries) < clients {
		r.t.Errorf("%d of %d clients came back", len(r.tries), clients)
	}
	r.t.Logf("reconnections in each second: %v, mean %.0f", seconds, mean)
}
