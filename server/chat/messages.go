package chat

import (
	"context"
	"strings"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// MessageQuery asks for a page by place; Before and After are exclusive.
type MessageQuery struct {
	Limit         int // 1–100
	Before, After int64
	AfterRev      *int64 // instead of places: every row changed after this revision
	Offset        int    // from the newest, for older clients
}

// MessageList is a page in rising seq. NextBefore is the Before of the page
// that lies further back, 0 when there is none.
type MessageList struct {
	Messages     []Message
	Conversation Conversation
	HasMore      bool
	NextBefore   int64
}

// page reads a page of a conversation: the newest, unless asked otherwise.
func (s *Service) page(ctx context.Context, m storage.Membership, q MessageQuery) (MessageList, error) {
	out := MessageList{Conversation: conversationView(m)}
	var rows []storage.Message
	var err error
	if q.AfterRev != nil {
		rows, err = s.store.MessagesSince(ctx, m.ID, *q.AfterRev, q.Limit+1)
	} else {
		rows, err = s.store.Messages(ctx, storage.MessagePage{
			ConversationID: m.ID, Before: q.Before, After: q.After, Limit: q.Limit + 1, Offset: q.Offset,
		})
	}
	if err != nil {
		return out, err
	}
	forward := q.AfterRev != nil || q.After > 0
	if out.HasMore = len(rows) > q.Limit; out.HasMore {
		// The row too many is the one farthest from where the page began.
		if forward {
			rows = rows[:q.Limit]
		} else {
			rows = rows[1:]
		}
	}
	if out.HasMore && !forward {
		out.NextBefore = rows[0].Seq
	}
	out.Messages = messageViews(rows)
	return out, nil
}

// Message finds one that the actor may read.
func (s *Service) Message(ctx context.Context, a auth.Actor, id string) (Message, error) {
	row, err := s.readable(ctx, a, id)
	if err != nil {
		return Message{}, err
	}
	return messageView(row), nil
}

// readable finds a message in a conversation that the actor is in.
func (s *Service) readable(ctx context.Context, a auth.Actor, id string) (storage.Message, error) {
	if !storage.ValidID(id) {
		return storage.Message{}, noMessage()
	}
	row, err := s.store.Message(ctx, id)
	if err != nil {
		return row, messageError(err)
	}
	_, err = s.store.Membership(ctx, row.ConversationID, a.UserID)
	return row, messageError(err)
}

// Edit replaces the text of one's own message. The coach is not asked again.
func (s *Service) Edit(ctx context.Context, a auth.Actor, id, content string) (Message, error) {
	if problem := contentProblem(content); problem != "" {
		return Message{}, fault.Invalid("content", problem)
	}
	if strings.TrimSpace(content) == "" {
		return Message{}, fault.Invalid("content", "A message needs some text; delete it instead.")
	}
	return s.change(ctx, a, id, func(row *storage.Message) (int, error) {
		if err := ownMessage(a, *row); err != nil {
			return 0, err
		}
		row.Content, row.EditedAt, row.UpdatedAt = content, s.now(), s.now()
		return 0, nil
	})
}

// DeleteMessage empties one's own message; its place stays. An answer to it
// that is still being written is stopped, whoever asked for it.
func (s *Service) DeleteMessage(ctx context.Context, a auth.Actor, id string) (Message, error) {
	v, err := s.change(ctx, a, id, func(row *storage.Message) (int, error) {
		if row.Type == TypeUser && row.UserID == a.UserID && !row.DeletedAt.IsZero() {
			return 0, errUnchanged
		}
		if err := ownMessage(a, *row); err != nil {
			return 0, err
		}
		row.Tombstone(s.now())
		return 1, nil
	})
	if err != nil {
		return v, err
	}
	answer, err := s.store.AnswerTo(ctx, id)
	if err == nil && open(answer) {
		_, err := s.stop(ctx, answer, func(tx *storage.Tx) error { return tx.LockConversation(ctx, answer.ConversationID) })
		if err != nil {
			s.log.Warn("the answer to a deleted message was not stopped", "answer", answer.ID, "err", err)
		}
	}
	return v, nil
}

func ownMessage(a auth.Actor, row storage.Message) error {
	if row.Type != TypeUser || row.UserID != a.UserID {
		return fault.New(fault.Forbidden, "You may change only your own messages.")
	}
	if !row.DeletedAt.IsZero() {
		return fault.New(fault.Conflict, "The message was deleted.")
	}
	return nil
}

// errUnchanged is how an edit says: nothing to do, answer with the row.
var errUnchanged = fault.New(fault.Conflict, "unchanged")

// change locks a message, lets edit change it, and stores and publishes it
// with the next revision. edit returns how many messages (0 or 1) leave the count.
func (s *Service) change(ctx context.Context, a auth.Actor, id string, edit func(*storage.Message) (int, error)) (Message, error) {
	found, err := s.readable(ctx, a, id)
	if err != nil {
		return Message{}, err
	}
	var row storage.Message
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if _, err := lockFor(ctx, tx, a, found.ConversationID); err != nil {
			return err
		}
		if row, err = tx.LockMessage(ctx, id); err != nil {
			return messageError(err)
		}
		removed, err := edit(&row)
		if err != nil {
			return err
		}
		if row.Rev, err = tx.NextRev(ctx, row.ConversationID, removed, row.UpdatedAt); err != nil {
			return err
		}
		return tx.UpdateMessage(ctx, row)
	})
	if err == errUnchanged { //nolint:errorlint // our own value, never wrapped
		return messageView(row), nil
	}
	if err != nil {
		return Message{}, err
	}
	s.publish(ctx, rowEvent(row))
	return messageView(row), nil
}
