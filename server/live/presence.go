package live

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
)

const (
	// offlineGrace keeps somebody online who only reloads the page, or whose
	// socket moves to another node.
	offlineGrace = 5 * time.Second
	// peersTold bounds how many people hear of one person's coming and going,
	// and how many of those who are here an answer lists; it counts the rest.
	peersTold = 100
	// newsDepth bounds what of one person waits to be told; beyond it the
	// newest takes the place of the one before.
	newsDepth = 256
)

// The statuses of a person; offline chosen is invisible.
const (
	statusOnline  = "online"
	statusOffline = "offline"
)

var statuses = map[string]bool{statusOnline: true, "away": true, "busy": true, statusOffline: true}

// presence is who is here, one entry per user over all their sockets, and what
// the other nodes told of their own (presence_nodes.go). A user has one status
// in the whole site, the one chosen last, and each change of it is told by one
// node.
type presence struct {
	s    *Server
	node string // "": there are no others

	mu    sync.Mutex
	users map[string]*here
	// present is how many of them have a socket.
	present int
	// due are the users for whom time has something to do.
	due map[string]struct{}
	// telling is what of each person is still to be told, in order; a key is
	// there while somebody tells it.
	telling map[string][]news

	others // guarded by mu as well
}

// news is one change of a status.
type news struct {
	event, status string
	at            time.Time
	// here: each node finds this out by itself, and tells its own sockets only.
	here bool
}

// here is one user on this node.
type here struct {
	sockets  int
	status   string
	chosen   time.Time // when the status was
	activity time.Time
	came     time.Time
	gone     time.Time // when the last socket left; zero: some are here
	announce time.Time // when the coming is told, unless another node was first; zero: it needs no telling
}

func newPresence(s *Server) *presence {
	return &presence{
		s: s, node: s.o.Node, users: map[string]*here{}, due: map[string]struct{}{}, telling: map[string][]news{}, others: newOthers(),
	}
}

func (p *presence) connected(user string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.users[user]
	if h == nil {
		h = &here{status: statusOnline, chosen: now, came: now}
		p.users[user] = h
		p.arrived(user, h, now)
	}
	if h.sockets++; h.sockets == 1 {
		p.present++
	}
	h.activity, h.gone = now, time.Time{}
	p.spread(user)
}

// arrived tells of somebody who was not on this node, unless they are on
// another. The caller holds mu.
func (p *presence) arrived(user string, h *here, now time.Time) {
	status, chosen, elsewhere := p.statusElsewhere(user)
	delete(p.silent, user)
	switch {
	case elsewhere:
		h.status, h.chosen = status, chosen
	case len(p.heard) == 0:
		p.tell(user, news{"user_online", statusOnline, now, false})
	default:
		h.announce = now.Add(announceAfter)
		p.due[user] = struct{}{}
	}
}

func (p *presence) disconnected(user string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.users[user]
	if h == nil {
		return
	}
	if h.sockets--; h.sockets == 0 {
		p.present--
		h.gone = now
		p.due[user] = struct{}{}
	}
	p.spread(user)
}

// settle tells of those whose coming has waited long enough, and lets those go
// whose last socket has been away for the grace. It reports whether a node has
// fallen silent.
func (p *presence) settle(now time.Time) (silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for user := range p.due {
		h := p.users[user]
		if h != nil && !h.announce.IsZero() && !now.Before(h.announce) {
			p.announce(user, h, now)
		}
		if h != nil && !h.gone.IsZero() && now.Sub(h.gone) >= offlineGrace {
			p.depart(user, h, now)
			h = nil
		}
		if h == nil || h.announce.IsZero() && h.gone.IsZero() {
			delete(p.due, user)
		}
	}
	return p.forgetSilent(now)
}

// announce tells of a coming, unless the user came to another node first or
// hides, as they may have chosen there meanwhile. The caller holds mu.
func (p *presence) announce(user string, h *here, now time.Time) {
	h.announce = time.Time{}
	if h.status != statusOffline && !p.cameElsewhereBefore(user, h.came) {
		p.tell(user, news{"user_online", h.status, now, false})
	}
}

// depart lets a user go from this node. They are offline if they are on no
// other; who left last tells. The caller holds mu.
func (p *presence) depart(user string, h *here, now time.Time) {
	delete(p.users, user)
	if h.status != statusOffline && !p.staysElsewhere(user, h.gone) {
		p.tell(user, news{"user_offline", statusOffline, now, false})
	}
	p.spread(user)
}

// set changes a user's status and tells others.
func (p *presence) set(user, status string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.users[user]
	if h == nil {
		return
	}
	if !h.announce.IsZero() { // first things first
		p.announce(user, h, now)
	}
	h.status, h.chosen, h.activity = status, p.afterAll(user, h, now), now
	p.tell(user, news{"user_status_changed", status, now, false})
	p.spread(user)
}

// afterAll is now, or the next moment after any choice that is known: clocks of
// nodes differ, and the last choice must win. The caller holds mu.
func (p *presence) afterAll(user string, h *here, now time.Time) time.Time {
	_, before, _ := p.statusElsewhere(user)
	if h.chosen.After(before) {
		before = h.chosen
	}
	if now.After(before) {
		return now
	}
	return before.Add(time.Microsecond) // what a line tells
}

// tell queues a change for the others. The caller holds mu, so that they hear
// of one person's changes in the order in which they happened.
func (p *presence) tell(user string, n news) {
	waiting, told := p.telling[user]
	waiting = waiting[:min(len(waiting), newsDepth-1)]
	p.telling[user] = append(waiting, n)
	if !told {
		p.s.background(func(ctx context.Context) {
			for n, ok := p.next(user); ok; n, ok = p.next(user) {
				p.s.tellStatus(ctx, user, n)
			}
		})
	}
}

// next takes the oldest change of a person that is still to be told.
func (p *presence) next(user string) (news, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.telling[user]
	if len(waiting) == 0 {
		delete(p.telling, user)
		return news{}, false
	}
	p.telling[user] = waiting[1:]
	return waiting[0], true
}

// onlineUser is one line of get_online_users.
type onlineUser struct {
	UserID       string    `json:"userId"`
	Status       string    `json:"status"`
	LastActivity chat.Time `json:"lastActivity"`
}

// visible lists which of some users are connected to any node and do not hide.
func (p *presence) visible(users []string) []onlineUser {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []onlineUser{}
	for _, id := range users {
		status, activity, found := p.anywhere(id)
		if found && status != statusOffline {
			out = append(out, onlineUser{id, status, chat.Time(activity)})
		}
	}
	return out
}

// anywhere is a user's status in the whole site. The caller holds mu.
func (p *presence) anywhere(user string) (status string, activity time.Time, found bool) {
	status, chosen, found := p.statusElsewhere(user)
	for _, l := range p.away[user] {
		if at := time.UnixMicro(l.Active); at.After(activity) {
			activity = at
		}
	}
	h := p.users[user]
	if h == nil {
		return status, activity, found
	}
	if !found || !h.chosen.Before(chosen) {
		status = h.status
	}
	if h.activity.After(activity) {
		activity = h.activity
	}
	return status, activity, true
}

// tellStatus tells the people one shares a conversation with, and nobody else.
func (s *Server) tellStatus(ctx context.Context, user string, n news) {
	peers, err := s.o.Chat.Peers(ctx, user, peersTold)
	if err != nil {
		s.log.Debug("a status was not told", "err", err)
		return
	}
	payload, err := json.Marshal(map[string]any{"userId": user, "status": n.status, "timestamp": chat.Time(n.at)})
	if err != nil {
		return
	}
	for _, peer := range peers {
		if n.here {
			s.toUser(chat.UserTopic(peer), n.event, payload, nil)
			continue
		}
		s.toTopic(peer, eventStatus, except{Name: n.event, Payload: payload})
	}
}

func (s *Server) toTopic(user, event string, v except) {
	data, err := json.Marshal(v)
	if err != nil {
		return
	}
	s.passing(bus.Event{Topic: chat.UserTopic(user), Name: event, Data: data})
}
