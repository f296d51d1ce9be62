// Package chat holds the rules of conversations: who may read and write, what
// a sound message is, how an answer is asked for, stopped and finished. Every
// change to a conversation goes through here, and every shape a client sees of
// one is made here (view.go), so that REST and Socket.IO cannot disagree.
//
// A change is one transaction, which gives the row its place (seq) and the
// conversation's next revision (rev). Only after the commit is it published,
// with that revision, on the topic "conversation:<id>"; publications may
// overtake each other or be lost, and whoever delivers them puts them right by
// rev. The coach's answer is a row from the start: pending, then leased to a
// worker (answers.go), then finished.
package chat

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/storage"
)

// Options is what the rules need from outside.
type Options struct {
	Store *storage.Store
	Bus   bus.Bus
	// AllowSend counts one message against the actor's limit and refuses with
	// RATE_LIMITED; nil: no limit.
	AllowSend func(ctx context.Context, a auth.Actor) error
	// ReturnSend takes back what AllowSend counted, because the message turned
	// out to be stored already: a retry is not counted. nil: nothing is to do.
	ReturnSend func(ctx context.Context, a auth.Actor)
	// AnswersPerDay is how many answers the actor's tier has a day; negative
	// or nil: no limit.
	AnswersPerDay func(a auth.Actor) int
	// MaxMembers is how many people the owner's tier allows in one
	// conversation; negative or nil: no limit.
	MaxMembers func(owner auth.Actor) int
	// ReadImageURL says what an imageUrl means: one of our own uploads, by its
	// id, or an address of the configured image cloud. Anything else is not ok;
	// nil: nothing is.
	ReadImageURL func(raw string) (uploadID string, ok bool)
	Logger       *slog.Logger
	// Metrics counts; nil: nobody does.
	Metrics *metrics.Metrics
	// Now is the clock; nil: the real one.
	Now func() time.Time
}

// Service is the rules of conversations. Its methods are safe for concurrent
// use and answer with fault codes.
type Service struct {
	store         *storage.Store
	bus           bus.Bus
	allowSend     func(context.Context, auth.Actor) error
	returnSend    func(context.Context, auth.Actor)
	answersPerDay func(auth.Actor) int
	maxMembers    func(auth.Actor) int
	readImageURL  func(string) (string, bool)
	log           *slog.Logger
	metrics       *metrics.Metrics
	now           func() time.Time
	activity      *activity
	pages         *kept[pageKey, keptPage]
	lists         *kept[listKey, keptList]
	memberships   *kept[memberKey, keptMembership]
}

// New puts the rules together; [Service.Run] starts what runs beside requests.
func New(o Options) *Service {
	s := &Service{
		store: o.Store, bus: o.Bus, allowSend: o.AllowSend, returnSend: o.ReturnSend, answersPerDay: o.AnswersPerDay, maxMembers: o.MaxMembers,
		readImageURL: o.ReadImageURL,
		log:          o.Logger, metrics: o.Metrics, now: o.Now, activity: newActivity(),
		pages: newKept[pageKey, keptPage](), lists: newKept[listKey, keptList](), memberships: newKept[memberKey, keptMembership](),
	}
	if s.allowSend == nil {
		s.allowSend = func(context.Context, auth.Actor) error { return nil }
	}
	if s.returnSend == nil {
		s.returnSend = func(context.Context, auth.Actor) {}
	}
	if s.answersPerDay == nil {
		s.answersPerDay = func(auth.Actor) int { return -1 }
	}
	if s.maxMembers == nil {
		s.maxMembers = func(auth.Actor) int { return -1 }
	}
	if s.readImageURL == nil {
		s.readImageURL = func(string) (string, bool) { return "", false }
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = storage.Now
	}
	return s
}

// Run tells members of activity and indexes what was written, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var indexing sync.WaitGroup
	indexing.Go(func() { s.runIndex(ctx) })
	defer indexing.Wait()
	tell := time.NewTicker(activityTick)
	defer tell.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tell.C:
			s.tellActivity(ctx)
		}
	}
}

// Purge removes up to limit rows of deleted conversations, and tells how many.
func (s *Service) Purge(ctx context.Context, limit int) (removed int64, err error) {
	err = s.store.Tidy(ctx, func(tx *storage.Tx) error {
		removed, err = tx.PurgeDeleted(ctx, limit)
		return err
	})
	return removed, err
}

// ConversationTopic is where a conversation's events are published.
func ConversationTopic(id string) string { return "conversation:" + id }

// UserTopic is where one person's own events are published.
func UserTopic(id string) string { return "user:" + id }

// AnswerTopic is where the worker of one answer listens.
func AnswerTopic(id string) string { return "answer:" + id }

// WakeTopic is where workers hear of new answers to write.
const WakeTopic = "answers"

// publish hands an event to the bus. The row is stored already, so a bus that
// is away is logged, not reported: readers find the row by its revision.
func (s *Service) publish(ctx context.Context, e bus.Event) {
	// The caller may be gone after the commit; the event is still owed.
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.bus.Publish(ctx, e); err != nil {
		s.log.Warn("an event was not published; readers will find it in the store", "topic", e.Topic, "event", e.Name, "err", err)
	}
}

// lockFor locks the conversation for a writer of it.
func lockFor(ctx context.Context, tx *storage.Tx, a auth.Actor, conversationID string) (storage.Membership, error) {
	return asWriter(tx.LockMembership(ctx, conversationID, a.UserID))
}

// asWriter refuses whoever may not write, after a look at the membership.
func asWriter(m storage.Membership, err error) (storage.Membership, error) {
	if err != nil {
		return m, conversationError(err)
	}
	if m.Role == RoleViewer {
		return m, fault.New(fault.Forbidden, "You may read this conversation but not write in it.")
	}
	return m, nil
}

// The roles of a member.
const (
	RoleOwner  = "owner"
	RoleMember = "member"
	RoleViewer = "viewer"
)

func noConversation() error {
	return fault.New(fault.NotFound, "There is no such conversation.")
}

func noMessage() error {
	return fault.New(fault.NotFound, "There is no such message.")
}

// conversationError says "no such conversation" where the store says "no row".
func conversationError(err error) error {
	if fault.Is(err, fault.NotFound) {
		return noConversation()
	}
	return err
}

func messageError(err error) error {
	if fault.Is(err, fault.NotFound) {
		return noMessage()
	}
	return err
}
