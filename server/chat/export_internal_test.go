package chat

// KeptBytes is what the kept pages take.
func (s *Service) KeptBytes() int {
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	return s.pages.bytes
}
