package chat

import (
	"encoding/json"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

// Time is a moment as clients read it: RFC 3339, UTC, milliseconds, "Z".
type Time time.Time

const timeLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler; the zero time is null.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.append(nil), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = Time{}
		return nil
	}
	var v time.Time
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*t = Time(v)
	return nil
}

// Conversation is what a client sees of one. Role and LastReadSeq are the
// viewer's own and left out of what goes to several people.
type Conversation struct {
	ID            string `json:"id"`
	OwnerID       string `json:"ownerId"`
	Role          string `json:"role,omitempty"`
	Title         string `json:"title"`
	Mode          string `json:"mode"`
	Coach         string `json:"coach"`
	Archived      bool   `json:"archived"`
	LastSeq       int64  `json:"lastSeq"`
	LastRev       int64  `json:"lastRev"`
	LastReadSeq   *int64 `json:"lastReadSeq,omitempty"`
	MessageCount  int64  `json:"messageCount"`
	LastMessageAt Time   `json:"lastMessageAt"`
	CreatedAt     Time   `json:"createdAt"`
	UpdatedAt     Time   `json:"updatedAt"`
}

// conversationView shows a conversation to its member.
func conversationView(m storage.Membership) Conversation {
	v := broadcastView(m.Conversation)
	v.Role, v.LastReadSeq = m.Role, &m.LastReadSeq
	return v
}

// broadcastView shows a conversation to several people at once.
func broadcastView(c storage.Conversation) Conversation {
	return Conversation{
		ID: c.ID, OwnerID: c.OwnerID, Title: c.Title, Mode: c.Mode, Coach: c.Coach, Archived: c.Archived,
		LastSeq: c.LastSeq, LastRev: c.LastRev, MessageCount: c.MessageCount,
		LastMessageAt: Time(c.LastMessageAt), CreatedAt: Time(c.CreatedAt), UpdatedAt: Time(c.UpdatedAt),
	}
}

// Message is what a client sees of one row.
type Message struct {
	ID              string          `json:"id"`
	ConversationID  string          `json:"conversationId"`
	Seq             int64           `json:"seq"`
	Rev             int64           `json:"rev"`
	UserID          *string         `json:"userId"`
	ParentMessageID *string         `json:"parentMessageId"`
	Type            string          `json:"type"`
	Content         string          `json:"content"`
	Status          string          `json:"status"`
	Uploads         []Upload        `json:"uploads"`
	ImageURL        *string         `json:"imageUrl"`
	Verdict         *string         `json:"verdict"`
	Confidence      *int            `json:"confidence"`
	Analysis        json.RawMessage `json:"analysis"`
	Mode            string          `json:"mode"`
	Model           *string         `json:"model"`
	Usage           *Usage          `json:"usage"`
	Error           *MessageError   `json:"error"`
	ClientMessageID *string         `json:"clientMessageId"`
	CreatedAt       Time            `json:"createdAt"`
	UpdatedAt       Time            `json:"updatedAt"`
	EditedAt        Time            `json:"editedAt"`
	DeletedAt       Time            `json:"deletedAt"`
}

// Upload is an image as a client sees it. Its addresses are made by whoever
// sends it, for the one it is sent to; here they are "".
type Upload struct {
	ID             string  `json:"id"`
	URL            string  `json:"url"`
	ThumbnailURL   string  `json:"thumbnailUrl"`
	OriginalName   string  `json:"originalName"`
	Format         string  `json:"format"` // png, jpeg, webp or gif
	Width          int     `json:"width"`  // in pixels, as it is shown
	Height         int     `json:"height"`
	Bytes          int64   `json:"bytes"`
	ConversationID *string `json:"conversationId"`
	CreatedAt      Time    `json:"createdAt"`
}

// Usage is what an answer cost; CostMicros in millionths of a US dollar.
type Usage struct {
	PromptTokens     int64 `json:"promptTokens"`
	CompletionTokens int64 `json:"completionTokens"`
	CostMicros       int64 `json:"costMicros"`
}

// MessageError says why an answer failed.
type MessageError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func messageView(m storage.Message) Message {
	v := Message{
		ID: m.ID, ConversationID: m.ConversationID, Seq: m.Seq, Rev: m.Rev,
		UserID: orNull(m.UserID), ParentMessageID: orNull(m.ParentID), Type: m.Type, Content: m.Content, Status: m.Status,
		Uploads: uploadsOf(m.Uploads), ImageURL: orNull(m.ImageURL), Verdict: orNull(m.Verdict), Confidence: m.Confidence, Analysis: m.Analysis,
		Mode: m.Mode, Model: orNull(m.Model), ClientMessageID: orNull(m.ClientMessageID),
		CreatedAt: Time(m.CreatedAt), UpdatedAt: Time(m.UpdatedAt), EditedAt: Time(m.EditedAt), DeletedAt: Time(m.DeletedAt),
	}
	if m.Usage != nil {
		v.Usage = &Usage{m.Usage.PromptTokens, m.Usage.CompletionTokens, m.Usage.CostMicros}
	}
	if m.ErrorCode != "" {
		v.Error = &MessageError{m.ErrorCode, m.ErrorMessage}
	}
	return v
}

func messageViews(rows []storage.Message) []Message {
	out := make([]Message, len(rows))
	for i, m := range rows {
		out[i] = messageView(m)
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
