// Package journal keeps a trader's own records: the plan, in every version it
// had, the trades taken and passed by, and the verdicts the coach sealed.
//
// From them come the statistics, the answer to "how often did a diamond end
// well?", and the guards of the session: trades today, losses in a row, the
// cooldown, the money already lost. The guards are read from the store each
// time they are asked for, so they survive a restart, and no wording of a
// message can change them. The plan they are held to is the one in force
// (force.go): a rule made tighter counts at once, one made looser from the next
// trading day.
//
// The trading day is known once a trader has ever recorded a trade taken;
// before that nobody keeps the count, and a guard that would say "none today"
// would pretend to know.
//
// Shapes on the wire are made here. Bodies come in as JSON that is read field
// by field (decode.go), so that every number is a decimal from the first
// digit on. The transports only carry them.
package journal

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Options is what the journal needs from outside.
type Options struct {
	Store *storage.Store
	// Now is the clock; nil: the real one.
	Now func() time.Time
}

// Service is the journals of all traders. Its methods are safe for concurrent
// use, answer with fault codes, and only ever touch the records of the trader
// they are asked for.
type Service struct {
	store *storage.Store
	now   func() time.Time
}

// New makes the service; it has nothing that runs.
func New(o Options) *Service {
	s := &Service{store: o.Store, now: o.Now}
	if s.now == nil {
		s.now = storage.Now
	}
	return s
}

// FindUser finds the trader that an e-mail address, a username or an id names.
func (s *Service) FindUser(ctx context.Context, identifier string) (storage.User, error) {
	find := s.store.UserByIdentifier
	if storage.ValidID(identifier) {
		find = s.store.User
	}
	u, err := find(ctx, identifier)
	if fault.Is(err, fault.NotFound) {
		return u, fault.Newf(fault.NotFound, "There is no account %q; `coach user list` shows those there are.", identifier)
	}
	return u, err
}
