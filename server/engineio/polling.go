package engineio

import (
	"context"
	"net/http"
	"time"
)

const textPlain = "text/plain; charset=UTF-8"

// holdPoll is how long a GET that arrives during an upgrade is held before it
// gets a noop: the "5" that the client sent before it may still be on its way
// on the other connection, and then the GET is one too many.
const holdPoll = 100 * time.Millisecond

// poll is a GET that waits. Its fields but wake are guarded by the session.
type poll struct {
	wake  chan struct{} // holds 1: a second wake-up would say the same
	final *reply        // set once, by whoever ended the wait
}

// reply is what a poll gets: frames, or a refusal.
type reply struct {
	frames  []*Frame
	size    int // bytes that still count as queued
	refusal *refusal
}

// wakeUp makes the poll look at the session again.
func (p *poll) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// answer ends the wait.
func (p *poll) answer(a reply) {
	p.final = &a
	p.wakeUp()
}

// openPolling makes a session that starts with polling.
func (s *Server) openPolling(w http.ResponseWriter, r *http.Request) {
	session := s.newSession(r)
	upgrades := []string{}
	if s.options.serves(WebSocket) {
		upgrades = append(upgrades, WebSocket)
	}
	open := session.openPacket(upgrades)
	if !session.open(0) {
		s.refuse(w, unavailable(errStopped))
		return
	}
	if err := s.write(w, http.StatusOK, textPlain, open.polling()); err != nil {
		session.finish(ending{reason: ReasonTransportError})
	}
}

// serveGet is one poll.
func (s *Session) serveGet(w http.ResponseWriter, r *http.Request) {
	p, answer, hold := s.beginPoll()
	if answer == nil {
		answer = s.awaitPoll(r.Context(), p, hold)
	}
	switch {
	case answer == nil: // the client has gone
	case answer.refusal != nil:
		s.server.refuse(w, answer.refusal)
	default:
		s.writePoll(w, answer)
	}
}

// beginPoll answers at once, or makes the poll that waits and says how long it
// may be held as it is (0 is for ever).
func (s *Session) beginPoll() (p *poll, answer *reply, hold time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.last.frames != nil {
		last := &reply{frames: s.last.frames}
		s.forget()
		return nil, last, 0
	}
	if because := s.notPolling(); because != nil {
		return nil, &reply{refusal: because}, 0
	}
	if s.poll != nil {
		s.end(ending{reason: ReasonTransportError})
		return nil, &reply{refusal: badRequest("a poll is already waiting")}, 0
	}
	if len(s.queue) > 0 {
		return nil, s.takeReply(), 0
	}
	s.poll = &poll{wake: make(chan struct{}, 1)}
	if s.probed {
		hold = holdPoll
	}
	return s.poll, nil, hold
}

// notPolling says why a polling request does not belong to this session. The
// caller holds mu.
func (s *Session) notPolling() *refusal {
	if s.expired(s.server.now()) {
		return unknownSession()
	}
	if s.ws != nil {
		return badRequest("the session has moved to WebSocket")
	}
	return nil
}

func (s *Session) takeReply() *reply {
	frames, n := s.take(s.queued)
	return &reply{frames: frames, size: n}
}

// awaitPoll waits for something to send. nil means that nobody is there to
// send it to.
func (s *Session) awaitPoll(ctx context.Context, p *poll, hold time.Duration) *reply {
	var held <-chan time.Time
	if hold > 0 {
		timer := time.NewTimer(hold)
		defer timer.Stop()
		held = timer.C
	}
	for {
		select {
		case <-p.wake:
			if answer := s.settlePoll(p); answer != nil {
				return answer
			}
		case <-held:
			s.mu.Lock()
			s.releasePoll()
			s.mu.Unlock()
		case <-ctx.Done():
			s.abortPoll(p)
			return nil
		}
	}
}

// settlePoll looks at what woke the poll: an end, or something in the queue.
func (s *Session) settlePoll(p *poll) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.final != nil {
		return p.final
	}
	if len(s.queue) == 0 {
		return nil
	}
	s.poll = nil
	return s.takeReply()
}

// releasePoll gives the waiting poll a noop if an upgrade is under way and
// there is nothing better, so that the client can stop polling. The caller
// holds mu.
func (s *Session) releasePoll() {
	if s.poll == nil || !s.probed || len(s.queue) > 0 {
		return
	}
	s.poll.answer(reply{frames: []*Frame{s.server.packets.noop}})
	s.poll = nil
}

// abortPoll closes the session of a client that hung up on its poll: an answer
// that was on its way would be lost without anybody noticing.
func (s *Session) abortPoll(p *poll) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll == p {
		s.poll = nil
		s.end(ending{reason: ReasonTransportClose})
	}
}

// writePoll sends the frames, and settles the account of the outbox.
func (s *Session) writePoll(w http.ResponseWriter, answer *reply) {
	err := s.server.write(w, http.StatusOK, textPlain, joinPackets(answer.frames))
	s.mu.Lock()
	drained := s.written(answer.size) && !s.closed
	if err != nil {
		s.end(ending{reason: ReasonTransportError})
		drained = false
	}
	s.mu.Unlock()
	if drained {
		s.drained()
	}
}

// joinPackets makes the body of a poll's answer.
func joinPackets(frames []*Frame) []byte {
	if len(frames) == 1 {
		return frames[0].polling()
	}
	n := len(frames) - 1
	for _, f := range frames {
		n += len(f.polling())
	}
	body := make([]byte, 0, n)
	for i, f := range frames {
		if i > 0 {
			body = append(body, separator)
		}
		body = append(body, f.polling()...)
	}
	return body
}
