package loadtest

import (
	"context"
	"crypto/rand"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialers = 64 // sockets that connect at the same time
	writers = 16 // sockets that are written to at the same time
	// tick is how exact the clock is that all sockets share.
	tick = 20 * time.Millisecond
	// errorKinds bounds how many different errors are told.
	errorKinds = 20
)

// crowd is all sockets of a run and the few goroutines that serve them.
type crowd struct {
	name  string // of the run, in every clientMessageId
	url   string
	rec   *Recorder
	found *findings
	vus   []*vu

	dial   chan *vu // holds each vu at most once
	flush  chan *vu // likewise
	outage atomic.Bool
	ended  atomic.Bool

	mu     sync.Mutex
	due    []appointment
	errors map[string]int64
}

// appointment is when a socket connects again.
type appointment struct {
	at time.Time
	v  *vu
}

func newCrowd(url string, seats []seat) *crowd {
	c := &crowd{
		name: "lt-" + rand.Text()[:8], url: url, rec: newRecorder(), found: newFindings(),
		dial: make(chan *vu, len(seats)), flush: make(chan *vu, len(seats)), errors: map[string]int64{},
	}
	for i, s := range seats {
		v := &vu{seat: s, index: i, crowd: c}
		if s.conv != nil {
			v.ears = &listener{socket: i}
			s.conv.ears = append(s.conv.ears, v.ears)
		}
		c.vus = append(c.vus, v)
	}
	return c
}

// run serves the sockets until ctx ends, then closes them and waits.
func (c *crowd) run(ctx context.Context) {
	var serving sync.WaitGroup
	for range min(dialers, len(c.vus)) {
		serving.Go(func() { serve(ctx, c.dial, func(v *vu) { v.connect(ctx) }) })
	}
	for range min(writers, len(c.vus)) {
		serving.Go(func() {
			serve(ctx, c.flush, func(v *vu) {
				v.mu.Lock()
				v.flushDue = false
				v.mu.Unlock()
				v.flush()
			})
		})
	}
	serving.Go(func() { c.clock(ctx) })
	serving.Wait()
	c.leave()
}

func serve(ctx context.Context, queue <-chan *vu, do func(*vu)) {
	for {
		select {
		case v := <-queue:
			do(v)
		case <-ctx.Done():
			return
		}
	}
}

// leave closes every socket and waits for its goroutine.
func (c *crowd) leave() {
	c.ended.Store(true)
	for _, v := range c.vus {
		v.mu.Lock()
		l := v.link
		v.mu.Unlock()
		if l != nil {
			l.client.Close()
			<-l.client.Done()
		}
	}
}

func (c *crowd) leaving() bool { return c.ended.Load() }

// write has a writer send what a socket has pending.
func (c *crowd) write(v *vu) {
	v.mu.Lock()
	due := v.flushDue
	v.flushDue = true
	v.mu.Unlock()
	if !due {
		c.flush <- v // has room for all
	}
}

// later lets a socket connect after a while.
func (c *crowd) later(v *vu, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = append(c.due, appointment{time.Now().Add(pause), v})
}

// clock is the one wheel of all sockets: reconnections, departures, reminders.
func (c *crowd) clock(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			c.keep(now)
			if turn%int(time.Second/tick) == 0 {
				c.remindAll(now)
			}
		}
	}
}

// keep lets everybody connect whose time has come.
func (c *crowd) keep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = slices.DeleteFunc(c.due, func(a appointment) bool {
		if a.at.After(now) {
			return false
		}
		c.dial <- a.v // has room for all
		return true
	})
}

func (c *crowd) remindAll(now time.Time) {
	for _, v := range c.vus {
		v.remind(now)
	}
}

// restless lets sockets go whose stay is over, half of them in either way.
func (c *crowd) restless(now time.Time) {
	for _, v := range c.vus {
		v.mu.Lock()
		over := !v.leaves.IsZero() && now.After(v.leaves)
		v.mu.Unlock()
		if !over {
			continue
		}
		leave := v.cut
		if mathrand.N(2) == 0 {
			leave = v.quit
		}
		leave()
	}
}

// about is a duration between half and one and a half of d.
func (c *crowd) about(d time.Duration) time.Duration { return d/2 + mathrand.N(d) }

// failed counts an error by its text.
func (c *crowd) failed(err error) {
	text := err.Error()
	if i := strings.Index(text, "->"); i >= 0 { // net's errors name a port of ours, different each time
		text = "connection lost" + text[strings.LastIndex(text, ": "):]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.errors[text]; !known && len(c.errors) >= errorKinds {
		text = "other errors"
	}
	c.errors[text]++
}

// trouble lists the errors, most frequent first.
func (c *crowd) trouble() []Trouble {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []Trouble{}
	for _, text := range slices.Sorted(maps.Keys(c.errors)) {
		list = append(list, Trouble{Text: text, Count: c.errors[text]})
	}
	slices.SortStableFunc(list, func(a, b Trouble) int { return int(b.Count - a.Count) })
	return list
}

// Trouble is an error that virtual users met, and how often.
type Trouble struct {
	Text  string `json:"text"`
	Count int64  `json:"count"`
}

// count counts sockets.
func (c *crowd) count(is func(*vu) bool) (n int) {
	for _, v := range c.vus {
		if is(v) {
			n++
		}
	}
	return n
}

// waitFor looks until something is so, or a while has passed.
func waitFor(ctx context.Context, most time.Duration, so func() bool) bool {
	limit := time.NewTimer(most)
	defer limit.Stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if so() {
			return true
		}
		select {
		case <-ticker.C:
		case <-limit.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
