package chat

import (
	"context"
	"strconv"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	// SyncRows is how many changed rows one answer carries.
	SyncRows = 100
	// FirstPage is how many messages somebody gets who has none yet.
	FirstPage = 50
	// SyncConversations is how many conversations one sync may name.
	SyncConversations = 50
)

// Changes is what a reader of a conversation has missed, in rising rev (the
// newest page, in rising seq, for one who had nothing). While Complete is
// false more remains after the last row's rev.
type Changes struct {
	Conversation Conversation
	Messages     []byte // JSON, an array
	LastSeq      int64
	LastRev      int64
	Complete     bool
	// Open lists the answers of the conversation that are not finished.
	Open []string
}

// Since reads what changed after a revision; nil asks for the newest page.
// The rows are read after the conversation's counters, so a row may be newer
// than LastRev, never missing below it. link gives an image the addresses that
// its viewer finds it at.
func (s *Service) Since(ctx context.Context, a auth.Actor, conversationID string, afterRev *int64, link func(*Upload)) (Changes, error) {
	if afterRev != nil && *afterRev < 0 {
		return Changes{}, fault.Invalid("afterRev", "The revision must be zero or one this server gave.")
	}
	m, err := s.membership(ctx, a, conversationID)
	if err != nil {
		return Changes{}, err
	}
	out := Changes{Conversation: conversationView(m), LastSeq: m.LastSeq, LastRev: m.LastRev, Complete: true}
	if out.Open, err = s.store.OpenAnswers(ctx, conversationID); err != nil {
		return out, err
	}
	if afterRev == nil {
		page, err := s.encoded(ctx, m, MessageQuery{Limit: FirstPage}, link)
		out.Messages = page.Messages
		return out, err
	}
	rows, err := s.store.MessagesSince(ctx, conversationID, *afterRev, SyncRows+1)
	if err != nil {
		return out, err
	}
	if len(rows) > SyncRows {
		rows, out.Complete = rows[:SyncRows], false
	}
	out.Messages, _ = encodeMessages(messageViews(rows), link)
	return out, nil
}

// Missed reads the events of the rows changed after one revision and before
// another, for a deliverer with a hole. It asks for nobody's permission: the
// deliverer knows who is in the room.
func (s *Service) Missed(ctx context.Context, conversationID string, after, before int64) ([]bus.Event, error) {
	var out []bus.Event
	for after < before-1 {
		rows, err := s.store.MessagesSince(ctx, conversationID, after, SyncRows)
		if err != nil {
			return out, err
		}
		for _, row := range rows {
			if row.Rev >= before {
				return out, nil
			}
			out = append(out, rowEvent(row))
			after = row.Rev
		}
		if len(rows) < SyncRows {
			return out, nil
		}
	}
	return out, nil
}

// Enter reads what somebody needs who will hear the conversation from now on
// and asks for nothing of before: its counters and its open answers.
func (s *Service) Enter(ctx context.Context, a auth.Actor, conversationID string) (Changes, error) {
	m, err := s.membership(ctx, a, conversationID)
	if err != nil {
		return Changes{}, err
	}
	open, err := s.store.OpenAnswers(ctx, conversationID)
	return Changes{Conversation: conversationView(m), LastSeq: m.LastSeq, LastRev: m.LastRev, Complete: true, Open: open}, err
}

// AppendFields appends what is told of it, fields of a JSON object, without
// the conversation.
func (c *Changes) AppendFields(b []byte) []byte {
	b = append(append(b, `"messages":`...), c.Messages...)
	b = strconv.AppendInt(append(b, `,"lastSeq":`...), c.LastSeq, 10)
	b = strconv.AppendInt(append(b, `,"lastRev":`...), c.LastRev, 10)
	return strconv.AppendBool(append(b, `,"complete":`...), c.Complete)
}
