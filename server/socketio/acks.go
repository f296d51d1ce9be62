package socketio

import "time"

// pendingAck is an acknowledgement that a client owes.
type pendingAck struct {
	fn    func(Reply, error)
	timer *time.Timer
}

// expect reserves an id for an ack; ids of one socket count from 1.
func (s *Socket) expect(timeout time.Duration, fn func(Reply, error)) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return 0, ErrClosed
	}
	if s.acks == nil {
		s.acks = map[int64]*pendingAck{}
	}
	s.lastAck++
	id := s.lastAck
	s.acks[id] = &pendingAck{fn: fn, timer: time.AfterFunc(timeout, func() { s.expire(id) })}
	return id, nil
}

// takeAck returns the pending ack of an id and forgets it; nil when there is none (any more).
func (s *Socket) takeAck(id int64) *pendingAck {
	s.mu.Lock()
	defer s.mu.Unlock()
	ack := s.acks[id]
	if ack == nil {
		return nil
	}
	delete(s.acks, id)
	ack.timer.Stop()
	return ack
}

// resolve takes a client's ack; one that nobody waits for is dropped.
func (s *Socket) resolve(id int64, r Reply) {
	if ack := s.takeAck(id); ack != nil {
		s.guard("ack", func(Handler) { ack.fn(r, nil) })
	}
}

func (s *Socket) expire(id int64) {
	if ack := s.takeAck(id); ack != nil {
		s.guard("ack", func(Handler) { ack.fn(Reply{}, ErrAckTimeout) })
	}
}
