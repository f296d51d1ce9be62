package coach

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	openai "github.com/sashabaranov/go-openai"

	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/trading"
)

const (
	// maxImages bounds what is sent of pictures in one request: all that one
	// message may show, five uploads and the picture that it names.
	maxImages = 6
	// imageTurns is how far back a picture is still what the talk is about.
	imageTurns = 6
)

// Stream answers a prompt: the built-in coach computes, the model tells.
func (m *OpenAI) Stream(ctx context.Context, p Prompt, emit func(string) error) (Answer, error) {
	draft, err := m.draft(ctx, p)
	if err != nil {
		return Answer{}, err
	}
	box, err := m.newToolbox(p)
	if err != nil {
		return Answer{}, err
	}
	prompts := m.prompts.Load() // the same for all of an answer
	messages, err := m.messages(ctx, p, prompts, draft)
	if err != nil {
		return Answer{}, err
	}
	t := &telling{model: m, prompt: p, box: box, messages: messages, emit: emit}
	var fallback *Fallback
	err = t.run(ctx)
	if errors.Is(err, budget.ErrOut) && t.text.Len() > 0 {
		// The model had begun and used a tool; nobody else can begin anew.
		fallback = &Fallback{From: m.Name(), Reason: reasonBudget}
		err = t.say(1)("Your budget for language models is used up for this month (UTC); from here on this is the built-in coach's answer.\n\n" + draft.Text)
	}
	if err == nil {
		err = t.keepMarks(draft.Text)
	}
	answer := Answer{
		Text: t.text.String(), Verdict: draft.Verdict, Confidence: draft.Confidence, Model: m.Name(), Usage: &t.usage,
	}
	if err != nil && answer.Text == "" {
		return answer, err
	}
	k := sources(p, draft)
	for _, use := range box.used {
		k.text(string(use.Result))
	}
	marked := unverified(answer.Text, k)
	m.hooks.Unverified(m.Name(), len(marked))
	if err != nil {
		draft.Analysis = nil // no verdict was given, but what was written stays, and its numbers with it
	}
	var badDoc error
	answer.Analysis, badDoc = told(draft.Analysis, narration{
		Reading: box.reading, NumbersUnverified: append([]string{}, marked...), Tools: append([]ToolUse{}, box.used...),
		Source: Source{Model: m.Name(), Prompts: prompts.Version, ToolsVersion: ToolsVersion, Fallback: fallback},
	})
	return answer, cmp.Or(err, badDoc)
}

// draft is the answer of the built-in coach, which nobody sees. To a model
// that sees, it does not say that it cannot.
func (m *OpenAI) draft(ctx context.Context, p Prompt) (Answer, error) {
	if m.Sees() {
		p.Images = nil
	}
	return m.builtin.Stream(ctx, p, func(string) error { return nil })
}

// telling is one answer of a model: requests until one of them calls no tool.
type telling struct {
	model    *OpenAI
	prompt   Prompt
	box      *toolbox
	messages []openai.ChatCompletionMessage
	emit     func(string) error
	text     strings.Builder
	usage    Usage
}

func (t *telling) run(ctx context.Context) error {
	for round := range maxToolRounds + 1 {
		tools := t.box.offered
		if round == maxToolRounds {
			tools = nil // now it has to say something
		}
		out, err := t.model.call(ctx, t.prompt, t.model.request(t.messages, tools), t.say(round))
		t.usage.PromptTokens += out.spent.PromptTokens
		t.usage.CompletionTokens += out.spent.CompletionTokens
		t.usage.CostMicros += out.spent.CostMicros
		if err != nil {
			return err
		}
		if len(out.tools) == 0 || tools == nil {
			break
		}
		t.useTools(ctx, out)
	}
	if strings.TrimSpace(t.text.String()) == "" {
		return &trouble{kind: troubleAway, err: fmt.Errorf("%s said nothing", t.model.Name())}
	}
	return nil
}

// say hands text on; what is said after a tool was used begins a paragraph.
func (t *telling) say(round int) func(string) error {
	first := round > 0
	return func(piece string) error {
		if first && t.text.Len() > 0 {
			piece = "\n\n" + strings.TrimLeft(piece, "\n")
		}
		first = false
		if err := t.emit(piece); err != nil {
			return err
		}
		t.text.WriteString(piece)
		return nil
	}
}

func (t *telling) useTools(ctx context.Context, out reply) {
	calls := out.tools
	if len(calls) > maxToolCalls {
		calls = calls[:maxToolCalls]
	}
	t.messages = append(t.messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleAssistant, Content: string(out.text), ToolCalls: calls})
	for _, c := range calls {
		t.messages = append(t.messages, t.box.answer(ctx, c))
	}
}

// keepMarks adds the lines by which the next exercise finds its way, where the
// model left them out.
func (t *telling) keepMarks(draft string) error {
	if t.prompt.Mode != "training" {
		return nil
	}
	for line := range strings.Lines(draft) {
		line = strings.TrimSpace(line)
		if (drillMark.MatchString(line) || scoreMark.MatchString(line)) && !strings.Contains(t.text.String(), line) {
			if err := t.emit("\n\n" + line); err != nil {
				return err
			}
			t.text.WriteString("\n\n" + line)
		}
	}
	return nil
}

// messages is the conversation as the model is shown it: the instructions,
// what of the history fits, and the message to answer with its pictures.
func (m *OpenAI) messages(ctx context.Context, p Prompt, prompts *Prompts, draft Answer) ([]openai.ChatCompletionMessage, error) {
	system, err := prompts.instruct(p, draft, m.Sees())
	if err != nil {
		return nil, err
	}
	pictures, err := m.pictures(ctx, p)
	if err != nil {
		return nil, err
	}
	history := tellable(p)
	room := m.endpoint.Policy.Context - m.endpoint.Policy.MaxTokens - toolTokens - estimateTokens(system) - estimateTokens(p.Text) - tokensPerImage*len(pictures)
	history = history[len(history)-fitting(history, room):]
	out := []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleSystem, Content: system}}
	for _, turn := range history {
		out = append(out, turnMessage(turn, p))
	}
	return append(out, questionMessage(p, pictures)), nil
}

// tellable is the history without what others may not read: where somebody
// else is in the conversation, turns that hold the account's size.
func tellable(p Prompt) []Turn {
	if !p.Others {
		return p.History
	}
	hidden := secret(p)
	return slices.DeleteFunc(slices.Clone(p.History), func(t Turn) bool { return hidden.tells(t.Text) })
}

func turnMessage(turn Turn, p Prompt) openai.ChatCompletionMessage {
	text := turn.Text
	switch {
	case turn.Role == "coach":
		return openai.ChatCompletionMessage{Role: openai.ChatMessageRoleAssistant, Content: text}
	case p.Author != "" && turn.Author != "" && turn.Author != p.Author:
		text = "[Another person in this conversation wrote, not the trader:]\n" + text
	case strings.TrimSpace(text) == "":
		text = "[an image without words]"
	}
	return openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: text}
}

func questionMessage(p Prompt, pictures []openai.ChatMessagePart) openai.ChatCompletionMessage {
	text := p.Text
	if strings.TrimSpace(text) == "" {
		text = "[an image without words]"
	}
	if len(pictures) == 0 {
		return openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, Content: text}
	}
	parts := append([]openai.ChatMessagePart{{Type: openai.ChatMessagePartTypeText, Text: text}}, pictures...)
	return openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser, MultiContent: parts}
}

// pictures are the images that the answer needs: those of the message, else
// the trader's latest ones while the talk is still about them.
func (m *OpenAI) pictures(ctx context.Context, p Prompt) ([]openai.ChatMessagePart, error) {
	if !m.Sees() {
		return nil, nil
	}
	images := p.Images
	for n := len(p.History) - 1; n >= max(0, len(p.History)-imageTurns) && len(images) == 0; n-- {
		if turn := p.History[n]; turn.Role == "user" && (p.Author == "" || turn.Author == p.Author) {
			images = turn.Images
		}
	}
	var parts []openai.ChatMessagePart
	seen := 0
	for _, i := range images[:min(len(images), maxImages)] {
		data, err := m.look(ctx, i)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			m.log.Warn("an image could not be shown to a language model", "image", i.ID, "err", err)
			parts = append(parts, openai.ChatMessagePart{Type: openai.ChatMessagePartTypeText, Text: "[One image of the trader's could not be read. Say so.]"})
			continue
		}
		seen++
		parts = append(parts, openai.ChatMessagePart{Type: openai.ChatMessagePartTypeImageURL, ImageURL: &openai.ChatMessageImageURL{
			URL: "data:" + http.DetectContentType(data) + ";base64," + base64.StdEncoding.EncodeToString(data), Detail: openai.ImageURLDetailHigh,
		}})
	}
	if seen == 0 && onlyAChart(p) {
		return nil, fault.New(fault.AIUnavailable, "The image could not be read; send it again, or write the levels: side, instrument, entry, stop and target.")
	}
	return parts, nil
}

// look loads a picture.
func (m *OpenAI) look(ctx context.Context, i Image) ([]byte, error) {
	if i.Load == nil {
		return nil, errors.New("it is nowhere to be had")
	}
	return i.Load(ctx)
}

// Source says who gave an answer.
type Source struct {
	Model        string    `json:"model"`
	Prompts      string    `json:"prompts,omitempty"` // version of what the model was told
	ToolsVersion string    `json:"toolsVersion,omitempty"`
	Fallback     *Fallback `json:"fallback"` // null: the first choice answered
}

// Fallback says that another model was meant to answer.
type Fallback struct {
	From   string `json:"from"`
	Reason string `json:"reason"` // unavailable or budget
}

// narration is what a model adds to the computed analysis.
type narration struct {
	Reading           *Reading  `json:"reading"`
	NumbersUnverified []string  `json:"numbersUnverified"`
	Tools             []ToolUse `json:"tools"`
	Source            Source    `json:"source"`
}

// told joins the computed analysis and the narration.
func told(computed json.RawMessage, n narration) (json.RawMessage, error) {
	doc := struct {
		Ideas    json.RawMessage `json:"ideas"`
		Patterns json.RawMessage `json:"patterns"`
		narration
	}{json.RawMessage("[]"), json.RawMessage("[]"), n}
	if len(computed) > 0 {
		if err := json.Unmarshal(computed, &doc); err != nil {
			return nil, fmt.Errorf("read the computed analysis: %w", err)
		}
		doc.narration = n
	}
	return json.Marshal(doc)
}

// kept is the analysis of an unfinished text: what its numbers are worth.
func kept(marked []string) json.RawMessage {
	doc, err := json.Marshal(struct {
		analysisDoc
		NumbersUnverified []string `json:"numbersUnverified"`
	}{analysisDoc{Ideas: []trading.Evaluation{}, Patterns: []trading.Pattern{}}, append([]string{}, marked...)})
	if err != nil {
		return nil // a list of texts always encodes
	}
	return doc
}
