package chat

import (
	"context"
	"encoding/json"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Job is an answer that a worker has leased: the worker writes it until it
// finishes, is told to stop, or loses the lease.
type Job struct {
	ID             string // of the answer's message
	ConversationID string
	ParentID       string
	AskedBy        string
	Mode           string
	Seq            int64
	Attempt        int    // from 1; higher after a worker was lost
	Text           string // what an earlier attempt had kept
	StopRequested  bool
	owner          string
}

// Outcome is how an answer ended. Status is completed, failed or stopped.
type Outcome struct {
	Status     string
	Text       string
	Verdict    string // "" = none
	Confidence *int
	Analysis   json.RawMessage
	Model      string
	Usage      *Usage
	Error      *MessageError // with failed
	// PlanVersion is the version of the asker's plan that the verdict was
	// given by; 0: the default plan. It is sealed with the verdict.
	PlanVersion int64
}

// ErrLeaseLost says that the answer is another worker's now, or finished.
var ErrLeaseLost = fault.New(fault.Conflict, "another worker writes this answer")

// Claim leases up to n answers that wait, oldest first, to owner.
func (s *Service) Claim(ctx context.Context, owner string, lease time.Duration, n int) ([]Job, error) {
	var rows []storage.Message
	err := s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		rows, err = tx.ClaimAnswers(ctx, owner, lease, n)
		return err
	})
	jobs := make([]Job, len(rows))
	for i, m := range rows {
		jobs[i] = Job{
			ID: m.ID, ConversationID: m.ConversationID, ParentID: m.ParentID, AskedBy: m.AskedBy, Mode: m.Mode, Seq: m.Seq,
			Attempt: m.Attempt, Text: m.Content, StopRequested: m.StopRequested, owner: owner,
		}
	}
	return jobs, err
}

// ReleaseLeases frees every open answer; see [storage.Tx.ReleaseLeases].
func (s *Service) ReleaseLeases(ctx context.Context) error {
	return s.store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := tx.ReleaseLeases(ctx)
		return err
	})
}

// Checkpoint keeps the text so far and the lease. It reports whether a stop
// was asked for.
func (s *Service) Checkpoint(ctx context.Context, j Job, text string, lease time.Duration) (stop bool, err error) {
	err = s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		stop, err = tx.CheckpointAnswer(ctx, j.row(text), lease)
		return err
	})
	return stop, leaseError(err)
}

// Release gives an unfinished answer back at a stop of the program.
func (s *Service) Release(ctx context.Context, j Job, text string) error {
	err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.ReleaseAnswer(ctx, j.row(text)) })
	if err == nil {
		s.wake(ctx)
	}
	return err
}

func (j Job) row(text string) storage.Message {
	return storage.Message{ID: j.ID, LeaseOwner: j.owner, Attempt: j.Attempt, Content: text}
}

// Finish stores the end of an answer while the lease is the worker's own, and
// lets the next answer of the conversation be claimed. An answer that was
// asked to stop ends as stopped whatever the worker says.
func (s *Service) Finish(ctx context.Context, j Job, o Outcome) error {
	var row storage.Message
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := tx.LockConversation(ctx, j.ConversationID); err != nil {
			return err
		}
		var err error
		if row, err = tx.LockMessage(ctx, j.ID); err != nil {
			return err
		}
		if row.Status != StatusStreaming || row.LeaseOwner != j.owner || row.Attempt != j.Attempt {
			return ErrLeaseLost
		}
		o.write(&row)
		if err := s.close(ctx, tx, &row); err != nil {
			return err
		}
		if err := giveBack(ctx, tx, row); err != nil {
			return err
		}
		return seal(ctx, tx, row, o.PlanVersion)
	})
	if err != nil {
		return leaseError(err)
	}
	s.announceRow(ctx, row)
	s.wake(ctx)
	return nil
}

// giveBack returns an answer of the day to its asker where nothing came of it:
// it failed, or was stopped before a word was written.
func giveBack(ctx context.Context, tx *storage.Tx, row storage.Message) error {
	if row.Status == StatusFailed || (row.Status == StatusStopped && row.Content == "") {
		return tx.ReturnAnswer(ctx, row.AskedBy, answerDay(row.CreatedAt))
	}
	return nil
}

func (o Outcome) write(row *storage.Message) {
	row.Content, row.Status = o.Text, o.Status
	row.Verdict, row.Confidence, row.Analysis, row.Model = o.Verdict, o.Confidence, o.Analysis, o.Model
	if o.Usage != nil {
		row.Usage = &storage.Usage{PromptTokens: o.Usage.PromptTokens, CompletionTokens: o.Usage.CompletionTokens, CostMicros: o.Usage.CostMicros}
	}
	if o.Error != nil {
		row.ErrorCode, row.ErrorMessage = o.Error.Code, o.Error.Message
	}
	if row.StopRequested && o.Status == StatusCompleted {
		row.Status = StatusStopped
	}
}

// close ends the lease and gives the row the conversation's next revision.
func (s *Service) close(ctx context.Context, tx *storage.Tx, row *storage.Message) (err error) {
	row.UpdatedAt, row.LeaseOwner, row.LeaseUntil = s.now(), "", time.Time{}
	if row.Rev, err = tx.NextRev(ctx, row.ConversationID, 0, row.UpdatedAt); err != nil {
		return err
	}
	return tx.UpdateMessage(ctx, *row)
}

// Stop ends an answer and keeps what was written. Whoever asked for it may,
// and the owner of the conversation. An answer nobody writes yet is finished
// here; else its worker is told, and the wish is kept on the row in case the
// worker is lost. A finished answer stays as it is.
func (s *Service) Stop(ctx context.Context, a auth.Actor, id string) (Message, error) {
	found, err := s.readable(ctx, a, id)
	if err != nil {
		return Message{}, err
	}
	if found.Type != TypeAI {
		return Message{}, fault.New(fault.Validation, "Only an answer of the coach can be stopped.")
	}
	return s.stop(ctx, found, func(tx *storage.Tx) error {
		m, err := tx.LockMembership(ctx, found.ConversationID, a.UserID)
		if err != nil {
			return messageError(err)
		}
		if found.AskedBy != a.UserID && m.Role != RoleOwner {
			return fault.New(fault.Forbidden, "Only the one who asked, or the owner, may stop this answer.")
		}
		return nil
	})
}

// StopForOperator is Stop for who runs the server and is in no conversation.
func (s *Service) StopForOperator(ctx context.Context, id string) error {
	if !storage.ValidID(id) {
		return noMessage()
	}
	found, err := s.store.Message(ctx, id)
	if err != nil {
		return messageError(err)
	}
	if found.Type != TypeAI || !open(found) {
		return fault.New(fault.NotFound, "No answer of this id is being written.")
	}
	_, err = s.stop(ctx, found, func(tx *storage.Tx) error { return tx.LockConversation(ctx, found.ConversationID) })
	return err
}

// stop ends an answer once lock has locked its conversation for who may.
func (s *Service) stop(ctx context.Context, found storage.Message, lock func(tx *storage.Tx) error) (Message, error) {
	id := found.ID
	var row storage.Message
	finished := false
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		err := lock(tx)
		if err != nil {
			return err
		}
		if row, err = tx.LockMessage(ctx, id); err != nil {
			return messageError(err)
		}
		if finished = false; !open(row) || row.StopRequested {
			return nil
		}
		row.StopRequested = true
		if row.Status == StatusStreaming {
			return tx.UpdateMessage(ctx, row)
		}
		row.Status, finished = StatusStopped, true
		if err := s.close(ctx, tx, &row); err != nil {
			return err
		}
		return giveBack(ctx, tx, row)
	})
	if err != nil {
		return Message{}, err
	}
	if finished {
		s.announceRow(ctx, row)
		s.wake(ctx)
	}
	if row.Status == StatusStreaming {
		s.publish(ctx, bus.Event{Topic: AnswerTopic(id), Name: EventStop})
	}
	return messageView(row), nil
}

// Regenerate asks for another answer to the same message: a sibling with a
// place of its own, counted against the actor.
func (s *Service) Regenerate(ctx context.Context, a auth.Actor, id string) (Message, error) {
	found, err := s.readable(ctx, a, id)
	if err != nil {
		return Message{}, err
	}
	if found.Type != TypeAI {
		return Message{}, fault.New(fault.Validation, "Only an answer of the coach can be asked for again.")
	}
	if err := s.allowSend(ctx, a); err != nil {
		return Message{}, err
	}
	var row storage.Message
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		m, err := lockFor(ctx, tx, a, found.ConversationID)
		if err != nil {
			return err
		}
		newest, err := tx.AnswerTo(ctx, found.ParentID)
		if err != nil {
			return messageError(err)
		}
		if open(newest) {
			return fault.New(fault.Conflict, "This answer is still being written; stop it first.")
		}
		parent, err := tx.Message(ctx, found.ParentID)
		if err != nil {
			return messageError(err)
		}
		if !parent.DeletedAt.IsZero() {
			return fault.New(fault.Conflict, "The message that this answers was deleted.")
		}
		parent.Seq, parent.Rev = m.LastSeq, m.LastRev
		if row, err = s.newAnswer(ctx, tx, a, parent); err != nil {
			return err
		}
		return insert(ctx, tx, m.Conversation, []storage.Message{row})
	})
	if err != nil {
		return Message{}, err
	}
	s.announceRow(ctx, row)
	if row.Status == StatusPending {
		s.wake(ctx)
	}
	return messageView(row), nil
}

// History lists what the conversation held below an answer's place, in rising
// seq, at most n rows: what a prompt is made from.
func (s *Service) History(ctx context.Context, j Job, n int) ([]Message, error) {
	rows, err := s.store.Messages(ctx, storage.MessagePage{ConversationID: j.ConversationID, Before: j.Seq, Limit: n})
	return messageViews(rows), err
}

// Question is the message that an answer is for.
func (s *Service) Question(ctx context.Context, j Job) (Message, error) {
	row, err := s.store.Message(ctx, j.ParentID)
	return messageView(row), err
}

// OthersRead reports whether anybody but one person is in the conversation of
// an answer, so that the answer keeps that person's account to itself.
func (s *Service) OthersRead(ctx context.Context, j Job) (bool, error) {
	n, err := s.store.CountMembers(ctx, j.ConversationID)
	return n > 1, err
}

// PublishDelta tells the room of a piece of an answer.
func (s *Service) PublishDelta(ctx context.Context, d Delta) {
	s.publish(ctx, bus.Event{Topic: ConversationTopic(d.ConversationID), Name: EventDelta, Data: encode(d)})
}

// PublishFull gives one who asked all of an answer so far. It travels on the
// same topic as the deltas, so that it keeps its place among them.
func (s *Service) PublishFull(ctx context.Context, f Full) {
	s.publish(ctx, bus.Event{Topic: ConversationTopic(f.Delta.ConversationID), Name: EventFull, Data: encode(f)})
}

// AskFull asks the worker of an answer for all of it so far. Nobody replies
// when no worker has it; then its deltas will begin at 0 anyway.
func (s *Service) AskFull(ctx context.Context, answerID, whom string) {
	s.publish(ctx, bus.Event{Topic: AnswerTopic(answerID), Name: EventAsk, Data: encode(Ask{For: whom})})
}

// open reports whether an answer is still to be written.
func open(m storage.Message) bool {
	return m.Status == StatusPending || m.Status == StatusStreaming
}

func leaseError(err error) error {
	if fault.Is(err, fault.NotFound) {
		return ErrLeaseLost
	}
	return err
}

// TakeAnswer counts one answer of the actor's day for what is answered outside
// conversations; BUDGET_EXHAUSTED when there are none left. GiveBack returns it
// where nothing came of it.
func (s *Service) TakeAnswer(ctx context.Context, a auth.Actor) (giveBack func(), err error) {
	limit, day := s.answersPerDay(a), s.now()
	if limit < 0 || a.Admin() {
		return func() {}, nil
	}
	left := false
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		left, err = tx.TakeAnswer(ctx, a.UserID, answerDay(day), limit)
		return err
	})
	if err == nil && !left {
		err = &fault.Error{Code: fault.BudgetExhausted, Message: noAnswersLeft, ResetsAt: nextDay(day), RetryAfter: nextDay(day).Sub(day)}
	}
	return func() {
		// The asker may be gone by now.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.ReturnAnswer(ctx, a.UserID, answerDay(day)) })
		if err != nil {
			s.log.Warn("an answer that came to nothing was not given back", "user", a.UserID, "err", err)
		}
	}, err
}

// AnswersToday is how many answers the actor has taken of the day's, and when
// the day ends.
func (s *Service) AnswersToday(ctx context.Context, a auth.Actor) (used int, resetsAt time.Time, err error) {
	now := s.now()
	used, err = s.store.AnswersTaken(ctx, a.UserID, answerDay(now))
	return used, nextDay(now), err
}

// ForgetToday gives a user the day's answers again.
func (s *Service) ForgetToday(ctx context.Context, userID string) error {
	return s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.ForgetAnswerDay(ctx, userID, answerDay(s.now())) })
}
