package coach

import (
	"context"
	"encoding/json"
	"time"

	"github.com/elite-trading-coach/coach/server/trading"
)

// Image is a picture that belongs to a message.
type Image struct {
	ID   string // of the upload; empty for a picture that is only named
	MIME string // of the picture as it was sent; what Load gives may be another of png, jpeg, webp and gif
	Alt  string // how it is called where it cannot be seen: its name, or ""
	// Load gives the bytes as a model is to see them, already sized for it. A
	// model that sees calls it once; nil: the picture cannot be had.
	Load func(ctx context.Context) ([]byte, error)
}

// Turn is one earlier message of the conversation.
type Turn struct {
	Role   string // user or coach
	Author string // id of the person who wrote it; empty for the coach
	Text   string
	At     time.Time
	Images []Image
}

// Prompt is all that an answer may be made from.
type Prompt struct {
	Mode        string // analysis, psychology or training
	Text        string // the trader's message to answer
	Author      string // id of who wrote Text; empty: every user turn of History counts as theirs
	History     []Turn // older first, lower seqs only
	Plan        trading.Plan
	PlanVersion int
	Session     trading.SessionState // what is known of today; the zero value knows nothing
	Now         time.Time
	Timezone    string // IANA name of the trader's zone; empty: the plan's
	// Images are those of the message to answer, in the order they were sent.
	Images []Image
	// AskedBy is the id of who asked: their plan and records are looked at,
	// and their budget pays. Empty: nobody's, and tools that read records are
	// not offered.
	AskedBy string
	// AnswerID names the answer in the books of the budget, and Attempt which
	// try at it this is; a new attempt voids what an older one had reserved.
	AnswerID string
	Attempt  int
	// Others says that somebody else reads the conversation too: account money
	// is then shown only where the trader wrote it in this very message, and
	// nothing is told of the journal.
	Others bool
	// Trades are the author's own latest trades, for the patterns of the
	// journal; nil where there is none.
	Trades []trading.Trade
}

// Usage is what an answer cost. CostMicros is in millionths of a US dollar.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	CostMicros       int64
}

// Answer is a finished answer.
type Answer struct {
	Text       string
	Verdict    string          // diamond, fire, skull; empty for none
	Confidence *int            // 0–100: how much could be checked; nil without an idea
	Analysis   json.RawMessage // {ideas, patterns, reading}, or nil
	Model      string
	Usage      *Usage // nil when nothing was counted
}

// Model answers one prompt. It calls emit with each piece of text as it is
// ready, never splitting a UTF-8 character; the pieces together equal
// Answer.Text. It returns when it is done, when ctx ends, or with emit's first
// error; what it returns then is what was emitted so far.
type Model interface {
	Name() string
	Stream(ctx context.Context, p Prompt, emit func(text string) error) (Answer, error)
}

// checker is a model that looks for the numbers of a text it may have written,
// and gives what the analysis of that text is; nil where it invents none.
type checker interface {
	Check(ctx context.Context, p Prompt, text string) json.RawMessage
}
