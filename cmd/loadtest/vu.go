package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio"
)

// vu is one virtual user's socket, through all its connections.
type vu struct {
	seat
	index int
	crowd *crowd
	ears  *listener // nil: in no conversation

	writing sync.Mutex // one flush at a time; taken before mu

	mu       sync.Mutex
	link     *link // nil while it is away
	back     bool  // connected, with all that it had missed
	ever     bool  // it has been back once
	fell     bool  // it lost a connection that we had not cut
	ours     bool  // the next loss is our doing
	anew     bool  // after it, it does not take the connection up
	since    time.Time
	awayFrom time.Time // what a recovery is timed from; zero: nothing to time
	pid      string    // of the connection to take up
	offset   string
	pending  []*sending // not acknowledged, as they were meant
	written  int        // so many of them left by this connection
	writtenAt,
	leaves time.Time // when it goes away, with churn; zero: it stays
	flushDue bool // it waits for a writer
}

// link is one connection; a vu outlives it.
type link struct {
	v      *vu
	client *socketio.Client
	dead   bool // guarded by the vu's mutex
}

// dialTimeout bounds one attempt to connect.
const dialTimeout = 20 * time.Second

type ticket struct {
	Token  string  `json:"token"`
	PID    string  `json:"pid,omitempty"`
	Offset *string `json:"offset,omitempty"`
}

// connect makes one attempt.
func (v *vu) connect(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	rec := v.crowd.rec
	l := &link{v: v}
	began := time.Now()
	client, err := socketio.Dial(limited, v.crowd.url, v.ticket(), l)
	if err != nil {
		if ctx.Err() == nil {
			rec.failedConnects.Add(1)
			v.crowd.failed(err)
			v.crowd.later(v, retryPause)
		}
		return
	}
	rec.connects.Add(1)
	rec.time(metricConnect, time.Since(began))
	v.connected(l, client)
}

func (v *vu) ticket() ticket {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := ticket{Token: v.user.client.Token, PID: v.pid}
	if v.pid != "" && v.offset != "" {
		offset := v.offset
		t.Offset = &offset
	}
	return t
}

// connected takes a connection into use, unless it is dead already.
func (v *vu) connected(l *link, client *socketio.Client) {
	v.mu.Lock()
	l.client = client
	if l.dead {
		v.mu.Unlock()
		v.crowd.later(v, retryPause)
		return
	}
	v.link, v.written, v.since, v.ours = l, 0, time.Now(), false
	if v.role.stay > 0 {
		v.leaves = v.since.Add(v.crowd.about(v.role.stay))
	}
	known := v.ears == nil || client.Recovered && v.ears.revision() != nil && !v.ears.isBehind()
	v.mu.Unlock()
	v.crowd.rec.up.Add(1)
	if client.Recovered {
		v.crowd.rec.recovered.Add(1)
	}
	if known {
		v.isBack(l)
		return
	}
	v.enter(l, v.ears.revision())
	v.flush() // the server keeps a socket's order: sends come after the entry
}

// enter asks for the room: join_conversation the first time, then sync.
func (v *vu) enter(l *link, after *int64) {
	if after == nil {
		v.ask(l, "join_conversation", map[string]any{"conversationId": v.conv.id}, func(raw json.RawMessage) {
			var c struct {
				Success bool
				Error   string
				changes
			}
			if json.Unmarshal(raw, &c) != nil || !c.Success {
				v.crowd.failed(fmt.Errorf("join_conversation was answered %s", c.Error))
				l.client.Cut()
				return
			}
			v.entered(l, c.changes)
		})
		return
	}
	point := map[string]any{"id": v.conv.id, "afterRev": *after}
	v.ask(l, "sync", map[string]any{"conversations": []any{point}}, func(raw json.RawMessage) {
		var c struct{ Conversations []changes }
		if json.Unmarshal(raw, &c) != nil || len(c.Conversations) != 1 {
			v.crowd.failed(fmt.Errorf("sync was answered %.200s", raw))
			l.client.Cut()
			return
		}
		v.entered(l, c.Conversations[0])
	})
}

func (v *vu) ask(l *link, name string, payload any, then func(json.RawMessage)) {
	// A failure is the connection's end, which is told to Closed.
	_ = l.client.Emit(name, payload, func(args []json.RawMessage) {
		if len(args) > 0 {
			then(args[0])
		}
	})
}

func (v *vu) entered(l *link, c changes) {
	for _, m := range c.Messages {
		v.missed(m)
	}
	if again := v.ears.caughtUp(c); again >= 0 {
		v.enter(l, &again)
		return
	}
	v.isBack(l)
}

// missed takes a row that came with a catch-up.
func (v *vu) missed(m row) {
	if m.isAnswer() {
		v.noteAnswer(m)
		return
	}
	if _, problem := v.conv.heard(m); problem != "" {
		v.crowd.found.say(faultForged, v.conv.id, problem)
	}
}

// isBack ends an absence.
func (v *vu) isBack(l *link) {
	v.mu.Lock()
	away := v.awayFrom
	v.awayFrom = time.Time{}
	v.back, v.ever = v.link == l, v.ever || v.link == l
	v.mu.Unlock()
	if !away.IsZero() {
		v.crowd.rec.reconnects.Add(1)
		v.crowd.rec.time(metricRecovery, time.Since(away))
	}
	v.crowd.write(v)
}

// Closed implements socketio.ClientHandler.
func (l *link) Closed(err error) {
	v := l.v
	v.mu.Lock()
	l.dead = true
	if v.link != l {
		v.mu.Unlock()
		return // before connected: it looks
	}
	v.link, v.back = nil, false
	pause := v.away(l, err)
	v.mu.Unlock()
	v.crowd.rec.up.Add(-1)
	if errors.Is(err, socketio.ErrDisconnected) {
		return // it was sent away for good
	}
	v.crowd.later(v, pause)
}

// away begins an absence and says how long it is meant to be. The caller holds
// mu.
func (v *vu) away(l *link, because error) (pause time.Duration) {
	switch {
	case v.crowd.leaving():
	case v.ours || v.crowd.outage.Load():
		v.crowd.rec.cuts.Add(1)
	default:
		v.fell = true
		v.crowd.rec.drops.Add(1)
		v.crowd.failed(fmt.Errorf("a connection was lost: %w", because))
	}
	v.pid, v.offset = l.client.Session()
	if v.anew {
		v.pid, v.offset, v.anew = "", "", false
	}
	pause, v.awayFrom = retryPause, time.Now()
	if v.ours && v.role.stay > 0 { // it stays away for a moment
		pause = v.crowd.about(awayFor)
		v.awayFrom = v.awayFrom.Add(pause)
	}
	v.ours = false
	return pause
}

// retryPause is how long a socket waits before it connects again; awayFor is
// how long one stays away, on average, that left by itself.
const (
	retryPause = 200 * time.Millisecond
	awayFor    = 500 * time.Millisecond
)

// cut ends the connection as a lost network would; the next one takes it up.
func (v *vu) cut() {
	if l := v.depart(); l != nil {
		l.client.Cut()
	}
}

// quit leaves politely and comes back as another client, which asks for what
// it missed by revision.
func (v *vu) quit() {
	l := v.depart()
	if l == nil {
		return
	}
	v.mu.Lock()
	v.anew = true
	v.mu.Unlock()
	l.client.Close()
}

// depart notes that the connection is about to end by our doing; nil when it is
// not in full use. The socket is away from now on: the connection's end is told
// later, and the load may be over by then.
func (v *vu) depart() *link {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.link == nil || !v.back {
		return nil
	}
	v.ours, v.back = true, false
	return v.link
}

// expectLoss says that connections are about to end by our doing.
func (v *vu) expectLoss() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ours = v.link != nil
}

func (v *vu) isThere() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.back
}

func (l *listener) isBehind() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.behind
}
