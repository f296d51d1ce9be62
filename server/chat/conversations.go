package chat

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// When the coach answers in a conversation.
const (
	CoachAlways  = "always"
	CoachMention = "mention"
	CoachOff     = "off"
)

// modes are what a conversation is for; the first is the default.
var modes = []string{"analysis", "psychology", "training"}

var coachSettings = []string{CoachAlways, CoachMention, CoachOff}

// NewConversation is what a person may say about one they begin.
type NewConversation struct{ Title, Mode, Coach string }

// Create begins a conversation that the actor owns.
func (s *Service) Create(ctx context.Context, a auth.Actor, n NewConversation) (Conversation, error) {
	c := storage.Conversation{ID: storage.NewID(), OwnerID: a.UserID, Mode: modes[0], Coach: CoachAlways, CreatedAt: s.now()}
	if err := apply(&c, ConversationPatch{Title: orNull(n.Title), Mode: orNull(n.Mode), Coach: orNull(n.Coach)}); err != nil {
		return Conversation{}, err
	}
	c.UpdatedAt, c.ActivityAt = c.CreatedAt, c.CreatedAt
	err := s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertConversation(ctx, c) })
	if err != nil {
		return Conversation{}, err
	}
	s.tellMembers(ctx, EventConversation, c)
	return conversationView(storage.Membership{Conversation: c, UserID: a.UserID, Role: RoleOwner}), nil
}

// Conversation finds one that the actor is in.
func (s *Service) Conversation(ctx context.Context, a auth.Actor, id string) (Conversation, error) {
	m, err := s.membership(ctx, a, id)
	if err != nil {
		return Conversation{}, err
	}
	return conversationView(m), nil
}

// ConversationQuery asks for a page of the actor's conversations.
type ConversationQuery struct {
	Archived bool
	Mode     string // "" = any
	Query    string // text of the title
	Limit    int    // 1–100
	Cursor   string // of the page before
	Offset   *int   // for older clients; only then Total is counted
}

// ConversationList is one page, newest activity first.
type ConversationList struct {
	Items      []Conversation
	Total      *int64
	HasMore    bool
	NextCursor string
}

// Conversations lists a page.
func (s *Service) Conversations(ctx context.Context, a auth.Actor, q ConversationQuery) (ConversationList, error) {
	page := storage.ConversationPage{UserID: a.UserID, Archived: q.Archived, Mode: q.Mode, Query: q.Query, Limit: q.Limit + 1}
	if q.Mode != "" && !slices.Contains(modes, q.Mode) {
		return ConversationList{}, fault.Invalid("mode", "The mode is analysis, psychology or training.")
	}
	if problem := titleProblem(q.Query); problem != "" {
		return ConversationList{}, fault.Invalid("q", "The search text must be at most 200 characters of valid UTF-8.")
	}
	if q.Cursor != "" {
		var err error
		if page.AfterActivity, page.AfterID, err = readCursor(q.Cursor); err != nil {
			return ConversationList{}, err
		}
	}
	var out ConversationList
	if q.Offset != nil {
		page.Offset = *q.Offset
		total, err := s.store.CountConversations(ctx, page)
		if err != nil {
			return out, err
		}
		out.Total = &total
	}
	rows, err := s.store.Conversations(ctx, page)
	if err != nil {
		return out, err
	}
	if out.HasMore = len(rows) > q.Limit; out.HasMore {
		rows = rows[:q.Limit]
		out.NextCursor = cursorAt(rows[q.Limit-1].ActivityAt, rows[q.Limit-1].ID)
	}
	out.Items = make([]Conversation, len(rows))
	for i, m := range rows {
		out.Items[i] = conversationView(m)
	}
	return out, nil
}

// ConversationPatch changes what is not nil.
type ConversationPatch struct {
	Title, Mode, Coach *string
	archived           *bool
}

// Update changes a conversation; only its owner may.
func (s *Service) Update(ctx context.Context, a auth.Actor, id string, p ConversationPatch) (Conversation, error) {
	var out storage.Membership
	if !storage.ValidID(id) {
		return Conversation{}, noConversation()
	}
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		m, err := owned(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := apply(&m.Conversation, p); err != nil {
			return err
		}
		m.UpdatedAt = s.now()
		out = m
		return tx.UpdateConversation(ctx, m.Conversation)
	})
	if err != nil {
		return Conversation{}, err
	}
	s.tellMembers(ctx, EventConversation, out.Conversation)
	return conversationView(out), nil
}

// Archive puts a conversation aside.
func (s *Service) Archive(ctx context.Context, a auth.Actor, id string) (Conversation, error) {
	yes := true
	return s.Update(ctx, a, id, ConversationPatch{archived: &yes})
}

// Unarchive brings it back.
func (s *Service) Unarchive(ctx context.Context, a auth.Actor, id string) (Conversation, error) {
	no := false
	return s.Update(ctx, a, id, ConversationPatch{archived: &no})
}

// Delete removes a conversation for everybody in it; only its owner may.
func (s *Service) Delete(ctx context.Context, a auth.Actor, id string) error {
	var members []string
	if !storage.ValidID(id) {
		return noConversation()
	}
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := owned(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if members, err = tx.MemberIDs(ctx, id); err != nil {
			return err
		}
		return tx.DeleteConversation(ctx, id, s.now())
	})
	if err != nil {
		return err
	}
	s.tellUsers(ctx, members, EventGone, encode(map[string]string{"conversationId": id}))
	return nil
}

// MarkRead moves the actor's read mark to a message's place. It reports where
// the mark stands now.
func (s *Service) MarkRead(ctx context.Context, a auth.Actor, id string, seq int64) (int64, error) {
	if seq < 0 {
		return 0, fault.Invalid("seq", "The place must be zero or a message's seq.")
	}
	m, err := s.membership(ctx, a, id)
	if err != nil {
		return 0, err
	}
	seq = min(seq, m.LastSeq)
	if seq <= m.LastReadSeq {
		return m.LastReadSeq, nil
	}
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := tx.MarkRead(ctx, id, a.UserID, seq)
		return err
	})
	return seq, err
}

// apply checks and makes the changes.
func apply(c *storage.Conversation, p ConversationPatch) error {
	var bad problems
	if p.Title != nil {
		title := strings.TrimSpace(*p.Title)
		bad.addIf("title", titleProblem(title))
		c.Title, c.TitleGiven = title, title != ""
	}
	if p.Mode != nil {
		if !slices.Contains(modes, *p.Mode) {
			bad.add("mode", "The mode is analysis, psychology or training.")
		}
		c.Mode = *p.Mode
	}
	if p.Coach != nil {
		if !slices.Contains(coachSettings, *p.Coach) {
			bad.add("coach", "The coach is always, mention or off.")
		}
		c.Coach = *p.Coach
	}
	if p.archived != nil {
		c.Archived = *p.archived
	}
	return bad.err()
}

// tellMembers publishes a conversation to each of its members.
func (s *Service) tellMembers(ctx context.Context, name string, c storage.Conversation) {
	members, err := s.store.MemberIDs(ctx, c.ID)
	if err != nil {
		s.log.Warn("members were not told of a change", "conversation", c.ID, "err", err)
		return
	}
	s.tellUsers(ctx, members, name, encode(map[string]any{"conversation": broadcastView(c)}))
}

func (s *Service) tellUsers(ctx context.Context, users []string, name string, data []byte) {
	for _, id := range users {
		s.publish(ctx, bus.Event{Topic: UserTopic(id), Name: name, Data: data})
	}
}

// cursorAt is the place of the last row of a page: the time that it is sorted
// by, and its id.
func cursorAt(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 10) + "." + id))
}

func readCursor(s string) (time.Time, string, error) {
	bad := fault.Invalid("cursor", "The cursor is not one this server gave; begin with the first page.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return time.Time{}, "", bad
	}
	at, id, _ := strings.Cut(string(raw), ".")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || us < 0 || !storage.ValidID(id) {
		return time.Time{}, "", bad
	}
	return time.UnixMicro(us).UTC(), id, nil
}

// Crowd is the number of members above which a conversation is a crowd: there
// nobody is told of each one's coming and going, which would grow with the
// square of the members; who wants to know asks.
const Crowd = 100

// Peers lists the people a user shares a conversation with that is no crowd,
// up to limit.
func (s *Service) Peers(ctx context.Context, userID string, limit int) ([]string, error) {
	return s.store.ConversationPeers(ctx, userID, Crowd, limit)
}

// MemberIDs lists who is in a conversation that the actor is in.
func (s *Service) MemberIDs(ctx context.Context, a auth.Actor, id string) ([]string, error) {
	if _, err := s.membership(ctx, a, id); err != nil {
		return nil, err
	}
	return s.store.MemberIDs(ctx, id)
}
