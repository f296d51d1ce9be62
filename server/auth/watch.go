package auth

import (
	"context"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// pollEvery is how often the database is asked without a word from the bus.
	pollEvery = 500 * time.Millisecond
	// pollPause follows each question, so that a burst of changes is one answer.
	pollPause = 20 * time.Millisecond
	// pollPatience bounds one question.
	pollPatience = 5 * time.Second
	// pollOverlap is asked for again each time: a change is stamped before its
	// commit, and so may appear behind later ones.
	pollOverlap = 10 * time.Second

	topic        = "auth"
	eventChanged = "auth.changed"
)

// Revocation says that sign-ins are over.
type Revocation struct {
	UserID string
	// SessionID is the one that ended, "" all of the user's.
	SessionID string
	// Except is the session that was kept when SessionID is "".
	Except string
	// Code is SESSION_REVOKED or ACCOUNT_DISABLED.
	Code fault.Code
}

// Change says how an account stands after something about it changed. The
// same standing may be told more than once.
type Change struct{ UserID, Tier, Role, Username string }

// watch is what Run knows and whom it tells.
type watch struct {
	wake chan struct{} // one is enough: it means "ask now"

	mu        sync.Mutex
	onRevoked []func(Revocation)
	onChanged []func(Change)
	onDeleted []func(context.Context, storage.Departure)

	// Run's own:
	since    time.Time // asked up to here, on the database's clock; zero: never
	sessions map[string]time.Time
	users    map[string]storage.User
	failing  bool
}

func newWatch() *watch {
	return &watch{wake: make(chan struct{}, 1), sessions: map[string]time.Time{}, users: map[string]storage.User{}}
}

// OnRevoked registers an observer of sign-ins that ended, on whichever node.
// It is called by Run's goroutine, outside any lock, in the order of the
// database, and should be quick.
func (s *Service) OnRevoked(fn func(Revocation)) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.onRevoked = append(s.watch.onRevoked, fn)
}

// OnChanged registers an observer of accounts that changed, called like those
// of OnRevoked.
func (s *Service) OnChanged(fn func(Change)) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.onChanged = append(s.watch.onChanged, fn)
}

// OnDeleted registers an observer of accounts that this node deletes, called
// after the deletion is stored, by whoever deleted.
func (s *Service) OnDeleted(fn func(context.Context, storage.Departure)) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.onDeleted = append(s.watch.onDeleted, fn)
}

func (w *watch) departed(ctx context.Context, d storage.Departure) {
	w.mu.Lock()
	observers := w.onDeleted
	w.mu.Unlock()
	for _, fn := range observers {
		fn(ctx, d)
	}
}

// Run learns of changes, tells the observers, and does the housework, until
// ctx ends. One Run per Service.
func (s *Service) Run(ctx context.Context) error {
	if s.bus != nil {
		// Whatever comes, a change or a gap, the database knows more.
		cancel := s.bus.Subscribe(topic, func(bus.Event) { s.wakeUp() })
		defer cancel()
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.housework(ctx) })
	s.poll(ctx)
	wg.Wait()
	return nil
}

// announce follows a commit: this node forgets at once, the others are woken.
// Observers hear of it from Run.
func (s *Service) announce(ctx context.Context, userID, sessionID string) {
	if sessionID != "" {
		s.cache.dropSession(sessionID)
	} else {
		s.cache.dropUser(userID)
	}
	s.announceAll(ctx)
}

// announceAll has every node ask the database what changed, this one too.
func (s *Service) announceAll(ctx context.Context) {
	s.wakeUp()
	if s.bus == nil {
		return
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.bus.Publish(ctx, bus.Event{Topic: topic, Name: eventChanged}); err != nil {
		s.log.Warn("other nodes will hear of a change of sign-in by polling", "err", err)
	}
}

func (s *Service) wakeUp() {
	select {
	case s.watch.wake <- struct{}{}:
	default:
	}
}

func (s *Service) poll(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		s.ask(ctx)
		if !deadline.Pause(ctx, pollPause) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.watch.wake:
		}
	}
}

// ask learns what changed since it last did. While it fails, the cache grows
// old and requests ask the database themselves.
func (s *Service) ask(ctx context.Context) {
	at := time.Now()
	questionCtx, cancel := context.WithTimeout(ctx, pollPatience)
	defer cancel()
	news, err := s.news(questionCtx)
	if err != nil {
		if !s.watch.failing && ctx.Err() == nil {
			s.log.Warn("cannot ask the database for changes of sign-in; trying on", "err", err)
		}
		s.watch.failing = true
		return
	}
	s.watch.failing = false
	for _, u := range news.users {
		s.cache.dropUser(u.ID)
	}
	for _, session := range news.sessions {
		s.cache.dropSession(session.ID)
	}
	s.cache.vouch(at)
	s.tell(news)
}

// news is what changed.
type news struct {
	users    []storage.User
	sessions []storage.Session
}

// news asks for what changed and leaves out what was told before.
func (s *Service) news(ctx context.Context) (news, error) {
	w := s.watch
	clock, err := s.store.Clock(ctx)
	if err != nil {
		return news{}, err
	}
	if w.since.IsZero() {
		w.since = clock
	}
	from := w.since.Add(-pollOverlap)
	// Sessions are read first: whoever disables an account ends its sessions in
	// the same transaction, so where these are seen, the account is as well.
	sessions, err := s.store.SessionsRevokedSince(ctx, from)
	if err != nil {
		return news{}, err
	}
	users, err := s.store.UsersChangedSince(ctx, from)
	if err != nil {
		return news{}, err
	}
	w.since = clock
	return w.fresh(news{users, sessions}, from), nil
}

// fresh drops what was told before. A user counts as told only as the row
// stood: two changes may carry the same stamp.
func (w *watch) fresh(all news, from time.Time) news {
	var out news
	for _, u := range all.users {
		u.LastActiveAt, u.PasswordHash = time.Time{}, ""
		if w.users[u.ID] != u {
			w.users[u.ID] = u
			out.users = append(out.users, u)
		}
	}
	for _, session := range all.sessions {
		if _, told := w.sessions[session.ID]; !told {
			w.sessions[session.ID] = session.RevokedAt
			out.sessions = append(out.sessions, session)
		}
	}
	for id, u := range w.users {
		if u.AuthChangedAt.Before(from) {
			delete(w.users, id)
		}
	}
	for id, at := range w.sessions {
		if at.Before(from) {
			delete(w.sessions, id)
		}
	}
	return out
}

// tell calls the observers. Accounts come first, so that the sockets of a
// disabled one are closed for that reason and not for their ended sessions.
func (s *Service) tell(n news) {
	s.watch.mu.Lock()
	onRevoked, onChanged := s.watch.onRevoked, s.watch.onChanged
	s.watch.mu.Unlock()
	revoke := func(r Revocation) {
		for _, fn := range onRevoked {
			fn(r)
		}
	}
	for _, u := range n.users {
		switch {
		case !u.DeletedAt.IsZero():
			revoke(Revocation{UserID: u.ID, Code: fault.SessionRevoked})
		case !u.DisabledAt.IsZero():
			revoke(Revocation{UserID: u.ID, Code: fault.AccountDisabled})
		default:
			for _, fn := range onChanged {
				fn(Change{UserID: u.ID, Tier: u.Tier, Role: u.Role, Username: u.Username})
			}
		}
	}
	for _, session := range n.sessions {
		revoke(Revocation{UserID: session.UserID, SessionID: session.ID, Code: fault.SessionRevoked})
	}
}
