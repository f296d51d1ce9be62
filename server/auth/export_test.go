package auth

import (
	"context"
	"time"
)

// SlowLane replaces the waiting of tries that must be slow.
func (s *Service) SlowLane(wait func(ctx context.Context, d time.Duration) error) { s.slow.wait = wait }

// OnHash calls fn before each derivation of a password.
func (s *Service) OnHash(fn func()) {
	derive := s.hasher.derive
	s.hasher.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		fn()
		return derive(password, salt, time, memory, threads, keyLen)
	}
}

// WriteTouches writes down what was noted, as Run does from time to time.
func (s *Service) WriteTouches(ctx context.Context) { s.writeTouches(ctx) }

// Ask asks the database once what changed, as Run does all the time.
func (s *Service) Ask(ctx context.Context) { s.ask(ctx) }
