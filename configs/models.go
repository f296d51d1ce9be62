package configs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ModelPolicy is what is said of one model in AI_POLICIES: its name, then
// settings as name=value. What is not said is as the name tells.
type ModelPolicy struct {
	Model string
	// URL is another endpoint than OPENAI_BASE_URL. The key of the one is not
	// sent to the other: KeyFile holds its own, "" for none.
	URL, KeyFile string
	// API is openai or azure; Version is Azure's api-version.
	API, Version string
	// Vision, Tools, Usage and Reasoning are on, off or not said.
	Vision, Tools, Usage, Reasoning string
	Effort                          string // reasoning_effort
	Context, MaxTokens              int    // tokens; 0: not said
	FirstToken                      time.Duration
	// Priced says that In and Out, micro-dollars for a million tokens, hold.
	Priced  bool
	In, Out int64

	text string // as it was written
}

// UsualModel answers where there is a key of OpenAI and nothing else.
const UsualModel = "gpt-4o-mini"

// BuiltIn is the name of the coach that needs no model; every chain ends in
// it, said or not.
const BuiltIn = "built-in"

// Chain is the language models in the order in which they are tried. It is
// empty where there is nothing to reach them with.
func (a AI) Chain() []string {
	models := a.Models
	if len(models) == 0 && (a.OpenAIKey != "" || a.OpenAIBaseURL != "") {
		if models = []string{a.OpenAIModel}; a.OpenAIModel == "" && a.OpenAIBaseURL == "" {
			models = []string{UsualModel}
		}
	}
	return slices.DeleteFunc(slices.Clone(models), func(m string) bool { return m == "" || m == BuiltIn })
}

// Policy is what is said of a model; a zero one when nothing is.
func (a AI) Policy(model string) ModelPolicy {
	for _, p := range a.Policies {
		if p.Model == model {
			return p
		}
	}
	return ModelPolicy{Model: model}
}

// checkModels looks at models, endpoints and policies together.
func (l *loader) checkModels(cfg Config, sources Sources) {
	ai := cfg.AI
	if ai.OpenAIBaseURL != "" && ai.OpenAIModel == "" && len(ai.Models) == 0 {
		l.add("ai.openaiModel", l.where("ai.openaiBaseUrl", sources), "needs OPENAI_MODEL or AI_MODELS beside it: only OpenAI's own endpoint has a usual model")
	}
	for n, m := range ai.Models {
		if m == BuiltIn && n < len(ai.Models)-1 {
			l.add("ai.models", l.where("ai.models", sources), "has the built-in coach before others; it always answers, so it can only be the last")
		}
		if m != BuiltIn && ai.OpenAIKey == "" && ai.OpenAIBaseURL == "" && ai.Policy(m).URL == "" {
			l.add("ai.models", l.where("ai.models", sources), fmt.Sprintf("names %s, and nothing says where it is: set OPENAI_API_KEY, OPENAI_BASE_URL, or url=… for it in AI_POLICIES", m))
		}
	}
	named := append(ai.Chain(), ai.OpenAIModel)
	for n, p := range ai.Policies {
		if !slices.Contains(named, p.Model) {
			text := fmt.Sprintf("is about %.60q, which is no model of AI_MODELS or OPENAI_MODEL", p.Model)
			if near := Nearest(p.Model, named); near != "" {
				text += "; did you mean " + near + "?"
			}
			l.add("ai.policies", l.where("ai.policies", sources), text)
		}
		if slices.ContainsFunc(ai.Policies[:n], func(o ModelPolicy) bool { return o.Model == p.Model }) {
			l.add("ai.policies", l.where("ai.policies", sources), "has "+p.Model+" twice; keep one of them")
		}
	}
}

func policies(field func(*Config) *[]ModelPolicy) binding {
	return binding{
		shape: "policies: model name=value …",
		set: func(c *Config, raw string) error {
			values, err := each(raw, readPolicy)
			if err != nil {
				return err
			}
			*field(c) = values
			return nil
		},
		get: func(c *Config) string {
			var texts []string
			for _, p := range *field(c) {
				texts = append(texts, p.text)
			}
			return strings.Join(texts, ",")
		},
	}
}

// readPolicy reads "qwen3:8b context=32768 vision=off".
func readPolicy(raw string) (ModelPolicy, error) {
	words := strings.Fields(raw)
	p := ModelPolicy{Model: words[0], text: strings.Join(words, " ")}
	if strings.Contains(p.Model, "=") || len(words) == 1 {
		return p, misfit{rule: "must be a model and then settings, such as my-model context=32768 vision=off", value: raw}
	}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		set, known := p.settings()[name]
		if !known {
			return p, misfit{rule: "has a setting that there is not in", value: word, near: Nearest(name, p.settingNames())}
		}
		if err := set(value); err != nil {
			return p, fmt.Errorf("%s of %s %w", name, p.Model, err)
		}
	}
	return p, nil
}

func (p *ModelPolicy) settingNames() []string {
	var names []string
	for name := range p.settings() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// settings are the names of a policy and how each is read.
func (p *ModelPolicy) settings() map[string]func(string) error {
	return map[string]func(string) error{
		"url":        func(s string) (err error) { p.URL, err = readWebURL(s); return err },
		"keyFile":    setTo(&p.KeyFile),
		"api":        among(&p.API, "openai", "azure"),
		"apiVersion": setTo(&p.Version),
		"vision":     among(&p.Vision, "on", "off"),
		"tools":      among(&p.Tools, "on", "off"),
		"usage":      among(&p.Usage, "on", "off"),
		"reasoning":  among(&p.Reasoning, "on", "off"),
		"effort":     among(&p.Effort, "none", "minimal", "low", "medium", "high", "xhigh", "max"),
		"context":    tokens(&p.Context),
		"maxTokens":  tokens(&p.MaxTokens),
		"firstToken": p.readFirstToken,
		"price":      p.readPrice,
	}
}

func setTo(field *string) func(string) error {
	return func(s string) error {
		if *field = s; s == "" {
			return errors.New("is empty")
		}
		return nil
	}
}

func among(field *string, allowed ...string) func(string) error {
	return func(s string) error {
		if *field = s; !slices.Contains(allowed, s) {
			return errors.New("must be one of " + strings.Join(allowed, ", "))
		}
		return nil
	}
}

func tokens(field *int) func(string) error {
	return func(s string) (err error) {
		if *field, err = strconv.Atoi(s); err != nil || *field < 64 || *field > 10_000_000 {
			return errors.New("must be a whole number of tokens, 64 to 10000000")
		}
		return nil
	}
}

func (p *ModelPolicy) readFirstToken(s string) (err error) {
	if p.FirstToken, err = parseDuration(s); err != nil || p.FirstToken <= 0 || p.FirstToken > time.Hour {
		return errors.New("must be a duration such as 90s")
	}
	return nil
}

// readPrice reads in/out in micro-dollars for a million tokens.
func (p *ModelPolicy) readPrice(s string) error {
	in, out, found := strings.Cut(s, "/")
	var errIn, errOut error
	p.In, errIn = strconv.ParseInt(in, 10, 64)
	p.Out, errOut = strconv.ParseInt(out, 10, 64)
	const most = 10_000_000_000 // $10 000 for a million tokens
	if !found || errIn != nil || errOut != nil || min(p.In, p.Out) < 0 || max(p.In, p.Out) > most {
		return errors.New("must be micro-dollars for a million tokens, read and written: 150000/600000 is $0.15 and $0.60")
	}
	p.Priced = true
	return nil
}
