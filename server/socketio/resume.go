package socketio

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// takeOverTimeout bounds the wait for the end of a socket whose client came back before its loss was noticed. Its
// handler may be in the middle of an event.
const takeOverTimeout = 5 * time.Second

// recoverSocket gives a returning client its socket back: what it missed, then the CONNECT answer, so that the client
// has the events when it learns that it is connected. nil: it has to start afresh.
func (c *conn) recoverSocket(n *Namespace, h *Handshake, a Admission) *Socket {
	r := c.server.recovery
	if r == nil {
		return nil
	}
	var claim struct {
		PID    string  `json:"pid"`
		Offset *string `json:"offset"` // absent while the client has not got any event
	}
	if json.Unmarshal(h.Auth, &claim) != nil || claim.PID == "" {
		return nil
	}
	// Of two sessions of one client that ask at once, the later takes over from the earlier.
	for old := r.find(n, claim.PID, a.Identity); old != nil; old = r.find(n, claim.PID, a.Identity) {
		if !old.takeOver(c.session) {
			return nil
		}
		s := &Socket{
			Data: a.Data, id: old.id, pid: old.pid, namespace: n, conn: c, auth: h.Auth, transport: h.Transport, identity: a.Identity,
			recovered: true, connectedAt: time.Now(),
		}
		switch r.resume(old, s, claim.Offset) {
		case resumed:
			return s
		case tooLate:
			return nil
		case replaced:
		}
	}
	return nil
}

// resumption is what became of an attempt to put one socket in the place of another.
type resumption int

const (
	resumed  resumption = iota
	tooLate             // the log does not reach back, or nobody is there any more
	replaced            // another session was quicker
)

// takeOver closes the transport of a socket whose client has come back on another session, and waits until the Handler
// has been told; false: that took too long, or the new session ended.
func (s *Socket) takeOver(returned *engineio.Session) bool {
	s.CloseTransport(ReasonTakenOver)
	ctx, cancel := context.WithTimeout(context.Background(), takeOverTimeout)
	defer cancel()
	returned.AtEnd(cancel)
	defer returned.AtEnd(nil)
	select {
	case <-s.whenGone():
		return true
	case <-ctx.Done():
		return false
	}
}

// find returns the socket of a private id if it is the same person's. To know the id is not enough.
func (r *recovery) find(n *Namespace, pid, identity string) *Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.known[pid]
	if s == nil || s.namespace != n || s.identity != identity {
		return nil
	}
	return s
}

// resume puts s in the place of old, under the log's lock: no event can fall between the replay and the rooms, or
// come twice.
func (r *recovery) resume(old, s *Socket, offset *string) resumption {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim(time.Now()) // on a quiet server nothing else has looked since the window was over
	if known := r.known[old.pid]; known != nil && known != old {
		return replaced
	}
	element := r.parked[old.pid]
	if element == nil {
		return tooLate
	}
	missed, ok := r.missed(element.Value.(parking), offset)
	if !ok || !s.conn.enter(s) {
		return tooLate
	}
	r.unpark(old)
	r.known[s.pid] = s
	s.baseline, s.lastSeq = old.baseline, old.lastSeq
	s.namespace.add(s)
	var run []*engineio.Frame
	for _, e := range missed {
		run = append(run, e.run...)
		s.lastSeq = e.position
	}
	run = append(run, payloadFrame(typeConnect, s.namespace.name, s.connectAnswer()))
	_ = s.send(run) // a failure is the session's end, which is told to Disconnected
	s.takeRooms(old)
	return resumed
}

// joined is a copy of the rooms that the socket is in, or was.
func (s *Socket) joined() memberships {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rooms)
}

func (s *Socket) takeRooms(old *Socket) {
	joined := old.joined()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range joined {
		s.join(m.room, m.since)
	}
}

// missed collects what a client did not get. ok is false when the log does not reach back that far, or it is too much.
func (r *recovery) missed(p parking, offset *string) (entries []*entry, ok bool) {
	has := p.socket.baseline
	if offset != nil {
		position, known := r.parseOffset(*offset)
		if !known {
			return nil, false
		}
		has = max(has, position) // an offset from before this socket was opened
	}
	// A client that has the last event ever sent to it missed nothing before it was lost, however long ago that event
	// was: a quiet client can be recovered although the log has moved on.
	if has >= p.socket.lastSeq {
		has = max(has, p.position)
	}
	if has < r.dropped {
		return nil, false
	}
	joined := p.socket.joined()
	bytes := 0
	for i := range r.entries {
		e := &r.entries[i]
		if e.position <= has || !e.isFor(p.socket, joined) {
			continue
		}
		if bytes += e.bytes; bytes > r.maxReplay {
			return nil, false
		}
		entries = append(entries, e)
	}
	return entries, true
}

// isFor reports whether an event would have reached a socket that has gone.
func (e *entry) isFor(s *Socket, joined memberships) bool {
	if e.namespace != s.namespace {
		return false
	}
	if e.to != "" {
		return e.to == s.id
	}
	i, in := joined.find(e.room)
	return in && e.position > joined[i].since && (e.except == nil || !e.except(s))
}
