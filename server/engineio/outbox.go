package engineio

// Transport is "polling" or "websocket", whichever carries the session now.
func (s *Session) Transport() string { return Polling }

// Send queues a run of frames: they leave next to each other, in order, with
// nothing between them (a binary event and its attachments). It never blocks.
// The error is [ErrClosed] or [ErrSlowReader].
func (s *Session) Send(frames ...*Frame) error { return nil }

// SendVolatile is Send for what may be lost: it returns false, and the run is
// dropped, when the outbox is over its soft limit or the session has ended.
// After a refusal [Handler.Drained] tells when there is room again.
func (s *Session) SendVolatile(frames ...*Frame) bool { return true }

// Queued is the number of bytes that wait, or are being written.
func (s *Session) Queued() int { return 0 }

// Close ends the session, gracefully: what is queued is still written, bounded
// by the write timeout, then the transport is closed. It does not block; Closed
// is called from another goroutine. Later calls do nothing.
func (s *Session) Close(reason string) {}

// Done is closed when the session has ended, before [Handler.Closed].
func (s *Session) Done() <-chan struct{} { return s.done }

// Stats is a copy of the session's counters.
func (s *Session) Stats() Stats { return s.stats }
