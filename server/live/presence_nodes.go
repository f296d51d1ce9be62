package live

import (
	"context"
	"encoding/json"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
)

// Each node tells the others which users it has: one when something changes
// with them, all of them every ten seconds. Nothing is kept anywhere else, so
// what a node told is forgotten when it falls silent.
const (
	presenceTopic = "presence"
	saysHere      = "live.here" // an account

	// retellEvery is how often a node tells of all its users.
	retellEvery = 10 * time.Second
	// silentAfter is how long what a node told holds.
	silentAfter = 30 * time.Second
	// goneAfter is how long it is waited for a node to say that somebody whose
	// last socket left it is offline, which it does after the grace.
	goneAfter = 2 * offlineGrace
	// announceAfter is how long a coming waits for another node to say that it
	// was there first.
	announceAfter = 300 * time.Millisecond
	// crossedWithin is how long ago a coming may be that another node had not
	// heard of when it let the user go.
	crossedWithin = 500 * time.Millisecond
	// linesTold is how many users are told in one event. It keeps one within
	// a NOTIFY of Postgres.
	linesTold = 30
	// openedTold bounds how many of a user's sockets are told one by one.
	openedTold = 100
	// silentKept is how long is remembered who fell silent with their node.
	silentKept = time.Hour
)

// account is what a node tells of its users.
type account struct {
	Node  string `json:"node"`
	Hello bool   `json:"hello,omitempty"` // who is where? All shall tell
	Lines []line `json:"lines,omitempty"`
}

// line is one user on one node. Times are unix microseconds.
type line struct {
	User    string  `json:"u"`
	Sockets int     `json:"n"`
	Opened  []int64 `json:"o,omitempty"` // when each socket connected, the newest ones; where sockets are limited
	Status  string  `json:"s,omitempty"`
	Chosen  int64   `json:"t,omitempty"` // when the status was
	Active  int64   `json:"a,omitempty"`
	Came    int64   `json:"c,omitempty"`
	Gone    int64   `json:"g,omitempty"` // when the last socket left; 0: some are there
	Left    bool    `json:"l,omitempty"` // the user is no longer on that node

	heard time.Time
}

// others is what this node knows of the other ones.
type others struct {
	heard  map[string]time.Time       // node → when it last told something
	away   map[string]map[string]line // user → node → what it told
	silent map[string]time.Time       // users who were told to be offline because their node fell silent

	untold map[string]struct{} // users whose line is to be told
	all    bool                // every user's line is, be there any or not
	hello  bool                // the others are to be asked
	wake   chan struct{}
	looked time.Time // when it was last looked for silence
}

func newOthers() others {
	return others{
		heard: map[string]time.Time{}, away: map[string]map[string]line{}, silent: map[string]time.Time{},
		untold: map[string]struct{}{}, wake: make(chan struct{}, 1),
	}
}

// spread has the other nodes told how it stands with a user. The caller holds mu.
func (p *presence) spread(user string) {
	if p.node == "" {
		return
	}
	p.untold[user] = struct{}{}
	p.nudge()
}

func (p *presence) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// statusElsewhere is the status that was chosen last, as other nodes tell.
// The caller holds mu.
func (p *presence) statusElsewhere(user string) (status string, chosen time.Time, found bool) {
	for _, l := range p.away[user] {
		if at := time.UnixMicro(l.Chosen); !found || at.After(chosen) {
			status, chosen, found = l.Status, at, true
		}
	}
	return status, chosen, found
}

// cameElsewhereBefore reports whether a user was on another node first. The
// caller holds mu.
func (p *presence) cameElsewhereBefore(user string, came time.Time) bool {
	for node, l := range p.away[user] {
		if l.Came < came.UnixMicro() || l.Came == came.UnixMicro() && node < p.node {
			return true
		}
	}
	return false
}

// staysElsewhere reports whether another node has the user, or lost them later
// and tells. The caller holds mu.
func (p *presence) staysElsewhere(user string, gone time.Time) bool {
	for node, l := range p.away[user] {
		if l.Gone == 0 || l.Gone > gone.UnixMicro() || l.Gone == gone.UnixMicro() && node > p.node {
			return true
		}
	}
	return false
}

// openedElsewhere is when a user's sockets on other nodes connected.
func (p *presence) openedElsewhere(user string) map[string][]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	opened := map[string][]int64{}
	for node, l := range p.away[user] {
		if l.Sockets > 0 {
			opened[node] = l.Opened
		}
	}
	return opened
}

// greet has the others told of all users here, and asks them for theirs.
func (p *presence) greet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all, p.hello = true, true
	p.nudge()
}

// receive runs on the bus.
func (p *presence) receive(e bus.Event) {
	if e.Name == bus.Gap {
		p.greet()
		return
	}
	var told account
	if json.Unmarshal(e.Data, &told) != nil || told.Node == p.node {
		return
	}
	for _, user := range p.hear(told, time.Now()) {
		p.s.background(func(context.Context) { p.s.closeOldestOf(user) })
	}
}

// hear takes what a node tells; crowded are the users of both nodes who have
// more sockets there than before.
func (p *presence) hear(told account, now time.Time) (crowded []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard[told.Node] = now
	if told.Hello {
		p.all = true
		p.nudge()
	}
	for _, l := range told.Lines {
		before := p.away[l.User][told.Node].Sockets
		p.put(told.Node, l, now)
		if p.users[l.User] != nil && l.Sockets > before {
			crowded = append(crowded, l.User)
		}
	}
	return crowded
}

// put takes one line. The caller holds mu.
func (p *presence) put(node string, l line, now time.Time) {
	if l.Left {
		gone := p.away[l.User][node].Gone
		delete(p.away[l.User], node)
		if len(p.away[l.User]) == 0 {
			delete(p.away, l.User)
		}
		p.crossed(l.User, gone, now)
		return
	}
	l.heard = now
	if p.away[l.User] == nil {
		p.away[l.User] = map[string]line{}
	}
	p.away[l.User][node] = l
	if h := p.users[l.User]; h != nil && l.Chosen > h.chosen.UnixMicro() {
		h.status, h.chosen = l.Status, time.UnixMicro(l.Chosen)
	}
	since, silent := p.silent[l.User]
	if !silent || l.Sockets == 0 {
		return
	}
	delete(p.silent, l.User)
	// They were there all the time, and only their node was not heard. Who came
	// anew is told of by the node they came to.
	if l.Came < since.UnixMicro() && l.Status != statusOffline {
		p.tell(l.User, news{"user_online", statusOnline, now, true})
	}
}

// crossed has a coming told that was not, because the user was still in another
// node's grace: that node let them go, at gone, and may have told that they are
// offline before it heard of us. The caller holds mu.
func (p *presence) crossed(user string, gone int64, now time.Time) {
	h := p.users[user]
	if h == nil || gone == 0 || h.came.UnixMicro() <= gone || now.Sub(h.came) > crossedWithin || !h.announce.IsZero() {
		return
	}
	h.announce = now.Add(announceAfter)
	p.due[user] = struct{}{}
}

// forgetSilent drops what nodes told that are heard of no more, and reports
// whether there are such. The caller holds mu.
func (p *presence) forgetSilent(now time.Time) (silent bool) {
	if now.Sub(p.looked) < time.Second {
		return false
	}
	p.looked = now
	for node, at := range p.heard {
		if now.Sub(at) > silentAfter {
			delete(p.heard, node)
			silent = true
		}
	}
	for user, nodes := range p.away {
		p.forgetLines(user, nodes, now)
	}
	for user, since := range p.silent {
		if now.Sub(since) > silentKept {
			delete(p.silent, user)
		}
	}
	return silent
}

// forgetLines drops a user's lines that have had their time. Was it the last
// that is known of them, their peers at this node are told; every node finds
// that out by itself. The caller holds mu.
func (p *presence) forgetLines(user string, nodes map[string]line, now time.Time) {
	status := ""
	for node, l := range nodes {
		if age := now.Sub(l.heard); age > silentAfter || l.Gone > 0 && age > goneAfter {
			delete(nodes, node)
			status = l.Status
		}
	}
	if len(nodes) > 0 {
		return
	}
	delete(p.away, user)
	if p.users[user] == nil && status != statusOffline {
		p.silent[user] = now
		p.tell(user, news{"user_offline", statusOffline, now, true})
	}
}

// run tells the other nodes until ctx ends.
func (p *presence) run(ctx context.Context) {
	retell := time.NewTicker(retellEvery)
	defer retell.Stop()
	for {
		select {
		case <-p.wake:
		case <-retell.C:
			p.mu.Lock()
			p.all = true
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
		for _, e := range p.accounts() {
			if err := p.publish(ctx, e); err != nil {
				p.s.log.Debug("the other nodes were not told who is here", "err", err)
				break
			}
		}
	}
}

func (p *presence) publish(ctx context.Context, e bus.Event) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return p.s.o.Bus.Publish(ctx, e)
}

// accounts takes what is to be told, as events.
func (p *presence) accounts() []bus.Event {
	p.mu.Lock()
	lines, all, hello := p.lines(), p.all, p.hello
	p.all, p.hello = false, false
	p.mu.Unlock()
	for i := range lines {
		if lines[i].Sockets > 0 && p.s.limitsSockets() {
			lines[i].Opened = p.s.opened(lines[i].User)
		}
	}
	var events []bus.Event
	add := func(a account) {
		a.Node = p.node
		if data, err := json.Marshal(a); err == nil {
			events = append(events, bus.Event{Topic: presenceTopic, Name: saysHere, Data: data})
		}
	}
	if hello || all && len(lines) == 0 {
		add(account{Hello: hello}) // without the question it is a sign of life
	}
	for len(lines) > 0 {
		n := min(linesTold, len(lines))
		add(account{Lines: lines[:n]})
		lines = lines[n:]
	}
	return events
}

// lines takes the users of whom is to be told. The caller holds mu.
func (p *presence) lines() []line {
	if p.all {
		for user := range p.users {
			p.untold[user] = struct{}{}
		}
	}
	list := make([]line, 0, len(p.untold))
	for user := range p.untold {
		list = append(list, lineOf(user, p.users[user]))
	}
	clear(p.untold)
	return list
}

func lineOf(user string, h *here) line {
	if h == nil {
		return line{User: user, Left: true}
	}
	l := line{
		User: user, Sockets: h.sockets, Status: h.status, Chosen: h.chosen.UnixMicro(), Active: h.activity.UnixMicro(), Came: h.came.UnixMicro(),
	}
	if !h.gone.IsZero() {
		l.Gone = h.gone.UnixMicro()
	}
	return l
}
