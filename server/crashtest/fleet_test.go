//go:build unix

package crashtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/bus/bustest"
	"github.com/elite-trading-coach/coach/server/needs"
)

// redisServer is a Redis of a test's own, which may be stopped.
type redisServer struct {
	t    *testing.T
	port int
	cmd  *exec.Cmd
}

func newRedis(t *testing.T) *redisServer {
	t.Helper()
	needs.Program(t, "redis", "redis-server")
	r := &redisServer{t: t, port: freePort(t)}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *redisServer) addr() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

func (r *redisServer) start() {
	r.t.Helper()
	r.cmd = exec.Command("redis-server", "--port", fmt.Sprint(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.t.TempDir())
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	until(r.t, "Redis listens", func() bool {
		c, err := net.Dial("tcp", r.addr())
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// stop ends it as kill -9 does.
func (r *redisServer) stop() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		r.cmd = nil
	}
}

// fleet is several nodes behind a balancer, on one Postgres and one Redis of
// their own. Each node has a line of its own to everything, which can be cut.
type fleet struct {
	t     *testing.T
	db    *cluster
	redis *redisServer
	nodes []*fleetNode
	*balancer
}

type fleetNode struct {
	name  string
	site  *site
	desk  string          // path of the admin socket
	lines []*bustest.Wire // to Postgres and Redis
	now   *process
}

func newFleet(t *testing.T, nodes int, env ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, db: newCluster(t), redis: newRedis(t)}
	folder, err := openFolder() // a short name, for the sockets' paths
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	for i := range nodes {
		db, redis := bustest.NewWire(t, fmt.Sprintf("127.0.0.1:%d", f.db.port)), bustest.NewWire(t, f.redis.addr())
		n := &fleetNode{name: fmt.Sprint("node", i), lines: []*bustest.Wire{db, redis}, desk: filepath.Join(folder, fmt.Sprint(i), "admin.sock")}
		n.site = newSite(t, "postgres://postgres@"+db.Addr()+"/postgres?sslmode=disable", append([]string{
			"REDIS_URL=redis://" + redis.Addr(), "JWT_SECRET=one-secret-for-all-the-nodes-0123456789", "AI_LEASE=5s", "ADMIN_SOCKET=" + n.desk,
		}, env...)...)
		n.now = n.site.start()
		f.nodes = append(f.nodes, n)
	}
	f.balancer = newBalancer(t)
	f.direct()
	f.awaitHealth()
	return f
}

// direct tells the balancer where the nodes are.
func (f *fleet) direct() {
	f.balancer.mu.Lock()
	defer f.balancer.mu.Unlock()
	f.balancer.targets = nil
	for _, n := range f.nodes {
		if n.now != nil {
			f.balancer.targets = append(f.balancer.targets, strings.TrimPrefix(n.now.base, "http://"))
		}
	}
}

// kill ends a node as kill -9 does; its clients go to the others.
func (f *fleet) kill(n *fleetNode) {
	n.now.kill()
	n.now = nil
	f.direct()
}

func (f *fleet) restart(n *fleetNode) {
	n.now = n.site.start()
	f.direct()
}

// awaitHealth waits until every node says that all is well.
func (f *fleet) awaitHealth() {
	f.t.Helper()
	for _, n := range f.nodes {
		client := &api.Client{BaseURL: n.now.base, Timeout: patience}
		var last api.Health
		deadline := time.Now().Add(2 * patience)
		for {
			var err error
			if last, err = client.Health(f.t.Context(), ""); err == nil && last.Status == api.StatusOK {
				break
			}
			if time.Now().After(deadline) {
				f.t.Fatalf("%s is not well: %+v\n%s", n.name, last, n.now.log)
			}
			pause(50 * time.Millisecond)
		}
	}
}

// pause lets time go by where harm has a length.
func pause(d time.Duration) { <-time.After(d) }

// balancer hands connections on to nodes in turn, as a small load balancer
// without a look inside does.
type balancer struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu      sync.Mutex
	targets []string // host:port
	next    int
	conns   map[net.Conn]string // with its target
	opened  []time.Time         // when each connection was taken
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: l, conns: map[net.Conn]string{}}
	b.wg.Go(b.accept)
	t.Cleanup(func() {
		_ = l.Close()
		b.drop("")
		b.wg.Wait()
	})
	return b
}

func (b *balancer) url() string { return "http://" + b.listener.Addr().String() }

func (b *balancer) accept() {
	for {
		near, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.wg.Go(func() { b.serve(near) })
	}
}

// serve tries one node after another until one takes the connection.
func (b *balancer) serve(near net.Conn) {
	defer near.Close()
	for _, target := range b.turn() {
		far, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", target)
		if err != nil {
			continue
		}
		defer far.Close()
		if !b.keep(near, target) {
			return
		}
		defer b.forget(near)
		done := make(chan struct{}, 2)
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			b.wg.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				done <- struct{}{}
			})
		}
		<-done
		return
	}
}

// turn is the nodes from the next one on.
func (b *balancer) turn() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened = append(b.opened, time.Now())
	if len(b.targets) == 0 {
		return nil
	}
	b.next++
	i := b.next % len(b.targets)
	return slices.Concat(b.targets[i:], b.targets[:i])
}

func (b *balancer) keep(near net.Conn, target string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns[near] = target
	return slices.Contains(b.targets, target)
}

func (b *balancer) forget(near net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, near)
}

// drop ends the connections to a node; "" is all of them.
func (b *balancer) drop(target string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, to := range b.conns {
		if target == "" || to == target {
			_ = c.Close()
		}
	}
}

// without sends everybody to other nodes than one.
func (b *balancer) without(target string) {
	b.mu.Lock()
	b.targets = slices.DeleteFunc(b.targets, func(t string) bool { return t == target })
	b.mu.Unlock()
	b.drop(target)
}
