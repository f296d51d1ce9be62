// Package archive is a whole account in one file, and back.
//
// The file is a zip: profile.json, then lines of JSON for the plan's versions,
// trades, verdicts, conversations with their messages, and uploads, then the
// images themselves, and at last manifest.json, which counts what is there. It
// is written as it is read from the store and never held as a whole; a file
// that was cut off has no manifest and is refused.
//
// Reading one back trusts nothing: [Open] looks at every name, size and line
// before [Archive.Load] stores the first row. Ids are made anew from the old
// ones and the account they come to, so that order and links are kept, two
// accounts may hold the same archive, and one account cannot hold it twice.
// An image goes through the checks of any upload on its way back in.
// Passwords, sessions, roles and tiers are no part of it.
package archive

import (
	"encoding/json"
	"time"
)

// What a manifest says of itself.
const (
	format  = "coach.account"
	version = 1
)

// The parts of an archive, in their order.
const (
	profileName       = "profile.json"
	plansName         = "plans.jsonl"
	tradesName        = "trades.jsonl"
	verdictsName      = "verdicts.jsonl"
	conversationsName = "conversations.jsonl"
	uploadsName       = "uploads.jsonl"
	uploadsFolder     = "uploads/"
	manifestName      = "manifest.json"
)

// manifest is the last part; Counts is by part, in lines.
type manifest struct {
	Format     string         `json:"format"`
	Version    int            `json:"version"`
	ExportedAt time.Time      `json:"exportedAt"`
	Counts     map[string]int `json:"counts"`
}

// Profile is who the account is of.
type Profile struct {
	Email       string    `json:"email"`
	Username    string    `json:"username"`
	DisplayName string    `json:"displayName"`
	Timezone    string    `json:"timezone"`
	CreatedAt   time.Time `json:"createdAt"`
}

type plan struct {
	Version   int64           `json:"version"`
	Body      json.RawMessage `json:"body"`
	CreatedAt time.Time       `json:"createdAt"`
}

type trade struct {
	ID          string          `json:"id"`
	Instrument  string          `json:"instrument"`
	Kind        string          `json:"kind"`
	Side        string          `json:"side"`
	Decision    string          `json:"decision"`
	Fills       json.RawMessage `json:"fills"`
	Fees        string          `json:"fees"`
	Stop        string          `json:"stop,omitempty"`
	Targets     json.RawMessage `json:"targets"`
	PointValue  string          `json:"pointValue,omitempty"`
	Net         string          `json:"net,omitempty"`
	Risk        string          `json:"risk,omitempty"`
	Tags        json.RawMessage `json:"tags"`
	Setup       string          `json:"setup,omitempty"`
	Emotion     string          `json:"emotion,omitempty"`
	Note        string          `json:"note,omitempty"`
	MessageID   string          `json:"messageId,omitempty"`
	VerdictID   string          `json:"verdictId,omitempty"`
	Fingerprint string          `json:"fingerprint"`
	ImportedAs  string          `json:"importedAs,omitempty"`
	ImportedN   int64           `json:"importedN,omitempty"`
	OpenedAt    time.Time       `json:"openedAt"`
	ClosedAt    *time.Time      `json:"closedAt,omitempty"`
	CreatedAt   time.Time       `json:"createdAt"`
	UpdatedAt   time.Time       `json:"updatedAt"`
}

type verdict struct {
	MessageID   string          `json:"messageId"`
	QuestionID  string          `json:"questionId"`
	PlanVersion int64           `json:"planVersion"`
	Verdict     string          `json:"verdict"`
	Confidence  *int            `json:"confidence"`
	Missed      json.RawMessage `json:"missed"`
	SealedAt    time.Time       `json:"sealedAt"`
}

// entry is a line of conversations: one of the two. Messages follow their
// conversation.
type entry struct {
	Conversation *conversation `json:"conversation,omitempty"`
	Message      *message      `json:"message,omitempty"`
}

type conversation struct {
	ID         string    `json:"id"`
	Role       string    `json:"role"` // of the account, in it
	Title      string    `json:"title"`
	TitleGiven bool      `json:"titleGiven"`
	Mode       string    `json:"mode"`
	Coach      string    `json:"coach"`
	Archived   bool      `json:"archived"`
	LastRev    int64     `json:"lastRev"`
	Count      int64     `json:"messageCount"`
	Members    []member  `json:"members"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
}

// member tells who else was there. They are not invited again by an import.
type member struct {
	Username string `json:"username"`
	Role     string `json:"role"`
}

type message struct {
	ID           string          `json:"id"`
	Seq          int64           `json:"seq"`
	Rev          int64           `json:"rev"`
	Own          bool            `json:"own"`    // the account wrote it, or asked for it
	Author       string          `json:"author"` // username of a person who is in the conversation
	ParentID     string          `json:"parentId,omitempty"`
	Type         string          `json:"type"`
	Content      string          `json:"content"`
	Status       string          `json:"status"`
	ImageURL     string          `json:"imageUrl,omitempty"`
	Uploads      []string        `json:"uploads,omitempty"` // the account's own that it shows, in order
	Verdict      string          `json:"verdict,omitempty"`
	Confidence   *int            `json:"confidence,omitempty"`
	Analysis     json.RawMessage `json:"analysis,omitempty"`
	Mode         string          `json:"mode"`
	Model        string          `json:"model,omitempty"`
	Usage        *usage          `json:"usage,omitempty"`
	ErrorCode    string          `json:"errorCode,omitempty"`
	ErrorMessage string          `json:"errorMessage,omitempty"`
	CreatedAt    time.Time       `json:"createdAt"`
	UpdatedAt    time.Time       `json:"updatedAt"`
	EditedAt     *time.Time      `json:"editedAt,omitempty"`
	DeletedAt    *time.Time      `json:"deletedAt,omitempty"`
}

type usage struct {
	PromptTokens     int64 `json:"promptTokens"`
	CompletionTokens int64 `json:"completionTokens"`
	CostMicros       int64 `json:"costMicros"`
}

// upload tells of an image of the account; File is its part of the archive,
// "" where the bytes could not be had.
type upload struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	MessageID string    `json:"messageId,omitempty"`
	Format    string    `json:"format"`
	Bytes     int64     `json:"bytes"`
	File      string    `json:"file"`
	CreatedAt time.Time `json:"createdAt"`
}

// maybe is a time that may be missing.
func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
