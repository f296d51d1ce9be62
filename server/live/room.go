package live

import (
	"context"
	"encoding/json"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// roomDepth bounds what waits for one room. Beyond it transient events are
// dropped and durable ones are found in the store again.
const roomDepth = 4096

// atOnce is how many sockets are told of an event on the bus's own goroutine.
const atOnce = 32

// room is one open conversation on this node. Its jobs run one at a time, in
// order, on a goroutine that lives only while there are any: that is what
// keeps deliveries in order without a lock held over a look into the store.
type room struct {
	s  *Server
	id string

	mu      sync.Mutex
	queue   []func()
	running bool
	lost    bool // something that matters did not come, or did not fit
	closed  bool
	cancel  func()    // the bus subscription
	idle    time.Time // since when nobody is in it; zero: somebody is

	// Owned by the job that runs, or by who holds mu while none does.
	ready bool  // last is known
	last  int64 // every revision up to this one was delivered
	seen  int64 // highest revision that came before last was known
	// shown is last for those who only look.
	shown atomic.Int64
}

// receive runs on the bus.
func (r *room) receive(e bus.Event) {
	if r.deliverNow(e) {
		return
	}
	r.mu.Lock()
	if len(r.queue) >= roomDepth {
		r.lost = r.lost || e.Rev > 0 || e.Name == bus.Gap
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	r.enqueue(func() { r.deliver(e) })
}

// deliverNow delivers an event on the bus's own goroutine, where nothing else
// goes on in the room and nothing has to be waited for: to change goroutines
// costs more.
func (r *room) deliverNow(e bus.Event) bool {
	if !r.begin(e) {
		return false
	}
	defer r.pass()
	r.deliver(e)
	return true
}

// pass ends the turn that begin took; what has come meanwhile goes on in a
// goroutine of its own.
func (r *room) pass() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running = len(r.queue) > 0 || r.lost; r.running {
		r.s.wg.Go(r.run)
	}
	r.s.wg.Done()
}

// begin takes the room's turn for an event that needs no look into the store:
// the next row, or one that is of no row. A room of many is left to a goroutine
// of its own, for the publisher and its lane of the bus would wait for all of it.
func (r *room) begin(e bus.Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.running { // what belongs to the job that runs is not looked at
		return false
	}
	next := e.Rev > 0 && r.ready && e.Rev == r.last+1
	passing := e.Rev == 0 && e.Name != bus.Gap
	if !next && !passing || r.s.ns.RoomSize(r.name()) > atOnce {
		return false
	}
	r.running = true
	r.s.wg.Add(1)
	return true
}

// enqueue adds a job; it reports false when the room is closed.
func (r *room) enqueue(job func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.queue = append(r.queue, job)
	if !r.running {
		r.running = true
		r.s.wg.Go(r.run)
	}
	return true
}

func (r *room) run() {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			lost := r.lost
			r.lost = false
			if !lost {
				r.running, r.queue = false, nil
				r.mu.Unlock()
				return
			}
			r.queue = append(r.queue, r.mend)
		}
		jobs := r.queue
		r.queue = nil
		r.mu.Unlock()
		for _, job := range jobs {
			job()
		}
	}
}

// deliver brings one event of the topic to the room.
func (r *room) deliver(e bus.Event) {
	switch {
	case e.Name == bus.Gap:
		r.s.o.Metrics.Gap()
		r.mend()
	case e.Rev > 0:
		r.durable(e)
	case e.Name == chat.EventDelta:
		r.delta(e)
	case e.Name == chat.EventFull:
		r.full(e)
	case e.Name == eventTyping, e.Name == eventJoined, e.Name == eventLeft:
		r.presence(e)
	}
}

// durable delivers a changed row in its turn.
func (r *room) durable(e bus.Event) {
	if !r.ready {
		r.seen = max(r.seen, e.Rev)
		return
	}
	if e.Rev <= r.last {
		return
	}
	if e.Rev > r.last+1 {
		r.s.o.Metrics.Gap()
		if !r.fetch(e.Rev) {
			return
		}
	}
	r.bring(e)
}

// bring gives the next row to everybody.
func (r *room) bring(e bus.Event) {
	r.tell(e, r.bases(), r.broadcast)
	r.last = e.Rev
	r.shown.Store(r.last)
	if answer := finished(e); answer != "" {
		for _, socket := range r.s.ns.InRoom(r.name()) {
			of(socket).caughtUp(answer)
		}
	}
}

// finished is the id of the answer that an event brings whole, or "".
func finished(e bus.Event) string {
	if e.Name != chat.EventFinished {
		return ""
	}
	var row struct{ Message struct{ ID string } }
	_ = json.Unmarshal(e.Data, &row) // tell says what cannot be read
	return row.Message.ID
}

// mend makes up for what the room was not told: first who is no member any
// more leaves, then the others get what they missed.
func (r *room) mend() {
	if r.dismiss() {
		r.catchUp()
	}
}

// dismiss sends out whose removal was missed, as if it were told now.
func (r *room) dismiss() bool {
	ctx, cancel := context.WithTimeout(r.s.ctx, eventLimit)
	defer cancel()
	audience, err := r.s.o.Chat.Audience(ctx, r.id)
	if err != nil {
		r.behind(err)
		return false
	}
	strangers := map[string]string{} // by id, their names
	r.s.ns.Expel(r.name(), func(socket *socketio.Socket) bool {
		if !audience.Has(socket.Identity()) {
			strangers[socket.Identity()] = of(socket).who().Username
		}
		return false // to be told is to be sent out
	})
	for id, name := range strangers {
		r.s.tellUser(id, audience.Farewell(id, name))
	}
	return true
}

// catchUp delivers whatever the store has beyond last.
func (r *room) catchUp() {
	if r.ready {
		r.fetch(math.MaxInt64)
	}
}

// fetch delivers the rows between last and a revision from the store. Where
// the store cannot be read the room stays behind, and asks again later.
func (r *room) fetch(before int64) bool {
	events, err := r.missed(r.last, before)
	for _, e := range events {
		r.bring(e)
	}
	if err != nil {
		r.behind(err)
		return false
	}
	return true
}

// behind has a room that cannot read the store try again.
func (r *room) behind(err error) {
	r.mu.Lock()
	r.lost = true
	r.mu.Unlock()
	r.s.log.Log(r.s.ctx, severity(err), "a room is behind; it catches up when the database answers", "conversation", r.id, "err", err)
	r.pause()
}

// pause keeps a room that cannot read the store from asking without rest.
func (r *room) pause() {
	select {
	case <-time.After(tick):
	case <-r.s.ctx.Done():
		r.mu.Lock()
		r.lost = false
		r.mu.Unlock()
	}
}

func (r *room) missed(after, before int64) ([]bus.Event, error) {
	ctx, cancel := context.WithTimeout(r.s.ctx, eventLimit)
	defer cancel()
	return r.s.o.Chat.Missed(ctx, r.id, after, before)
}

func (r *room) name() string { return chat.ConversationTopic(r.id) }

// delta gives a piece of an answer to everybody who has what comes before it.
func (r *room) delta(e bus.Event) {
	var d struct {
		MessageID string
		Offset    int
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return
	}
	p, err := socketio.NewPacket("ai_delta", socketio.Encoded(e.Data))
	if err != nil {
		return
	}
	skip := func(s *socketio.Socket) bool {
		if d.Offset == 0 {
			of(s).caughtUp(d.MessageID)
			return false
		}
		return of(s).isLagging(d.MessageID)
	}
	r.s.ns.BroadcastVolatile(r.name(), p.Transient(), skip, func(s *socketio.Socket) { r.s.lag(of(s), r.id, d.MessageID) })
}

// full gives one socket the whole of an answer so far, in its place among the
// pieces.
func (r *room) full(e bus.Event) {
	var f chat.Full
	if err := json.Unmarshal(e.Data, &f); err != nil {
		return
	}
	socket := r.s.ns.Socket(f.For)
	if socket == nil || !of(socket).isLagging(f.Delta.MessageID) {
		return
	}
	p, err := socketio.NewPacket("ai_delta", f.Delta)
	if err == nil && socket.SendVolatile(p.Transient()) {
		of(socket).caughtUp(f.Delta.MessageID)
	}
}

// attach puts a socket that knows everything up to a revision into the room.
// What the room has delivered beyond it, the socket is given first, unless it
// was there and has it.
func (r *room) attach(c *client, known chat.Changes) {
	switch {
	case !r.ready:
		r.ready, r.last = true, known.LastRev
		r.shown.Store(r.last)
	case known.LastRev > r.last:
		r.fetch(known.LastRev + 1)
	}
	for _, answer := range known.Open {
		r.s.lag(c, r.id, answer)
	}
	if known.LastRev < r.last {
		events, err := r.missed(known.LastRev, r.last+1)
		if err != nil {
			// It would have a hole that nothing fills: let it come again.
			c.socket.CloseTransport("the database is away")
			return
		}
		present := c.socket.In(r.name())
		for _, e := range events {
			if !present {
				r.tell(e, []string{c.base}, func(p *socketio.Packet, _ func(*socketio.Socket) bool) { _ = c.socket.Send(p) })
			}
			c.caughtUp(finished(e))
		}
	}
	c.socket.Join(r.name())
	if r.seen > r.last {
		r.catchUp()
	}
	for _, answer := range known.Open {
		r.s.background(func(ctx context.Context) { r.s.o.Chat.AskFull(ctx, answer, c.socket.ID()) })
	}
}
