package live

import (
	"cmp"
	"slices"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// How many sockets a user may have open is counted over all nodes. Each knows
// when the sockets of the others connected, so all agree on which are the
// oldest, and each closes those of its own.

func (s *Server) limitsSockets() bool { return !s.o.Unlimited }

// openSocket is one socket of a user; a nil socket is on another node.
type openSocket struct {
	at     int64 // when it connected, unix microseconds
	node   string
	socket *socketio.Socket
}

// closeOldest keeps a user within the tier's number of sockets.
func (s *Server) closeOldest(a auth.Actor) {
	if !s.limitsSockets() || a.Admin() {
		return
	}
	var all []openSocket
	for _, socket := range s.ns.InRoom(chat.UserTopic(a.UserID)) {
		all = append(all, openSocket{socket.ConnectedAt().UnixMicro(), s.o.Node, socket})
	}
	for node, opened := range s.presence.openedElsewhere(a.UserID) {
		for _, at := range opened {
			all = append(all, openSocket{at, node, nil})
		}
	}
	over := len(all) - s.o.Tiers.Of(a.Tier).Sockets
	if over <= 0 {
		return
	}
	slices.SortFunc(all, func(x, y openSocket) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.node, y.node)) })
	for _, one := range all[:over] {
		if one.socket != nil {
			one.socket.CloseTransport("too many sockets")
		}
	}
}

// closeOldestOf is closeOldest for a user of whom another node told.
func (s *Server) closeOldestOf(user string) {
	if list := s.ns.InRoom(chat.UserTopic(user)); len(list) > 0 {
		s.closeOldest(of(list[0]).who())
	}
}

// opened is when a user's sockets here connected, the newest of them.
func (s *Server) opened(user string) []int64 {
	var at []int64
	for _, socket := range s.ns.InRoom(chat.UserTopic(user)) {
		at = append(at, socket.ConnectedAt().UnixMicro())
	}
	slices.Sort(at)
	return at[max(0, len(at)-openedTold):]
}
