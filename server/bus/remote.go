package bus

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// wireDepth bounds the events that wait for the wire. Beyond it they are
	// dropped for the other nodes, who notice the hole and read the store.
	wireDepth = 8192
	// lifeEvery is how often a node gives a sign of life, by which holes are
	// noticed and its own hearing is proved.
	lifeEvery = 2 * time.Second
	// silence is how long a connection may bring nothing, not even one's own
	// signs of life, before it counts as dead.
	silence = 4 * lifeEvery
	// wirePatience bounds one sending.
	wirePatience = 5 * time.Second
	// farewell bounds the sending of what is left at the end.
	farewell = time.Second
)

// carrier is what brings frames from one node to all of them.
type carrier interface {
	// name is for people: "redis", "postgres".
	name() string
	// size is how many bytes a frame may have.
	size() int
	// send hands frames over, in order. After an error some may have arrived.
	send(ctx context.Context, frames []string) error
	// receive connects, calls ready when frames will arrive from now on, and
	// heard with each, one's own among them, until ctx or the connection ends.
	receive(ctx context.Context, ready func(), heard func(frame string)) error
	// close gives the connections back.
	close()
}

// Remote is the bus of several nodes. What is published is delivered on this
// node at once, as by [Memory], and sent to the others, so a node goes on by
// itself while the wire is away. When that is back, and whenever frames turn
// out to be missing, every subscription gets a [Gap].
type Remote struct {
	local *Memory
	wire  carrier
	node  string
	out   chan Event
	life  chan struct{} // asks for a sign of life
	lost  atomic.Bool   // events were dropped before they had a number
	link  *link
	stats counters
}

// counters are what happened since the start.
type counters struct{ sent, received, gaps, dropped atomic.Int64 }

// Stats is what a node's wire has carried since the start. Gaps counts how
// often something from other nodes turned out to be missing, Dropped the
// events that other nodes were not told because the wire was away or behind.
type Stats struct {
	Connected                     bool
	Sent, Received, Gaps, Dropped int64
}

func newRemote(wire carrier, node string, log *slog.Logger) *Remote {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Remote{
		local: NewMemory(), wire: wire, node: node, out: make(chan Event, wireDepth), life: make(chan struct{}, 1),
		link: &link{log: log, carrier: wire.name(), settled: make(chan struct{})},
	}
}

// Publish implements [Bus]. It never waits for the wire.
func (r *Remote) Publish(ctx context.Context, e Event) error {
	if err := sendable(e); err != nil {
		return err
	}
	// First, because of two publishers in one room the later would overtake the
	// earlier on the wire while that delivers here.
	select {
	case r.out <- e:
	default:
		r.lost.Store(true)
		r.stats.dropped.Add(1)
	}
	return r.local.Publish(ctx, e)
}

// Subscribe implements [Bus].
func (r *Remote) Subscribe(topic string, h Handler) func() { return r.local.Subscribe(topic, h) }

// Run implements [Bus].
func (r *Remote) Run(ctx context.Context) error {
	defer r.wire.close()
	done := make(chan struct{}, 2)
	for _, part := range []func(context.Context){r.sendAll, r.hearAll} {
		go func() {
			part(ctx)
			done <- struct{}{}
		}()
	}
	err := r.local.Run(ctx)
	<-done
	<-done
	return err
}

// Connected reports whether the other nodes can be told and heard.
func (r *Remote) Connected() bool { return r.link.works() }

// Settled is closed, after Run began, as soon as it is known how the wire
// stands: frames have gone and come, or a try to reach it has failed.
func (r *Remote) Settled() <-chan struct{} { return r.link.settled }

// Stats tells what went over the wire.
func (r *Remote) Stats() Stats {
	return Stats{
		Connected: r.Connected(), Sent: r.stats.sent.Load(), Received: r.stats.received.Load(),
		Gaps: r.stats.gaps.Load(), Dropped: r.stats.dropped.Load(),
	}
}

// sendAll sends what is published, and signs of life, until ctx ends; then
// what is left.
func (r *Remote) sendAll(ctx context.Context) {
	f := newFramer(r.node, r.wire.size())
	life := time.NewTicker(lifeEvery)
	defer life.Stop()
	var wait backoff
	for {
		select {
		case e := <-r.out:
			f.add(e)
		case <-life.C:
		case <-r.life:
		case <-ctx.Done():
			r.leave(ctx, f)
			return
		}
		events := 1 + r.gather(f)
		if err := r.sendWithin(ctx, wirePatience, f); err != nil {
			r.stats.dropped.Add(int64(events))
			r.link.broken(sending, err)
			wait.pause(ctx)
			continue
		}
		wait.reset()
		r.stats.sent.Add(int64(events))
		r.link.sound(sending)
	}
}

// gather adds what else is waiting: many events in one sending.
func (r *Remote) gather(f *framer) (n int) {
	for ; n < 512; n++ {
		select {
		case e := <-r.out:
			f.add(e)
		default:
			return n
		}
	}
	return n
}

// sendWithin sends what was added. What has been begun is brought to an end
// though the bus be stopped.
func (r *Remote) sendWithin(ctx context.Context, within time.Duration, f *framer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if r.lost.Swap(false) {
		f.skip()
	}
	return r.wire.send(ctx, f.take())
}

// leave sends what was published before the end: durable events have a row,
// but nobody would look for it before the next one.
func (r *Remote) leave(ctx context.Context, f *framer) {
	for r.gather(f) > 0 {
		if err := r.sendWithin(ctx, farewell, f); err != nil {
			return
		}
	}
}

// hearAll delivers what other nodes send, connecting again and again.
func (r *Remote) hearAll(ctx context.Context) {
	var wait backoff
	for ctx.Err() == nil {
		err := r.hear(ctx, &wait)
		if ctx.Err() != nil {
			return
		}
		r.link.broken(hearingSide, err)
		wait.pause(ctx)
	}
}

// hear delivers until its connection ends or goes silent.
func (r *Remote) hear(ctx context.Context, wait *backoff) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	h := newHearing(r.node, time.Now())
	forget := time.Now()
	err := r.wire.receive(ctx, func() { r.joined(ctx) }, func(frame string) {
		now := time.Now()
		watchdog.Reset(silence)
		wait.reset()
		r.link.sound(hearingSide)
		r.deliver(ctx, h, frame)
		if now.Sub(forget) > forgetAfter {
			h.forget(now)
			forget = now
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (r *Remote) deliver(ctx context.Context, h *hearing, frame string) {
	events, missed, err := h.frame(frame, time.Now())
	if err != nil {
		r.link.log.Warn("something else than coach speaks on the channel of this site", "bus", r.wire.name(), "err", err)
		return
	}
	if missed {
		r.gap(ctx)
	}
	r.stats.received.Add(int64(len(events)))
	for _, e := range events {
		_ = r.local.enqueue(ctx, e) // it fails only at the end
	}
}

// joined begins to hear: what came before may have been missed, and one's own
// sign of life proves that frames arrive.
func (r *Remote) joined(ctx context.Context) {
	r.gap(ctx)
	select {
	case r.life <- struct{}{}:
	default: // asked for already
	}
}

// gap tells every subscription that it may have missed something.
func (r *Remote) gap(ctx context.Context) {
	r.stats.gaps.Add(1)
	r.local.gap(ctx)
}
