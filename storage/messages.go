package storage

import (
	"context"
	"time"
)

// Message is one row of a conversation: what a person wrote, or the coach's
// answer, which is its own job while it is open (see answers.go).
type Message struct {
	ID, ConversationID string
	Seq                int64 // place, from 1, by one
	Rev                int64 // the conversation's revision of the last change to this row
	UserID             string
	ParentID           string
	Type               string // user, ai, system
	Content            string
	Status             string // sent; pending, streaming, completed, failed, stopped
	ImageURL           string
	Verdict            string // diamond, fire, skull or ""
	Confidence         *int   // 0–100
	Analysis           []byte // JSON or nil
	Mode, Model        string
	Usage              *Usage
	ErrorCode          string
	ErrorMessage       string
	ClientMessageID    string
	BodyHash           string // of what the client sent, to tell a retry from a mistake
	CreatedAt          time.Time
	UpdatedAt          time.Time
	EditedAt           time.Time
	DeletedAt          time.Time

	AskedBy       string // whose question, and whose allowance, an answer is
	LeaseOwner    string
	LeaseUntil    time.Time
	Attempt       int
	StopRequested bool
	Uploads       []byte    // what it shows of its images, as JSON, or nil
	ResetsAt      time.Time // with BUDGET_EXHAUSTED: when there are answers again
}

// Usage is what a model counted; CostMicros is in millionths of a dollar.
type Usage struct {
	PromptTokens, CompletionTokens, CostMicros int64
}

// shownColumns are those of a message that its readers see, and whose question
// an answer is; messageColumns are all of them.
const (
	shownColumns = `m.id, m.seq, m.rev, m.user_id, m.parent_id, m.type, m.content, m.status, m.image_url,
		m.verdict, m.confidence, m.analysis, m.mode, m.model, m.prompt_tokens, m.completion_tokens, m.cost_micros, m.error_code, m.error_message,
		m.client_message_id, m.created_at, m.updated_at, m.edited_at, m.deleted_at, m.asked_by, m.uploads`
	messageColumns = shownColumns + `, m.conversation_id, m.body_hash, m.lease_owner, m.lease_until, m.attempt, m.stop_requested, m.resets_at`
)

// shown are the places of shownColumns.
func (m *Message) shown(rest *rarely) []any {
	return []any{
		&m.ID, &m.Seq, &m.Rev, (*opt)(&m.UserID), (*opt)(&m.ParentID), &m.Type, &m.Content, &m.Status, (*opt)(&m.ImageURL),
		(*opt)(&m.Verdict), &m.Confidence, &rest.analysis, &m.Mode, (*opt)(&m.Model), &rest.prompt, &rest.completion, &rest.cost, (*opt)(&m.ErrorCode), (*opt)(&m.ErrorMessage),
		(*opt)(&m.ClientMessageID), (*usec)(&m.CreatedAt), (*usec)(&m.UpdatedAt), (*usec)(&m.EditedAt), (*usec)(&m.DeletedAt), (*opt)(&m.AskedBy), &rest.uploads,
	}
}

func scanMessage(row scanner) (Message, error) {
	var m Message
	var rest rarely
	err := row.Scan(append(m.shown(&rest),
		&m.ConversationID, (*opt)(&m.BodyHash), (*opt)(&m.LeaseOwner), (*usec)(&m.LeaseUntil), &m.Attempt, &m.StopRequested, (*usec)(&m.ResetsAt))...)
	rest.into(&m)
	return m, err
}

// rarely is what most messages do not have.
type rarely struct {
	analysis, uploads        opt
	prompt, completion, cost *int64
}

func (r *rarely) into(m *Message) {
	if r.analysis != "" {
		m.Analysis = []byte(r.analysis)
	}
	if r.uploads != "" {
		m.Uploads = []byte(r.uploads)
	}
	if r.prompt != nil && r.completion != nil && r.cost != nil {
		m.Usage = &Usage{*r.prompt, *r.completion, *r.cost}
	}
}

// Message finds one by id, whoever may read it.
func (r Reader) Message(ctx context.Context, id string) (Message, error) {
	m, err := scanMessage(r.q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages m WHERE m.id = $1`, id))
	return m, r.wrap("find message", err)
}

// MessageByClientID finds the message that a user's client gave this id to.
func (r Reader) MessageByClientID(ctx context.Context, userID, clientMessageID string) (Message, error) {
	m, err := scanMessage(r.q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages m WHERE m.user_id = $1 AND m.client_message_id = $2`,
		userID, clientMessageID))
	return m, r.wrap("find message by client id", err)
}

// AnswerTo finds the newest answer to a message.
func (r Reader) AnswerTo(ctx context.Context, parentID string) (Message, error) {
	m, err := scanMessage(r.q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages m
		WHERE m.parent_id = $1 AND m.type = 'ai' ORDER BY m.seq DESC LIMIT 1`, parentID))
	return m, r.wrap("find answer", err)
}

// MessagePage asks for messages by their place; Before and After are
// exclusive, 0 = open. Offset counts from the newest, for older clients.
type MessagePage struct {
	ConversationID string
	Before, After  int64
	Limit, Offset  int
}

// Messages lists a page in rising seq: with After the oldest ones after it,
// else the newest ones before Before. It reads what is shown of messages, and
// nothing of an answer's job.
func (r Reader) Messages(ctx context.Context, p MessagePage) ([]Message, error) {
	if p.Before == 0 {
		p.Before = 1 << 62
	}
	order := "DESC"
	if p.After > 0 {
		order = "ASC"
	}
	list, err := collect(r.brief(ctx), r, "list messages", p.scan, `SELECT `+shownColumns+` FROM messages m
		WHERE m.conversation_id = $1 AND m.seq > $2 AND m.seq < $3 ORDER BY m.seq `+order+` LIMIT $4 OFFSET $5`,
		p.ConversationID, p.After, p.Before, p.Limit, p.Offset)
	if order == "DESC" {
		reverse(list)
	}
	return list, err
}

func (p MessagePage) scan(row scanner) (Message, error) {
	m := Message{ConversationID: p.ConversationID}
	var rest rarely
	err := row.Scan(m.shown(&rest)...)
	rest.into(&m)
	return m, err
}

// NewestChange finds the row that changed last.
func (r Reader) NewestChange(ctx context.Context, conversationID string) (Message, error) {
	m, err := scanMessage(r.q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages m
		WHERE m.conversation_id = $1 ORDER BY m.rev DESC LIMIT 1`, conversationID))
	return m, r.wrap("find the newest change", err)
}

// MessagesSince lists the rows changed after a revision, in rising rev,
// tombstones included.
func (r Reader) MessagesSince(ctx context.Context, conversationID string, afterRev int64, limit int) ([]Message, error) {
	return collect(r.brief(ctx), r, "list changes", scanMessage, `SELECT `+messageColumns+` FROM messages m
		WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3`, conversationID, afterRev, limit)
}

// TextsSince is MessagesSince with what the index of search needs of each: its
// id, revision, status, text, and when it was written and deleted.
func (r Reader) TextsSince(ctx context.Context, conversationID string, afterRev int64, limit int) ([]Message, error) {
	return collect(r.brief(ctx), r, "list texts", scanText, `SELECT m.id, m.rev, m.status, m.content, m.created_at, m.deleted_at FROM messages m
		WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3`, conversationID, afterRev, limit)
}

func scanText(row scanner) (Message, error) {
	var m Message
	err := row.Scan(&m.ID, &m.Rev, &m.Status, &m.Content, (*usec)(&m.CreatedAt), (*usec)(&m.DeletedAt))
	return m, err
}

// LockMessage reads a message that this transaction will change. Lock its
// conversation first: everybody locks in that order.
func (tx *Tx) LockMessage(ctx context.Context, id string) (Message, error) {
	m, err := scanMessage(tx.q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages m WHERE m.id = $1`+tx.d.lockMessage, id))
	return m, tx.wrap("lock message", err)
}

// InsertMessage stores a new row; Seq and Rev are those that the conversation
// was advanced to.
func (tx *Tx) InsertMessage(ctx context.Context, m Message) error {
	return tx.later(ctx, "insert message", `INSERT INTO messages (id, conversation_id, seq, rev, user_id, parent_id, type, content, status, image_url,
			mode, client_message_id, body_hash, asked_by, error_code, error_message, resets_at, uploads, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)`,
		m.ID, m.ConversationID, m.Seq, m.Rev, opt(m.UserID), opt(m.ParentID), m.Type, m.Content, m.Status, opt(m.ImageURL),
		m.Mode, opt(m.ClientMessageID), opt(m.BodyHash), opt(m.AskedBy), opt(m.ErrorCode), opt(m.ErrorMessage), usec(m.ResetsAt), opt(m.Uploads), usec(m.CreatedAt))
}

// UpdateMessage stores everything about a row that may change. The images of
// a tombstone go with it.
func (tx *Tx) UpdateMessage(ctx context.Context, m Message) error {
	if !m.DeletedAt.IsZero() {
		if err := tx.dropUploadsOfMessage(ctx, m.ID, m.DeletedAt); err != nil {
			return err
		}
	}
	var prompt, completion, cost *int64
	if m.Usage != nil {
		prompt, completion, cost = &m.Usage.PromptTokens, &m.Usage.CompletionTokens, &m.Usage.CostMicros
	}
	return tx.one(ctx, "update message", `UPDATE messages SET rev = $2, content = $3, status = $4, image_url = $5, verdict = $6, confidence = $7,
			analysis = $8, model = $9, prompt_tokens = $10, completion_tokens = $11, cost_micros = $12, error_code = $13, error_message = $14,
			updated_at = $15, edited_at = $16, deleted_at = $17, lease_owner = $18, lease_until = $19, stop_requested = $20, resets_at = $21, user_id = $22, uploads = $23
		WHERE id = $1`,
		m.ID, m.Rev, m.Content, m.Status, opt(m.ImageURL), opt(m.Verdict), m.Confidence,
		opt(m.Analysis), opt(m.Model), prompt, completion, cost, opt(m.ErrorCode), opt(m.ErrorMessage),
		usec(m.UpdatedAt), usec(m.EditedAt), usec(m.DeletedAt), opt(m.LeaseOwner), usec(m.LeaseUntil), m.StopRequested, usec(m.ResetsAt), opt(m.UserID), opt(m.Uploads))
}

// tombstoneMessagesOf empties what a user wrote in other people's
// conversations. Each row takes a revision of its own, so that every reader
// learns of it.
func (tx *Tx) tombstoneMessagesOf(ctx context.Context, userID string, at time.Time) error {
	list, err := collect(ctx, tx.Reader, "list messages elsewhere", scanMessage, `SELECT `+messageColumns+` FROM messages m
		JOIN conversations c ON c.id = m.conversation_id
		WHERE m.user_id = $1 AND c.owner_id <> $1 AND m.deleted_at IS NULL ORDER BY m.conversation_id, m.seq`, userID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Rev, err = tx.NextRev(ctx, m.ConversationID, 1, at); err != nil {
			return err
		}
		m.Tombstone(at)
		if err := tx.UpdateMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// Tombstone empties a message and leaves its place.
func (m *Message) Tombstone(at time.Time) {
	m.Content, m.ImageURL, m.Uploads, m.Verdict, m.Confidence, m.Analysis = "", "", nil, "", nil, nil
	m.DeletedAt, m.UpdatedAt = at, at
}

func reverse[T any](list []T) {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
}
