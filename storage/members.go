package storage

import (
	"context"
	"time"
)

// Member is one person in a conversation.
type Member struct {
	ConversationID, UserID string
	Username, DisplayName  string // the person's, as of now
	Role                   string // owner, member or viewer
	JoinedAt               time.Time
	LastReadSeq            int64
}

const memberColumns = `m.conversation_id, m.user_id, u.username, u.display_name, m.role, m.joined_at, m.last_read_seq`

func scanMember(row scanner) (Member, error) {
	var m Member
	err := row.Scan(&m.ConversationID, &m.UserID, (*opt)(&m.Username), &m.DisplayName, &m.Role, (*usec)(&m.JoinedAt), &m.LastReadSeq)
	return m, err
}

// Members lists who is in a conversation, in the order in which they came.
func (r Reader) Members(ctx context.Context, conversationID string) ([]Member, error) {
	return collect(ctx, r, "list members", scanMember, `SELECT `+memberColumns+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.conversation_id = $1 ORDER BY m.joined_at, m.user_id`, conversationID)
}

// Member finds one person in a conversation.
func (r Reader) Member(ctx context.Context, conversationID, userID string) (Member, error) {
	m, err := scanMember(r.q.QueryRowContext(ctx, `SELECT `+memberColumns+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.conversation_id = $1 AND m.user_id = $2`, conversationID, userID))
	return m, r.wrap("find member", err)
}

// CountMembers counts who is in a conversation.
func (r Reader) CountMembers(ctx context.Context, conversationID string) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM members WHERE conversation_id = $1`, conversationID).Scan(&n)
	return n, r.wrap("count members", err)
}

// MemberIDs lists who is in a conversation.
func (r Reader) MemberIDs(ctx context.Context, conversationID string) ([]string, error) {
	return collect(ctx, r, "list members", func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT user_id FROM members WHERE conversation_id = $1 ORDER BY user_id`, conversationID)
}

// ConversationPeers lists the people userID shares a conversation with that
// has at most crowd members, themselves left out, up to limit.
func (r Reader) ConversationPeers(ctx context.Context, userID string, crowd, limit int) ([]string, error) {
	return collect(ctx, r, "list peers", scanID, `SELECT DISTINCT b.user_id FROM members a JOIN members b ON b.conversation_id = a.conversation_id
		WHERE a.user_id = $1 AND b.user_id <> $1
		AND (SELECT count(*) FROM (SELECT 1 FROM members n WHERE n.conversation_id = a.conversation_id LIMIT $2 + 1) q) <= $2
		ORDER BY b.user_id LIMIT $3`, userID, crowd, limit)
}

func scanID(row scanner) (string, error) {
	var id string
	return id, row.Scan(&id)
}

// Departure is what others must be told when an account is deleted.
type Departure struct {
	UserID string
	// Gone is who was in each conversation that goes with its owner.
	Gone map[string][]string
	// Left is the account's membership in each conversation that stays.
	Left []Member
}

// DepartureOf reads it before [Tx.DeleteConversationsOf].
func (tx *Tx) DepartureOf(ctx context.Context, userID string) (Departure, error) {
	d := Departure{UserID: userID, Gone: map[string][]string{}}
	_, err := collect(ctx, tx.Reader, "list who is to be told", func(row scanner) (struct{}, error) {
		var conversation, user string
		err := row.Scan(&conversation, &user)
		d.Gone[conversation] = append(d.Gone[conversation], user)
		return struct{}{}, err
	}, `SELECT c.id, m.user_id FROM conversations c JOIN members m ON m.conversation_id = c.id
		WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND m.user_id <> $1 ORDER BY c.id, m.user_id`, userID)
	if err != nil {
		return d, err
	}
	d.Left, err = collect(ctx, tx.Reader, "list what is left", scanMember, `SELECT `+memberColumns+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.user_id = $1 AND m.role <> 'owner' ORDER BY m.conversation_id`, userID)
	return d, err
}

// MarkRead moves a member's read mark forward to seq, never backward; the
// caller knows that there is such a message. It reports whether the mark moved.
func (tx *Tx) MarkRead(ctx context.Context, conversationID, userID string, seq int64) (bool, error) {
	tx.note(userID)
	n, err := tx.count(ctx, "mark read", `UPDATE members SET last_read_seq = $3
		WHERE conversation_id = $1 AND user_id = $2 AND last_read_seq < $3`, conversationID, userID, seq)
	return n > 0, err
}

// PutMember adds somebody to a conversation, or changes their role in it.
func (tx *Tx) PutMember(ctx context.Context, m Member) error {
	tx.note(m.UserID)
	_, err := tx.count(ctx, "put member", `INSERT INTO members (conversation_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (conversation_id, user_id) DO UPDATE SET role = excluded.role`, m.ConversationID, m.UserID, m.Role, usec(m.JoinedAt))
	return err
}

// DeleteMember takes somebody out of a conversation.
func (tx *Tx) DeleteMember(ctx context.Context, conversationID, userID string) error {
	tx.note(userID)
	return tx.one(ctx, "delete member", `DELETE FROM members WHERE conversation_id = $1 AND user_id = $2`, conversationID, userID)
}
