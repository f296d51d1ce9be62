package coach

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/elite-trading-coach/coach/server/trading"
)

// Builtin is the coach that needs no key and no network: it reads the idea,
// holds it against the plan and says what it found, with the numbers. It has
// no state; the same prompt always gives the same answer.
type Builtin struct{}

// NewBuiltin makes the built-in coach.
func NewBuiltin() *Builtin { return &Builtin{} }

// Name is how answers say who gave them.
func (*Builtin) Name() string { return builtinName }

const builtinName = "built-in"

// Stream answers a prompt. Each paragraph is emitted when its work is done;
// nothing pretends to type.
func (b *Builtin) Stream(ctx context.Context, p Prompt, emit func(text string) error) (Answer, error) {
	if onlyAChart(p) {
		return Answer{Model: b.Name()}, cannotSee()
	}
	s := &script{ctx: ctx, emit: emit, prompt: p}
	s.answer.Model = b.Name()
	s.run()
	if s.err != nil { // no verdict is given halfway
		return Answer{Text: s.text.String(), Model: b.Name()}, s.err
	}
	s.answer.Text = s.text.String()
	return s.answer, nil
}

// script writes one answer from top to bottom. After the first error it stays
// silent, so that the parts below need not ask each time.
type script struct {
	ctx    context.Context
	emit   func(string) error
	prompt Prompt
	talk   talk
	text   strings.Builder
	answer Answer
	err    error
}

// run decides what kind of answer is due. A person in trouble comes before any
// sum.
func (s *script) run() {
	if kind := distressIn(s.prompt.Text); kind != distressNone {
		s.comfort(kind)
		return
	}
	s.talk = readTalk(s.prompt)
	if s.prompt.Mode == "training" && s.train() {
		return
	}
	patterns := s.patterns()
	switch {
	case s.talk.about == aboutIdeas:
		patterns = s.judge(patterns)
		s.namePattern(patterns)
	case s.prompt.Mode == "psychology":
		s.reflect(patterns)
	default:
		s.converse(patterns)
	}
	s.analysis(s.talk.review.Ideas, patterns)
}

// patterns are those of the words, then those of the journal, one of each
// name. With others present the journal stays shut.
func (s *script) patterns() []trading.Pattern {
	p := s.prompt
	if p.Others {
		return trading.Patterns(p.Text, trading.SessionState{}, p.Plan, s.scope())
	}
	found := trading.Patterns(p.Text, p.Session, p.Plan, s.scope())
	for _, kept := range trading.PatternsIn(p.Trades, p.Plan, sessionAt(p).Now, s.scope()) {
		if !slices.ContainsFunc(found, func(f trading.Pattern) bool { return f.Tag == kept.Tag }) {
			found = append(found, kept)
		}
	}
	return found
}

func (s *script) scope() trading.Scope {
	if s.prompt.Mode == "psychology" {
		return trading.AboutTrader
	}
	return trading.AboutTrade
}

// say emits one paragraph; paragraphs are parted by an empty line.
func (s *script) say(lines ...string) {
	kept := lines[:0:0]
	for _, l := range lines {
		if l != "" {
			kept = append(kept, l)
		}
	}
	if s.err != nil || len(kept) == 0 {
		return
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return
	}
	piece := strings.Join(kept, "\n")
	if s.text.Len() > 0 {
		piece = "\n\n" + piece
	}
	if s.err = s.emit(piece); s.err == nil {
		s.text.WriteString(piece)
	}
}

// analysisDoc is the analysis of a message as clients read it.
type analysisDoc struct {
	Ideas    []trading.Evaluation `json:"ideas"`
	Patterns []trading.Pattern    `json:"patterns"`
	Reading  *struct{}            `json:"reading"` // only a model that sees images fills it
}

// analysis writes the computed analysis into the answer; an answer without
// ideas and patterns has none.
func (s *script) analysis(ideas []trading.Evaluation, patterns []trading.Pattern) {
	if len(ideas) == 0 && len(patterns) == 0 {
		return
	}
	doc := analysisDoc{Ideas: ideas, Patterns: patterns}
	if doc.Ideas == nil {
		doc.Ideas = []trading.Evaluation{}
	}
	if doc.Patterns == nil {
		doc.Patterns = []trading.Pattern{}
	}
	raw, err := json.Marshal(doc)
	if err == nil {
		s.answer.Analysis = raw
	}
}
