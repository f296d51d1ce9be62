package engineio

import (
	"net/http"
	"time"

	"github.com/lxzan/gws"
)

// probeText is what a client sends in the ping that tries a new transport.
const probeText = "probe"

// serveProbe takes a WebSocket for a session that exists: it may take over, if
// the session polls and no other tries to. A second one gets its 101 and is
// closed then; a plain refusal would be an error that clients do not expect.
func (s *Session) serveProbe(w http.ResponseWriter, r *http.Request) {
	if s.isExpired() {
		s.server.refuse(w, unknownSession())
		return
	}
	sk, ws := s.server.upgrade(w, r)
	if sk == nil {
		return
	}
	if !s.server.addTask() {
		sk.cut()
		return
	}
	if !s.beginProbe(sk) {
		sk.goodbye(statusPolicy)
	}
	go sk.read(ws)
}

func (s *Session) isExpired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expired(s.server.now())
}

func (s *Session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// beginProbe lets sk try. The read deadline ends a probe that never gets to
// its "5"; polling goes on meanwhile and afterwards.
func (s *Session) beginProbe(sk *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.ws != nil || s.probe != nil {
		return false
	}
	if err := sk.SetReadDeadline(time.Now().Add(s.server.options.UpgradeTimeout)); err != nil {
		return false
	}
	sk.session = s
	s.probe, s.probed = sk, false
	return true
}

// receiveFrame takes one WebSocket message.
func (s *Session) receiveFrame(sk *socket, m *gws.Message) {
	p := packet{kind: packetBinary, data: m.Bytes()}
	var err error
	if m.Opcode == gws.OpcodeText {
		p, err = decodePacket(m.Bytes())
	}
	switch s.roleOf(sk) {
	case carries:
		if err != nil {
			s.finish(ending{reason: ReasonParseError, status: statusProtocol})
			return
		}
		s.receive(p)
	case probes:
		s.receiveProbe(sk, p)
	}
}

// receivePong is receiveFrame for a pong.
func (s *Session) receivePong(sk *socket) {
	if s.roleOf(sk) == carries {
		s.receive(packet{kind: packetPong})
	}
}

// role of a connection in its session.
type role int

const (
	stale role = iota // the session has ended
	carries
	probes
)

func (s *Session) roleOf(sk *socket) role {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.expired(s.server.now()):
		return stale
	case s.ws == sk:
		return carries
	case s.probe == sk:
		return probes
	}
	return stale
}

// receiveProbe is the upgrade: "2probe", then "5". Anything else ends the
// probe, and polling stays.
func (s *Session) receiveProbe(sk *socket, p packet) {
	switch {
	case p.kind == packetPing && string(p.data) == probeText:
		s.answerProbe(sk)
	case p.kind == packetUpgrade && len(p.data) == 0 && s.completeUpgrade(sk):
	default:
		s.dropProbe(sk)
	}
}

// answerProbe lets go of the waiting poll, because the client sends "5" only
// when no poll is out, and answers.
func (s *Session) answerProbe(sk *socket) {
	s.mu.Lock()
	s.probed = s.probe == sk
	s.releasePoll()
	s.mu.Unlock()
	sk.sendNow(s.server.packets.probed)
}

// completeUpgrade moves the session over. A poll that was held is one too many.
func (s *Session) completeUpgrade(sk *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.probe != sk || !s.probed {
		return false
	}
	if err := sk.SetReadDeadline(time.Time{}); err != nil {
		return false
	}
	s.ws, s.probe, s.probed = sk, nil, false
	if s.poll != nil {
		s.poll.answer(reply{refusal: badRequest("the session has moved to WebSocket")})
		s.poll = nil
	}
	if len(s.queue) > 0 {
		s.wake()
	}
	return true
}

func (s *Session) dropProbe(sk *socket) {
	s.mu.Lock()
	if s.probe == sk {
		s.probe, s.probed = nil, false
	}
	s.mu.Unlock()
	sk.goodbye(statusProtocol)
}
