package storage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Conversation is a thread of messages.
type Conversation struct {
	ID, OwnerID string
	Title       string
	// TitleGiven: a person chose the title; else it is made from the first message.
	TitleGiven    bool
	Mode, Coach   string
	Archived      bool
	LastSeq       int64 // place of the newest message
	LastRev       int64 // number of durable changes so far
	MessageCount  int64 // messages that are not deleted
	LastMessageAt time.Time
	CreatedAt     time.Time
	UpdatedAt     time.Time
	ActivityAt    time.Time // what lists are sorted by
}

// Membership is a conversation as one of its members has it.
type Membership struct {
	Conversation
	UserID      string
	Role        string // owner, member or viewer
	LastReadSeq int64
}

// listedColumns are those of a list: what is shown of a conversation, and the
// place that the next page begins after; membershipColumns are all of them.
const (
	listedColumns = `c.id, c.owner_id, c.title, c.mode, c.coach, c.archived, c.last_seq, c.last_rev, c.message_count,
		c.last_message_at, c.created_at, c.updated_at, c.activity_at, m.role, m.last_read_seq`
	membershipColumns = listedColumns + `, c.title_given, m.user_id`
)

// listed are the places of listedColumns.
func (m *Membership) listed() []any {
	return []any{
		&m.ID, &m.OwnerID, &m.Title, &m.Mode, &m.Coach, &m.Archived, &m.LastSeq, &m.LastRev, &m.MessageCount,
		(*usec)(&m.LastMessageAt), (*usec)(&m.CreatedAt), (*usec)(&m.UpdatedAt), (*usec)(&m.ActivityAt), &m.Role, &m.LastReadSeq,
	}
}

func scanMembership(row scanner) (Membership, error) {
	var m Membership
	err := row.Scan(append(m.listed(), &m.TitleGiven, &m.UserID)...)
	return m, err
}

// Membership finds a conversation for one of its members; for anybody else
// it is ErrNotFound.
func (r Reader) Membership(ctx context.Context, conversationID, userID string) (Membership, error) {
	m, err := scanMembership(r.q.QueryRowContext(r.brief(ctx), `SELECT `+membershipColumns+`
		FROM members m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.conversation_id = $1 AND m.user_id = $2`, conversationID, userID))
	return m, r.wrap("find conversation", err)
}

// Conversation finds one, whoever may read it.
func (r Reader) Conversation(ctx context.Context, id string) (Conversation, error) {
	m, err := scanMembership(r.q.QueryRowContext(ctx, `SELECT `+membershipColumns+`
		FROM conversations c JOIN members m ON m.conversation_id = c.id AND m.user_id = c.owner_id
		WHERE c.id = $1 AND c.deleted_at IS NULL`, id))
	return m.Conversation, r.wrap("find conversation", err)
}

// ConversationPage asks for one page of a user's conversations, newest
// activity first.
type ConversationPage struct {
	UserID   string
	Archived bool
	Mode     string // "" = any
	Query    string // words of the title, "" = any
	// The page begins after this place; zero: at the newest.
	AfterActivity time.Time
	AfterID       string
	Limit, Offset int
}

// The two kinds of conversations a user has; $1 is the user. Those of one's
// own are read in the order of the list, by conversations_owner; a guest's are
// found by members_guests and sorted, of which there are few.
const (
	ownOnes    = ` FROM conversations c JOIN members m ON m.conversation_id = c.id AND m.user_id = c.owner_id WHERE c.owner_id = $1`
	guestsOnes = ` FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = $1 AND m.role <> 'owner'`
)

// where builds what is asked besides; $1 is the user.
func (p ConversationPage) where() (string, []any) {
	cond, args := ` AND c.archived = $2`, []any{p.UserID, p.Archived}
	next := func(sql string, v any) {
		args = append(args, v)
		cond += strings.Replace(sql, "$n", placeholder(len(args)), 1)
	}
	if p.Mode != "" {
		next(` AND c.mode = $n`, p.Mode)
	}
	if p.Query != "" {
		next(` AND c.title_key LIKE $n ESCAPE '\'`, contains(p.Query))
	}
	return cond, args
}

// Conversations lists one page. What it gives is what clients see: UserID is
// the one who asked, and TitleGiven is not read.
func (r Reader) Conversations(ctx context.Context, p ConversationPage) ([]Membership, error) {
	cond, args := p.where()
	if p.AfterID != "" {
		args = append(args, p.AfterActivity.UnixMicro(), p.AfterID)
		cond += ` AND (c.activity_at, c.id) < (` + placeholder(len(args)-1) + `, ` + placeholder(len(args)) + `)`
	}
	args = append(args, p.Offset+p.Limit)
	order := ` ORDER BY c.activity_at DESC, c.id DESC LIMIT ` + placeholder(len(args))
	isGuest := true // or nobody knows, without a row to say it
	page, err := collect(r.brief(ctx), r, "list conversations", func(row scanner) (m Membership, err error) {
		err = row.Scan(append(m.listed(), &isGuest)...)
		return m, err
	}, `SELECT `+listedColumns+`, EXISTS (SELECT 1`+guestsOnes+`)`+ownOnes+cond+order, args...)
	if err != nil {
		return nil, err
	}
	if isGuest {
		if page, err = r.withGuests(ctx, page, cond+order, args); err != nil {
			return nil, err
		}
	}
	page = page[min(p.Offset, len(page)):min(p.Offset+p.Limit, len(page))]
	for i := range page {
		page[i].UserID = p.UserID
	}
	return page, nil
}

// withGuests merges in the conversations of others.
func (r Reader) withGuests(ctx context.Context, own []Membership, rest string, args []any) ([]Membership, error) {
	others, err := collect(r.brief(ctx), r, "list conversations of others", func(row scanner) (m Membership, err error) {
		err = row.Scan(m.listed()...)
		return m, err
	}, `SELECT `+listedColumns+guestsOnes+rest, args...)
	all := append(own, others...) //nolint:gocritic // own is not used any more
	slices.SortFunc(all, func(a, b Membership) int {
		return cmp.Or(b.ActivityAt.Compare(a.ActivityAt), strings.Compare(b.ID, a.ID))
	})
	return all, err
}

// CountConversations counts what Conversations would list over all pages.
func (r Reader) CountConversations(ctx context.Context, p ConversationPage) (int64, error) {
	cond, args := p.where()
	var n int64
	err := r.q.QueryRowContext(ctx, `SELECT (SELECT count(*)`+ownOnes+cond+`) + (SELECT count(*)`+guestsOnes+cond+`)`, args...).Scan(&n)
	return n, r.wrap("count conversations", err)
}

// LockMembership is Membership for a transaction that will change the
// conversation: changes to one conversation follow each other, and who had to
// wait for one decides on what it left.
func (tx *Tx) LockMembership(ctx context.Context, conversationID, userID string) (Membership, error) {
	m, err := scanMembership(tx.q.QueryRowContext(ctx, `SELECT `+membershipColumns+`
		FROM members m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.conversation_id = $1 AND m.user_id = $2 AND c.deleted_at IS NULL`+tx.d.lockMembership, conversationID, userID))
	return m, tx.wrap("lock conversation", err)
}

// LockToSend is [Tx.LockMembership] with no more than a new message needs: the
// conversation's id, title, mode, coach and counters, and the member's id and
// role. SQLite's driver takes its time for each column.
func (tx *Tx) LockToSend(ctx context.Context, conversationID, userID string) (Membership, error) {
	m := Membership{Conversation: Conversation{ID: conversationID}, UserID: userID}
	err := tx.q.QueryRowContext(ctx, `SELECT c.title, c.title_given, c.mode, c.coach, c.last_seq, c.last_rev, c.message_count, m.role
		FROM members m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.conversation_id = $1 AND m.user_id = $2 AND c.deleted_at IS NULL`+tx.d.lockMembership, conversationID, userID).
		Scan(&m.Title, &m.TitleGiven, &m.Mode, &m.Coach, &m.LastSeq, &m.LastRev, &m.MessageCount, &m.Role)
	return m, tx.wrap("lock conversation", err)
}

// LockConversation locks a conversation for the program itself, which is no
// member; a deleted one is ErrNotFound.
func (tx *Tx) LockConversation(ctx context.Context, id string) error {
	var found string
	err := tx.q.QueryRowContext(ctx, `SELECT c.id FROM conversations c WHERE c.id = $1 AND c.deleted_at IS NULL`+tx.d.lockConversation, id).Scan(&found)
	return tx.wrap("lock conversation", err)
}

// InsertConversation stores a new one and its owner's membership.
func (tx *Tx) InsertConversation(ctx context.Context, c Conversation) error {
	tx.note(c.ID, c.OwnerID)
	_, err := tx.q.ExecContext(ctx, `INSERT INTO conversations (id, owner_id, title, title_key, title_given, mode, coach, created_at, updated_at, activity_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)`,
		c.ID, c.OwnerID, c.Title, fold(c.Title), c.TitleGiven, c.Mode, c.Coach, usec(c.CreatedAt))
	if err != nil {
		return tx.wrap("insert conversation", err)
	}
	_, err = tx.q.ExecContext(ctx, `INSERT INTO members (conversation_id, user_id, role, joined_at) VALUES ($1, $2, 'owner', $3)`,
		c.ID, c.OwnerID, usec(c.CreatedAt))
	return tx.wrap("insert owner", err)
}

// UpdateConversation stores what a person may change about a conversation.
func (tx *Tx) UpdateConversation(ctx context.Context, c Conversation) error {
	tx.note(c.ID)
	return tx.one(ctx, "update conversation", `UPDATE conversations
		SET title = $2, title_key = $3, title_given = $4, mode = $5, coach = $6, archived = $7, updated_at = $8 WHERE id = $1`,
		c.ID, c.Title, fold(c.Title), c.TitleGiven, c.Mode, c.Coach, c.Archived, usec(c.UpdatedAt))
}

// AdvanceConversation stores the counters after new messages: LastSeq,
// LastRev, MessageCount, and the title, which the first message may have given.
func (tx *Tx) AdvanceConversation(ctx context.Context, c Conversation) error {
	tx.note(c.ID)
	return tx.later(ctx, "advance conversation", `UPDATE conversations
		SET last_seq = $2, last_rev = $3, message_count = $4, title = $5, title_key = $6, last_message_at = $7, activity_at = $7, updated_at = $7
		WHERE id = $1`,
		c.ID, c.LastSeq, c.LastRev, c.MessageCount, c.Title, fold(c.Title), usec(c.LastMessageAt))
}

// NextRev takes the revision for one durable change to a message; removed is
// how many messages (0 or 1) the change takes out of the count.
func (tx *Tx) NextRev(ctx context.Context, conversationID string, removed int, at time.Time) (int64, error) {
	tx.note(conversationID)
	var rev int64
	err := tx.q.QueryRowContext(ctx, `UPDATE conversations
		SET last_rev = last_rev + 1, message_count = message_count - $2, updated_at = $3 WHERE id = $1 RETURNING last_rev`,
		conversationID, removed, usec(at)).Scan(&rev)
	return rev, tx.wrap("take revision", err)
}

// endAnswers ends the open answers of a conversation, so that nobody begins or
// goes on with one that nobody will read; its worker has lost the lease. Their
// rows are gone soon, so they take no revision.
const endAnswers = `UPDATE messages SET status = 'stopped', lease_owner = NULL, lease_until = NULL
	WHERE status IN ('pending', 'streaming') AND conversation_id `

// DeleteConversation makes a conversation invisible to everybody at once and
// ends its open answers; PurgeDeleted removes its rows later, in small steps.
func (tx *Tx) DeleteConversation(ctx context.Context, id string, at time.Time) error {
	tx.note(id)
	if _, err := tx.count(ctx, "remove members", `DELETE FROM members WHERE conversation_id = $1`, id); err != nil {
		return err
	}
	if err := tx.one(ctx, "delete conversation", `UPDATE conversations SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL`, id, usec(at)); err != nil {
		return err
	}
	if err := tx.dropUploadsOfConversation(ctx, id, at); err != nil {
		return err
	}
	_, err := tx.count(ctx, "end answers", endAnswers+`= $1`, id)
	return err
}

// DeleteConversationsOf does what the deletion of an account asks: the user's
// own conversations go, the memberships elsewhere end, and the messages
// written elsewhere become tombstones.
func (tx *Tx) DeleteConversationsOf(ctx context.Context, userID string, at time.Time) error {
	// Whoever is writing in one of them comes before, or finds it gone.
	ids, err := collect(ctx, tx.Reader, "lock conversations", func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT c.id FROM conversations c JOIN members m ON m.conversation_id = c.id WHERE m.user_id = $1 ORDER BY c.id`+tx.d.lockConversation, userID)
	if err != nil {
		return err
	}
	tx.note(append(ids, userID)...)
	if _, err := tx.count(ctx, "remove members", `DELETE FROM members WHERE user_id = $1
		OR conversation_id IN (SELECT id FROM conversations WHERE owner_id = $1)`, userID); err != nil {
		return err
	}
	if _, err := tx.count(ctx, "delete conversations", `UPDATE conversations SET deleted_at = $2 WHERE owner_id = $1 AND deleted_at IS NULL`,
		userID, usec(at)); err != nil {
		return err
	}
	if _, err := tx.count(ctx, "end answers", endAnswers+`IN (SELECT id FROM conversations WHERE owner_id = $1)`, userID); err != nil {
		return err
	}
	if err := tx.dropUploadsOfUser(ctx, userID, at); err != nil {
		return err
	}
	return tx.tombstoneMessagesOf(ctx, userID, at)
}

// PurgeDeleted removes up to limit messages of deleted conversations and, when
// none are left, conversations that have none. It tells how many rows went;
// fewer than limit means that nothing is left.
func (tx *Tx) PurgeDeleted(ctx context.Context, limit int) (int64, error) {
	n, err := tx.count(ctx, "purge messages", `DELETE FROM messages WHERE id IN (
		SELECT m.id FROM messages m WHERE m.conversation_id IN (SELECT c.id FROM conversations c WHERE c.deleted_at IS NOT NULL) LIMIT $1)`, limit)
	if err != nil || n == int64(limit) {
		return n, err
	}
	empty, err := tx.count(ctx, "purge conversations", `DELETE FROM conversations WHERE id IN (
		SELECT c.id FROM conversations c WHERE c.deleted_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id) LIMIT $1)`, int64(limit)-n)
	return n + empty, err
}
