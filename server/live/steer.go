package live

import (
	"context"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// What operators do to the sockets.

// Disconnect closes a socket's transport, after which its client comes back by
// itself. It reports whether the socket was here.
func (s *Server) Disconnect(id string) bool {
	socket := s.ns.Socket(id)
	if socket == nil {
		return false
	}
	socket.CloseTransport("closed by an operator")
	return true
}

// Announce tells every socket and says how many. It is for those who are here
// now, and never kept for recovery.
func (s *Server) Announce(message, level string) int {
	p, err := socketio.NewPacket("system_message", map[string]string{"message": message, "level": level})
	if err != nil {
		s.log.Error("a notice cannot be encoded", "err", err)
		return 0
	}
	p = p.Transient()
	told := 0
	for socket := range s.ns.Sockets() {
		if socket.Send(p) == nil {
			told++
		}
	}
	return told
}

// tierChanged brings a tier that was edited to the open sockets of its users.
// What is left of a limit is read once for each user, not for each socket.
func (s *Server) tierChanged(ctx context.Context, tier string) {
	told := map[string]bool{}
	for socket := range s.ns.Sockets() {
		a := of(socket).who()
		if a.Tier != tier || told[a.UserID] {
			continue
		}
		told[a.UserID] = true
		s.tierChangedOf(ctx, a.UserID)
	}
}

// tierChangedOf brings a tier to one user's open sockets: the limits as they
// are now, and fewer sockets where it allows no more. Where the tier becomes
// another while its limits are read, that one is told last.
func (s *Server) tierChangedOf(ctx context.Context, user string) {
	for told := ""; ; {
		list := s.ns.InRoom(chat.UserTopic(user))
		if len(list) == 0 {
			return
		}
		a := of(list[0]).who()
		if a.Tier == told {
			s.closeOldest(a)
			return
		}
		s.tellTier(ctx, a)
		told = a.Tier
	}
}

// tellTier gives all of a user's sockets the limits as they are now.
func (s *Server) tellTier(ctx context.Context, a auth.Actor) {
	p, err := socketio.NewPacket("tier_changed", map[string]any{"tier": a.Tier, "limits": s.o.Limits(ctx, a)})
	if err != nil {
		s.log.Error("limits cannot be encoded", "err", err)
		return
	}
	s.ns.Broadcast(chat.UserTopic(a.UserID), p, nil)
}
