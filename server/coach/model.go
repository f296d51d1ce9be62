package coach

import (
	"context"
	"encoding/json"
	"time"

	"github.com/elite-trading-coach/coach/server/trading"
)

// Turn is one earlier message of the conversation.
type Turn struct {
	Role   string // user or coach
	Author string // id of the person who wrote it; empty for the coach
	Text   string
	At     time.Time
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
	HasImages   bool
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
