package engineio

import (
	"bytes"
	"errors"
	"net/http"
	"time"
)

// servePost takes the packets of one body.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	if because := s.beginPost(); because != nil {
		s.server.refuse(w, because)
		return
	}
	body := s.server.buffers.get()
	defer s.server.buffers.put(body)
	because := s.takeBody(w, r, body)
	s.endPost() // before the answer: the client may post again as soon as it has it
	if because != nil {
		s.server.refuse(w, because)
		return
	}
	// An error means that the client has gone; its packets have been taken, and
	// its poll will tell.
	_ = s.server.write(w, http.StatusOK, textPlain, []byte("ok"))
}

// beginPost makes sure that a client posts one body at a time, which is what
// keeps its packets in order.
func (s *Session) beginPost() *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if because := s.notPolling(); because != nil {
		return because
	}
	if s.posting {
		s.end(ending{reason: ReasonTransportError})
		return badRequest("another POST is under way")
	}
	s.posting = true
	return nil
}

func (s *Session) endPost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posting = false
}

// takeBody reads the body and hands its packets on.
func (s *Session) takeBody(w http.ResponseWriter, r *http.Request, body *bytes.Buffer) *refusal {
	err := s.server.readBody(w, r, body)
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		// The client is told and may go on with smaller bodies.
		w.Header().Set("Connection", "close")
		return tooLarge()
	}
	if err != nil {
		s.finish(ending{reason: ReasonTransportError})
		return badRequest("the body ended early")
	}
	for p, err := range decodePayload(body.Bytes()) {
		if err != nil {
			s.finish(ending{reason: ReasonParseError, status: statusProtocol})
			return badRequest(err.Error())
		}
		if !s.receive(p) {
			break
		}
	}
	return s.afterBody()
}

// afterBody refuses a body in whose middle the session was closed for an error
// of the client. Ends that are nobody's error are answered "ok".
func (s *Session) afterBody() *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.last.status == statusProtocol {
		return badRequest("a packet has no place here")
	}
	return nil
}

// readBody reads at most MaxPayload bytes.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, body *bytes.Buffer) error {
	limit := int64(s.options.MaxPayload)
	if r.ContentLength > limit {
		return &http.MaxBytesError{Limit: limit}
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return err
}

// boundBody gives a body as long to arrive as a session lives without a pong,
// whether anybody here reads it or not: net/http reads what is left of one
// before it goes on, and waits for it. It takes the deadline back before the
// next request of the connection.
func (s *Server) boundBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return // a deadline would end a poll that waits
	}
	until := time.Now().Add(s.options.PingInterval + s.options.PingTimeout)
	_ = http.NewResponseController(w).SetReadDeadline(until) // a recorder has none
}
