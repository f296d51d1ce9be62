package storage

// Statements gives what SQLite was asked to run so far, by readers and the
// writer. Nobody may be writing.
func (s *Store) Statements() map[string]bool {
	all := map[string]bool{}
	for _, p := range []*prepared{s.q.(*prepared), s.group.on} {
		if p == nil {
			continue
		}
		p.mu.RLock()
		for query := range p.stmts {
			all[query] = true
		}
		p.mu.RUnlock()
	}
	return all
}
