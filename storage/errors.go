package storage

// sentinel is an error of this room that carries the code a caller will see,
// so that the room above need not know it by name.
type sentinel struct{ text, code string }

func (s *sentinel) Error() string { return s.text }

// FaultCode names the contract's code for this error.
func (s *sentinel) FaultCode() string { return s.code }

// What storage answers beside the record; test with errors.Is.
var (
	// ErrNotFound: no such row (or none that the caller's condition allows).
	ErrNotFound error = &sentinel{"no such record", "NOT_FOUND"}
	// ErrConflict: a uniqueness rule refused the row.
	ErrConflict error = &sentinel{"the record is taken already", "CONFLICT"}
	// ErrBusy: the database does not answer, is locked by another program, is
	// full or is shutting down. What was asked did not happen and may be tried
	// again.
	ErrBusy error = &sentinel{"the database cannot take this now", "UNAVAILABLE"}
)
