//go:build unix

package crashtest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	load "github.com/elite-trading-coach/coach/cmd/loadtest"
)

// fullChaos asks for the long version of the tests of several nodes.
const fullChaos = "COACH_TEST_CHAOS"

// TestThreeNodesLoseNothing lets clients chat through a balancer in front of
// three nodes, and harms the nodes, what they share, and the lines between:
// no acknowledged message may be lost, doubled or reordered.
//
// COACH_TEST_CHAOS=full runs it with 300 clients, over both kinds of bus, and
// with lines that swallow instead of breaking.
func TestThreeNodesLoseNothing(t *testing.T) {
	if os.Getenv(fullChaos) == "" {
		newRun(t, 60, 30).all()
		return
	}
	for _, bus := range []string{"redis", "postgres"} {
		t.Run(bus, func(t *testing.T) {
			r := newRun(t, 300, 100, "BUS="+bus)
			r.full = true
			r.all()
		})
	}
}

// chaosRun is one run of harm.
type chaosRun struct {
	t       *testing.T
	f       *fleet
	full    bool
	clients int
	rate    float64
}

func newRun(t *testing.T, clients int, rate float64, env ...string) *chaosRun {
	t.Helper()
	return &chaosRun{t: t, f: newFleet(t, 3, env...), clients: clients, rate: rate}
}

// all is the load and the harm, and what came of it.
func (r *chaosRun) all() {
	r.t.Helper()
	ctx, end := context.WithCancel(r.t.Context())
	defer end()
	talking := &signal{word: []byte("of load"), seen: make(chan struct{})}
	done := make(chan struct{})
	var report *load.Report
	var failed error
	go func() {
		defer close(done)
		report, failed = load.Run(ctx, load.Options{
			URL: r.f.url(), Scenario: "chat", Connections: r.clients, Duration: time.Hour, Ramp: time.Second, Rate: r.rate,
			Progress: load.Progress{Out: talking},
		})
	}()
	select {
	case <-talking.seen:
		r.harm()
	case <-done:
	}
	end()
	<-done
	if report == nil || failed != nil && !errors.Is(failed, load.ErrInterrupted) {
		r.t.Fatalf("the load: %v", failed)
	}
	r.judge(report)
}

// harm does one bad thing after another; in between all is well again.
func (r *chaosRun) harm() {
	f := r.f
	for _, n := range f.nodes {
		f.kill(n)
		pause(500 * time.Millisecond)
		f.restart(n)
		r.well(n.name + " was killed")
	}
	f.redis.stop()
	pause(time.Second)
	f.redis.start()
	r.well("Redis was restarted")
	f.db.stop()
	pause(time.Second)
	f.db.start()
	r.well("Postgres was restarted")
	// Cut from the world: its clients go to the others.
	alone := f.nodes[1]
	for _, l := range alone.lines {
		l.Cut()
	}
	f.without(strings.TrimPrefix(alone.now.base, "http://"))
	pause(2 * time.Second)
	mend(alone)
	f.direct()
	r.well("a node was cut off")
	// Cut from what is shared, and its clients stay.
	for _, l := range f.nodes[2].lines {
		l.Cut()
	}
	pause(2 * time.Second)
	mend(f.nodes[2])
	r.well("a node was cut off behind its clients")
	if !r.full {
		return
	}
	for _, l := range f.nodes[0].lines {
		l.Freeze()
	}
	pause(15 * time.Second)
	mend(f.nodes[0])
	r.well("the lines of a node were frozen")
}

func mend(n *fleetNode) {
	for _, l := range n.lines {
		l.Mend()
	}
}

func (r *chaosRun) well(after string) {
	r.t.Helper()
	began := time.Now()
	r.f.awaitHealth()
	r.t.Logf("%s; all is well %s later", after, time.Since(began).Round(10*time.Millisecond))
	pause(time.Second) // of undisturbed chat
}

// judge holds the run to what must be true of it.
func (r *chaosRun) judge(report *load.Report) {
	t := r.t
	t.Helper()
	c := report.Checked
	if c.Lost+c.Doubled+c.Reordered+c.Forged+c.Gaps > 0 {
		t.Errorf("lost %d, doubled %d, reordered %d, forged %d, gaps %d:", c.Lost, c.Doubled, c.Reordered, c.Forged, c.Gaps)
		for _, f := range report.Findings[:min(10, len(report.Findings))] {
			t.Errorf("%s: %s", f.Kind, f.Text)
		}
	}
	if report.Sockets.There != r.clients || report.Messages.Unacked > 0 {
		t.Errorf("%d of %d sockets are back, %d messages hang", report.Sockets.There, r.clients, report.Messages.Unacked)
	}
	if report.Messages.Acked < int64(r.rate*report.LoadSeconds/4) || report.Answers.Finished == 0 || report.Sockets.Reconnects < int64(r.clients) {
		t.Errorf("it proves little: %+v %+v %+v", report.Messages, report.Answers, report.Sockets)
	}
	if report.Answers.Failed > 0 {
		t.Errorf("%d answers failed", report.Answers.Failed)
	}
	t.Logf("%.0f s of load: %d acknowledged, %d refused, %d delivered, %d answers; %d connections, %d losses, %d recovered",
		report.LoadSeconds, report.Messages.Acked, report.Messages.Refused, report.Messages.Delivered, report.Answers.Finished,
		report.Sockets.Connected, report.Sockets.Drops, report.Sockets.Recovered)
	for _, e := range report.Errors {
		t.Logf("clients met: %s, %d times", e.Text, e.Count)
	}
	for _, n := range r.f.nodes {
		n.now.unharmed()
		r.saidOnce(n)
	}
}

// saidOnce checks that a node told of each outage once: three of Redis' or of
// the lines at most, and of the database likewise.
func (r *chaosRun) saidOnce(n *fleetNode) {
	r.t.Helper()
	log := n.now.log
	most := 2 + len(r.f.nodes) // restarts, cuts
	for gone, back := range map[string]string{"the bus is away": "the bus is back", "takes no writes": "takes writes again"} {
		g, b := len(log.containing(gone)), len(log.containing(back))
		if g != b || g > most {
			r.t.Errorf("%s says %d times %q and %d times %q", n.name, g, gone, b, back)
		}
	}
	if lines := append(log.containing(`"level":"WARN"`), log.containing(`"level":"ERROR"`)...); len(lines) > 40 {
		r.t.Errorf("%s: %d lines of warning:\n%s", n.name, len(lines), strings.Join(lines, "\n"))
	}
}

// signal is a writer that waits for a word.
type signal struct {
	word []byte
	seen chan struct{}
	once sync.Once
}

func (s *signal) Write(p []byte) (int, error) {
	if bytes.Contains(p, s.word) {
		s.once.Do(func() { close(s.seen) })
	}
	return len(p), nil
}
