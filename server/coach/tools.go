package coach

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	// ToolsVersion is raised when a tool's meaning changes; it is stored with
	// every answer that used one.
	ToolsVersion = "1"

	maxToolRounds = 4       // requests in which a model may call tools
	maxToolCalls  = 6       // calls in one request
	maxToolResult = 8 << 10 // bytes of a result that a model is given
	toolPatience  = 2 * time.Second
	toolTokens    = 1200 // estimate of what describing the tools costs
	readingTool   = "chart_reading"
)

// Tools runs one of the journal's tools, by its name in a path
// ("risk-reward"), on the records of one user and on nobody else's.
type Tools func(ctx context.Context, userID, name string, body []byte) (any, error)

// ToolUse is one call of a tool as it is stored with the answer.
type ToolUse struct {
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	Arguments json.RawMessage `json:"arguments"` // null where they were no JSON
	Result    json.RawMessage `json:"result"`    // null where it failed
	Error     string          `json:"error,omitempty"`
}

// Reading is what a model believes it sees in a chart. None of it is a fact
// until the trader says it too.
type Reading struct {
	Instrument string  `json:"instrument,omitempty"`
	Timeframe  string  `json:"timeframe,omitempty"`
	Levels     []Level `json:"levels"`
	Notes      string  `json:"notes,omitempty"`
	Confirmed  bool    `json:"confirmed"` // always false: the trader confirms by repeating
}

// Level is one price of a reading, as digits.
type Level struct {
	Kind  string `json:"kind"` // entry, stop, target, support, resistance, price
	Price string `json:"price"`
}

//go:embed tools.json
var toolsJSON []byte

// toolbox is the tools of one answer and what they were used for.
type toolbox struct {
	run     Tools
	userID  string
	offered []openai.Tool
	used    []ToolUse
	reading *Reading
}

// newToolbox offers what fits the prompt. With others in the conversation the
// tools that look into plan and journal stay shut.
func (m *OpenAI) newToolbox(p Prompt) (*toolbox, error) {
	var all []openai.FunctionDefinition
	if err := json.Unmarshal(toolsJSON, &all); err != nil {
		return nil, fmt.Errorf("read the tools: %w", err)
	}
	b := &toolbox{run: m.tools, userID: p.AskedBy}
	for _, f := range all {
		if b.offers(f.Name, p, m.Sees()) {
			b.offered = append(b.offered, openai.Tool{Type: openai.ToolTypeFunction, Function: &f})
		}
	}
	return b, nil
}

func (b *toolbox) offers(name string, p Prompt, sees bool) bool {
	switch name {
	case readingTool:
		return sees && len(p.Images) > 0
	case "risk_reward", "trade_pnl":
		return b.run != nil
	}
	return b.run != nil && p.AskedBy != "" && !p.Others
}

// answer runs one call and gives the message that tells the model of it.
func (b *toolbox) answer(ctx context.Context, call openai.ToolCall) openai.ChatCompletionMessage {
	use := ToolUse{Name: call.Function.Name, Version: ToolsVersion}
	result, err := b.use(ctx, call.Function.Name, []byte(orObject(call.Function.Arguments)))
	content := string(result)
	if json.Valid([]byte(orObject(call.Function.Arguments))) {
		use.Arguments = json.RawMessage(orObject(call.Function.Arguments))
	}
	if err != nil {
		use.Error = toolError(err)
		raw, _ := json.Marshal(map[string]string{"error": use.Error}) //nolint:errchkjson // a map of texts
		content = string(raw)
	} else {
		use.Result = result
	}
	b.used = append(b.used, use)
	return openai.ChatCompletionMessage{Role: openai.ChatMessageRoleTool, ToolCallID: call.ID, Content: content}
}

func orObject(arguments string) string {
	if strings.TrimSpace(arguments) == "" {
		return "{}"
	}
	return arguments
}

// use checks a call and runs it. Its arguments are checked by the tool itself,
// field by field.
func (b *toolbox) use(ctx context.Context, name string, arguments []byte) (json.RawMessage, error) {
	if !slices.ContainsFunc(b.offered, func(t openai.Tool) bool { return t.Function.Name == name }) {
		return nil, fault.New(fault.NotFound, "There is no such tool here.")
	}
	if name == readingTool {
		return b.read(arguments)
	}
	ctx, cancel := context.WithTimeout(ctx, toolPatience)
	defer cancel()
	v, err := b.run(ctx, b.userID, strings.ReplaceAll(name, "_", "-"), arguments)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	if len(raw) > maxToolResult {
		return nil, fault.New(fault.Validation, "The result is too long; ask for less.")
	}
	return raw, nil
}

// read takes what a model sees in a chart.
func (b *toolbox) read(arguments []byte) (json.RawMessage, error) {
	var r Reading
	if err := json.Unmarshal(arguments, &r); err != nil {
		return nil, fault.Wrap(fault.MalformedJSON, "The arguments are not the JSON object that was described.", err)
	}
	r.Confirmed = false
	r.Instrument, r.Timeframe, r.Notes = cut(r.Instrument, 20), cut(r.Timeframe, 20), cut(r.Notes, 500)
	levels := r.Levels
	r.Levels = []Level{}
	for _, l := range levels {
		if len(r.Levels) < 20 && len(numbersIn(l.Price)) == 1 && len(l.Price) <= 20 {
			r.Levels = append(r.Levels, Level{Kind: cut(l.Kind, 20), Price: l.Price})
		}
	}
	b.reading = &r
	return json.RawMessage(`{"noted":true,"unconfirmed":true}`), nil
}

func cut(s string, most int) string {
	s = clean(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// toolError words a failure for the model: a refusal says what to mend,
// anything else only that it failed.
func toolError(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code == fault.Internal {
		return "The tool failed; go on without it."
	}
	if len(f.Details) > 0 {
		return fmt.Sprintf("%s: %s", f.Details[0].Field, f.Details[0].Message)
	}
	return f.Message
}
