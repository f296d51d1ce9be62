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
	// offlineGrace keeps somebody online who only reloads the page.
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

// presence is who is here, one entry per user over all their sockets.
type presence struct {
	s     *Server
	mu    sync.Mutex
	users map[string]*here
	// telling is what of each person is still to be told, in order; a key is
	// there while somebody tells it.
	telling map[string][]news
}

// news is one change of a status.
type news struct {
	event, status string
	at            time.Time
}

// here is one user on this node.
type here struct {
	sockets  int
	status   string
	activity time.Time
	gone     time.Time // when the last socket left; zero: some are here
}

func newPresence(s *Server) *presence {
	return &presence{s: s, users: map[string]*here{}, telling: map[string][]news{}}
}

func (p *presence) connected(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.users[user]
	if h == nil {
		h = &here{status: statusOnline}
		p.users[user] = h
		p.tell(user, "user_online", statusOnline)
	}
	h.sockets++
	h.activity, h.gone = time.Now(), time.Time{}
}

func (p *presence) disconnected(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.users[user]
	if h == nil {
		return
	}
	if h.sockets--; h.sockets == 0 {
		h.gone = time.Now()
	}
}

// settle lets those go whose last socket has been away for the grace.
func (p *presence) settle(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for user, h := range p.users {
		if !h.gone.IsZero() && now.Sub(h.gone) >= offlineGrace {
			delete(p.users, user)
			if h.status != statusOffline {
				p.tell(user, "user_offline", statusOffline)
			}
		}
	}
}

// set changes a user's status and tells others.
func (p *presence) set(user, status string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.users[user]; h != nil {
		h.status, h.activity = status, time.Now()
		p.tell(user, "user_status_changed", status)
	}
}

// tell queues a change for the others. The caller holds mu, so that they hear
// of one person's changes in the order in which they happened.
func (p *presence) tell(user, event, status string) {
	waiting, told := p.telling[user]
	waiting = waiting[:min(len(waiting), newsDepth-1)]
	p.telling[user] = append(waiting, news{event, status, time.Now()})
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

// visible lists which of some users are here and do not hide.
func (p *presence) visible(users []string) []onlineUser {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []onlineUser{}
	for _, id := range users {
		if h := p.users[id]; h != nil && h.status != statusOffline {
			out = append(out, onlineUser{id, h.status, chat.Time(h.activity)})
		}
	}
	return out
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
