package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/coach"
)

// A model at an endpoint of its own never gets the key of the usual one.
func TestWhereAModelIs(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keys, []byte("sk-own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	usual := configs.AI{OpenAIKey: "sk-usual", OpenAIBaseURL: "https://usual.example/v1"}
	for name, c := range map[string]struct {
		policy configs.ModelPolicy
		url    string
		key    string
		azure  bool
	}{
		"Usual":          {configs.ModelPolicy{}, "https://usual.example/v1", "sk-usual", false},
		"Elsewhere":      {configs.ModelPolicy{URL: "http://127.0.0.1:11434/v1"}, "http://127.0.0.1:11434/v1", "", false},
		"WithItsOwnKey":  {configs.ModelPolicy{URL: "https://other.example/v1", KeyFile: keys}, "https://other.example/v1", "sk-own", false},
		"AzureByHost":    {configs.ModelPolicy{URL: "https://us.openai.azure.com"}, "https://us.openai.azure.com", "", true},
		"AzureOfToday":   {configs.ModelPolicy{URL: "https://us.openai.azure.com/openai/v1"}, "https://us.openai.azure.com/openai/v1", "", false},
		"AzureBySaying":  {configs.ModelPolicy{URL: "https://gateway.example", API: "azure"}, "https://gateway.example", "", true},
		"NotAzureIfSaid": {configs.ModelPolicy{URL: "https://us.openai.azure.com", API: "openai"}, "https://us.openai.azure.com", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			ai := usual
			c.policy.Model = "m"
			ai.Policies = []configs.ModelPolicy{c.policy}
			e, err := endpointOf(ai, "m")
			if err != nil || e.Model != "m" || e.BaseURL != c.url || e.Key != c.key || e.Azure != c.azure {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
	_, err := endpointOf(configs.AI{Policies: []configs.ModelPolicy{{Model: "m", KeyFile: keys + ".gone"}}}, "m")
	if err == nil || !strings.HasPrefix(err.Error(), "AI_POLICIES: the key of m: ") {
		t.Errorf("a key that is not there: %v", err)
	}
}

// What is said of a model goes over what its name tells, and what is not said
// stays.
func TestPoliciesGoOverNames(t *testing.T) {
	known := coach.KnownPolicy("gpt-4o-mini")
	if got := policyOf("gpt-4o-mini", configs.ModelPolicy{}); got != known {
		t.Errorf("with nothing said: %+v", got)
	}
	got := policyOf("gpt-4o-mini", configs.ModelPolicy{
		Vision: "off", Tools: "off", Usage: "off", Reasoning: "on", Effort: "low", Context: 1000, MaxTokens: 100, FirstToken: time.Minute, Priced: true,
	})
	want := coach.Policy{Reasoning: true, Effort: "low", Context: 1000, MaxTokens: 100, FirstToken: time.Minute}
	if got != want {
		t.Errorf("with everything said: %+v", got)
	}
	if got := policyOf("gpt-4o-mini", configs.ModelPolicy{Vision: "on"}); got != known {
		t.Errorf("a price that was not said is %+v", got.Price)
	}
}

func TestTheStartFailsOnPromptsThatAreNone(t *testing.T) {
	c := configs.Config{AI: configs.AI{Prompts: t.TempDir()}}
	if _, err := newChain(c, coach.ModelOptions{}); err == nil || !strings.HasPrefix(err.Error(), "AI_PROMPTS cannot be used: ") {
		t.Errorf("an empty folder of prompts: %v", err)
	}
}
