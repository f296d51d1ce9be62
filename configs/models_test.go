package configs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPoliciesAreRead(t *testing.T) {
	for text, want := range map[string]ModelPolicy{
		"m vision=on tools=off usage=off reasoning=on": {Model: "m", Vision: "on", Tools: "off", Usage: "off", Reasoning: "on"},
		"m effort=low  context=32768\tmaxTokens=64":    {Model: "m", Effort: "low", Context: 32768, MaxTokens: 64},
		"m firstToken=90s":                             {Model: "m", FirstToken: 90 * time.Second},
		"m price=150000/600000":                        {Model: "m", Priced: true, In: 150_000, Out: 600_000},
		"m price=0/0":                                  {Model: "m", Priced: true},
		"m url=http://127.0.0.1:11434/v1":              {Model: "m", URL: "http://127.0.0.1:11434/v1"},
		"m keyFile=/run/key api=azure apiVersion=2024": {Model: "m", KeyFile: "/run/key", API: "azure", Version: "2024"},
	} {
		cfg, _ := load(t, LoadOptions{Environ: []string{"OPENAI_BASE_URL=http://h/v1", "OPENAI_MODEL=m", "AI_POLICIES=" + text}})
		if diff := cmp.Diff(want, cfg.AI.Policy("m"), cmpopts.IgnoreUnexported(ModelPolicy{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// Names of models hold colons, slashes and dots; several policies are parted
// by commas in the environment, and are a list in the file.
func TestPoliciesOfSeveralModels(t *testing.T) {
	const file = "ai:\n  openaiBaseUrl: http://h/v1\n  models: ['qwen3:8b', openai/gpt-4o-mini]\n  policies:\n    - qwen3:8b context=4096\n    - openai/gpt-4o-mini vision=off\n"
	fromFile, _ := load(t, LoadOptions{ConfigFile: "coach.yaml", readFile: files{"coach.yaml": file}.read})
	fromEnv, _ := load(t, LoadOptions{Environ: []string{
		"OPENAI_BASE_URL=http://h/v1", "AI_MODELS=qwen3:8b,openai/gpt-4o-mini", "AI_POLICIES=qwen3:8b context=4096,openai/gpt-4o-mini vision=off",
	}})
	for name, cfg := range map[string]Config{"file": fromFile, "environment": fromEnv} {
		if a, b := cfg.AI.Policy("qwen3:8b"), cfg.AI.Policy("openai/gpt-4o-mini"); a.Context != 4096 || b.Vision != "off" {
			t.Errorf("%s: %+v, %+v", name, a, b)
		}
		if p := cfg.AI.Policy("another"); p.Model != "another" || p.Context != 0 || p.Priced {
			t.Errorf("%s: of a model of which nothing is said: %+v", name, p)
		}
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"m":                      "must be a model and then settings, such as my-model context=32768 vision=off",
		"vision=on m":            "must be a model and then settings, such as my-model context=32768 vision=off",
		"m visoin=on":            "has a setting that there is not in",
		"m vision=yes":           "vision of m must be one of on, off",
		"m effort=huge":          "effort of m must be one of none, minimal, low, medium, high, xhigh, max",
		"m api=google":           "api of m must be one of openai, azure",
		"m context=12":           "context of m must be a whole number of tokens, 64 to 10000000",
		"m maxTokens=1e4":        "maxTokens of m must be a whole number of tokens",
		"m firstToken=90":        "firstToken of m must be a duration such as 90s",
		"m firstToken=-1s":       "firstToken of m must be a duration such as 90s",
		"m price=0.15":           "price of m must be micro-dollars for a million tokens",
		"m price=0.15/0.60":      "price of m must be micro-dollars for a million tokens",
		"m price=-1/0":           "price of m must be micro-dollars for a million tokens",
		"m price=1/99999999999":  "price of m must be micro-dollars for a million tokens",
		"m url=ftp://h":          "url of m must be",
		"m url=h:1/v1":           "url of m must be",
		"m keyFile=":             "keyFile of m is empty",
		"n vision=on":            `is about "n", which is no model of AI_MODELS or OPENAI_MODEL`,
		"m tools=on,m tools=off": "has m twice; keep one of them",
	} {
		_, _, err := Load(LoadOptions{Environ: []string{"OPENAI_BASE_URL=http://h/v1", "OPENAI_MODEL=m", "AI_POLICIES=" + text}, readFile: noFiles})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "AI_POLICIES in the environment") {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
	_, _, err := Load(LoadOptions{Environ: []string{"OPENAI_BASE_URL=http://h/v1", "OPENAI_MODEL=m", "AI_POLICIES=m visoin=on"}, readFile: noFiles})
	if err == nil || !strings.Contains(err.Error(), "did you mean vision?") {
		t.Errorf("the nearest name is not told: %v", err)
	}
}

func TestTheOrderOfModels(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"Nothing":           {nil, nil},
		"AKey":              {[]string{"OPENAI_API_KEY=k"}, []string{UsualModel}},
		"AKeyAndAModel":     {[]string{"OPENAI_API_KEY=k", "OPENAI_MODEL=gpt-4.1"}, []string{"gpt-4.1"}},
		"AModelWithoutKey":  {[]string{"OPENAI_MODEL=gpt-4.1"}, nil},
		"AServerOfOnesOwn":  {[]string{"OPENAI_BASE_URL=http://h/v1", "OPENAI_MODEL=m"}, []string{"m"}},
		"AnOrder":           {[]string{"OPENAI_API_KEY=k", "OPENAI_MODEL=x", "AI_MODELS=a,b,built-in"}, []string{"a", "b"}},
		"AModelByItsPolicy": {[]string{"AI_MODELS=a", "AI_POLICIES=a url=http://h/v1"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := load(t, LoadOptions{Environ: c.environ})
			if got := cfg.AI.Chain(); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for text, want := range map[string]string{
		"AI_MODELS=built-in,m": "has the built-in coach before others; it always answers, so it can only be the last",
		"AI_MODELS=m":          "names m, and nothing says where it is",
	} {
		if _, _, err := Load(LoadOptions{Environ: []string{text}, readFile: noFiles}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	refused(t, LoadOptions{Environ: []string{"OPENAI_BASE_URL=http://h/v1"}},
		"OPENAI_BASE_URL in the environment: needs OPENAI_MODEL or AI_MODELS beside it: only OpenAI's own endpoint has a usual model")
}
