package chat

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// The types and states of a message.
const (
	TypeUser   = "user"
	TypeAI     = "ai"
	TypeSystem = "system"

	StatusSent      = "sent"
	StatusPending   = "pending"
	StatusStreaming = "streaming"
	StatusCompleted = "completed"
	StatusFailed    = "failed"
	StatusStopped   = "stopped"
)

// Sent is what became of a draft.
type Sent struct {
	Message Message
	// Duplicate: the message was stored before; nothing new happened.
	Duplicate bool

	stored stored
}

// stored is the rows behind a Sent; answer is nil when the coach was not asked.
type stored struct {
	message   storage.Message
	answer    *storage.Message
	duplicate bool
}

func (row stored) sent() Sent {
	return Sent{Message: messageView(row.message), Duplicate: row.duplicate, stored: row}
}

// Send stores a message and, where the coach is asked, its pending answer, in
// one transaction. The same draft under the same ClientMessageID again gives
// the same message and announces it again, in case a crash came between the
// commit and the first announcement.
func (s *Service) Send(ctx context.Context, a auth.Actor, d Draft) (Sent, error) {
	sent, err := s.Accept(ctx, a, d)
	if err == nil {
		s.Announce(ctx, sent)
	}
	return sent, err
}

// Accept is Send up to where all that may fail is done: what it returns is to
// be announced at once.
func (s *Service) Accept(ctx context.Context, a auth.Actor, d Draft) (Sent, error) {
	if err := d.check(); err != nil {
		return Sent{}, err
	}
	images, err := s.imagesOf(d)
	if err != nil {
		return Sent{}, err
	}
	if !storage.ValidID(d.ConversationID) {
		return Sent{}, noConversation()
	}
	// Nearly every draft is new, so whether it is known is asked only when it
	// is refused: a known one is not held to the limit, the unique index takes
	// no second message, or its images have been taken.
	if err := s.allowSend(ctx, a); err != nil {
		sent, _, err := s.known(ctx, a, d, err)
		return sent, err
	}
	row, err := s.storeDraft(ctx, a, d, images)
	if err != nil {
		sent, known, err := s.known(ctx, a, d, err)
		if known {
			s.returnSend(ctx, a)
		}
		return sent, err
	}
	s.metrics.Message()
	return row.sent(), nil
}

// known is the end of a send that was refused: it is the message that the same
// draft made before, on whichever node, or the refusal of one whose id was used
// for another; else it was refused for its own because.
func (s *Service) known(ctx context.Context, a auth.Actor, d Draft, because error) (_ Sent, known bool, _ error) {
	if d.ClientMessageID == "" {
		return Sent{}, false, because
	}
	row, err := s.repeated(ctx, a, d)
	switch {
	case err == nil:
		return row.sent(), true, nil
	case fault.Is(err, fault.Conflict):
		return Sent{}, true, err
	case fault.Is(err, fault.NotFound):
		err = because
	}
	return Sent{}, false, err
}

// storeDraft is the one transaction of a send.
func (s *Service) storeDraft(ctx context.Context, a auth.Actor, d Draft, images images) (stored, error) {
	var out stored
	at, id, answerID := s.now(), storage.NewID(), storage.NewID()
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		m, err := asWriter(tx.LockToSend(ctx, d.ConversationID, a.UserID))
		if err != nil {
			return err
		}
		mode := d.Mode
		if mode == "" {
			mode = m.Mode
		}
		out = stored{message: storage.Message{
			ID: id, ConversationID: m.ID, Seq: m.LastSeq + 1, Rev: m.LastRev + 1, UserID: a.UserID, Type: TypeUser,
			Content: d.Content, Status: StatusSent, ImageURL: images.url, Mode: mode,
			ClientMessageID: d.ClientMessageID, BodyHash: d.hash(), CreatedAt: at, UpdatedAt: at,
		}}
		if out.message.Uploads, err = takeUploads(ctx, tx, out.message, images.uploads); err != nil {
			return err
		}
		rows := []storage.Message{out.message}
		if asksCoach(m.Coach, d.Content) {
			answer, err := s.newAnswer(ctx, tx, a, out.message)
			if err != nil {
				return err
			}
			answer.ID = answerID
			out.answer = &answer
			rows = append(rows, answer)
		}
		return insert(ctx, tx, m.Conversation, rows)
	})
	return out, err
}

const noAnswersLeft = "You have had all the coach's answers of today; there are new ones tomorrow."

// newAnswer is the row that asks the coach to answer parent: pending, or
// failed at once when the asker has no answers left today.
func (s *Service) newAnswer(ctx context.Context, tx *storage.Tx, a auth.Actor, parent storage.Message) (storage.Message, error) {
	answer := storage.Message{
		ID: storage.NewID(), ConversationID: parent.ConversationID, Seq: parent.Seq + 1, Rev: parent.Rev + 1, ParentID: parent.ID,
		Type: TypeAI, Status: StatusPending, Mode: parent.Mode, AskedBy: a.UserID, CreatedAt: s.now(), UpdatedAt: s.now(),
	}
	limit := s.answersPerDay(a)
	if limit < 0 || a.Admin() {
		return answer, nil
	}
	left, err := tx.TakeAnswer(ctx, a.UserID, answerDay(answer.CreatedAt), limit)
	if err != nil {
		return answer, err
	}
	if !left {
		answer.Status = StatusFailed
		answer.ErrorCode, answer.ErrorMessage = string(fault.BudgetExhausted), noAnswersLeft
		answer.ResetsAt = nextDay(answer.CreatedAt)
	}
	return answer, nil
}

// insert advances the conversation over new rows and stores them.
func insert(ctx context.Context, tx *storage.Tx, c storage.Conversation, rows []storage.Message) error {
	last := rows[len(rows)-1]
	c.LastSeq, c.LastRev, c.LastMessageAt = last.Seq, last.Rev, last.CreatedAt
	c.MessageCount += int64(len(rows))
	if c.Title == "" && !c.TitleGiven && rows[0].Type == TypeUser {
		c.Title = titleFrom(rows[0].Content)
	}
	if err := tx.AdvanceConversation(ctx, c); err != nil {
		return err
	}
	for _, row := range rows {
		if err := tx.InsertMessage(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// repeated finds the message that this draft made before; NOT_FOUND when it
// is new, CONFLICT when its id was used for another draft.
func (s *Service) repeated(ctx context.Context, a auth.Actor, d Draft) (stored, error) {
	r := s.store.Reader
	row, err := r.MessageByClientID(ctx, a.UserID, d.ClientMessageID)
	if err != nil {
		return stored{}, err
	}
	if row.BodyHash != d.hash() {
		return stored{}, fault.New(fault.Conflict, "This clientMessageId was used for another message; take a new one.")
	}
	// Whoever has left the conversation since learns nothing of it: the send
	// goes on and finds no conversation.
	if _, err := r.Membership(ctx, row.ConversationID, a.UserID); err != nil {
		return stored{}, err
	}
	out := stored{message: row, duplicate: true}
	answer, err := r.AnswerTo(ctx, row.ID)
	switch {
	case err == nil:
		out.answer = &answer
	case !fault.Is(err, fault.NotFound):
		return stored{}, err
	}
	return out, nil
}

// Announce publishes what was accepted.
func (s *Service) Announce(ctx context.Context, sent Sent) {
	row := sent.stored
	s.publish(ctx, rowEvent(row.message))
	if row.answer != nil {
		s.publish(ctx, rowEvent(*row.answer))
		if row.answer.Status == StatusPending {
			s.wake(ctx)
		}
	}
	if !row.duplicate {
		s.activity.touch(row.message.ConversationID)
	}
}

// wake tells workers that an answer waits.
func (s *Service) wake(ctx context.Context) {
	s.publish(ctx, bus.Event{Topic: WakeTopic, Name: "answer.wake"})
}

// answerDay is the day an answer counts for: UTC, as limits are the server's,
// not the trader's.
func answerDay(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func nextDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour) }
