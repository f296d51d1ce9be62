package configs

import "time"

func aiKeys() []Key {
	return []Key{
		{
			Path: "ai.openaiApiKey", Env: "OPENAI_API_KEY", Secret: true, Unset: "the built-in coach answers",
			Help:    "key of an OpenAI-compatible provider",
			binding: hidden(func(c *Config) *Secret { return &c.AI.OpenAIKey }),
		},
		{
			Path: "ai.openaiModel", Env: "OPENAI_MODEL", Unset: "gpt-4o-mini at OpenAI",
			Help:    "model that answers",
			binding: text(func(c *Config) *string { return &c.AI.OpenAIModel }),
		},
		{
			Path: "ai.openaiBaseUrl", Env: "OPENAI_BASE_URL", Unset: "OpenAI's own",
			Help:    "endpoint of the provider",
			binding: checked(func(c *Config) *string { return &c.AI.OpenAIBaseURL }, "http(s) URL", readWebURL),
		},
		{
			Path: "ai.models", Env: "AI_MODELS", Unset: "OPENAI_MODEL, then the built-in coach",
			Help:    "models in the order in which they are tried, with commas between them",
			binding: list(func(c *Config) *[]string { return &c.AI.Models }, "model names", func(s string) (string, error) { return s, nil }),
		},
		{
			Path: "ai.policies", Env: "AI_POLICIES", Unset: "as the model's name tells",
			Help:    "what single models can do and cost, with commas between them; docs/models.md has the settings",
			binding: policies(func(c *Config) *[]ModelPolicy { return &c.AI.Policies }),
		},
		{
			Path: "ai.prompts", Env: "AI_PROMPTS", Unset: "the prompts built in",
			Help:    "folder of prompts for the models",
			binding: text(func(c *Config) *string { return &c.AI.Prompts }),
		},
		{
			Path: "ai.firstToken", Env: "AI_FIRST_TOKEN_TIMEOUT", Default: "30s",
			Help:    "how long a model may take to its first token",
			binding: span(func(c *Config) *time.Duration { return &c.AI.FirstToken }, 100*ms, 10*time.Minute),
		},
		{
			Path: "ai.idle", Env: "AI_IDLE_TIMEOUT", Default: "20s",
			Help:    "how long a model may be silent between two tokens",
			binding: span(func(c *Config) *time.Duration { return &c.AI.Idle }, 100*ms, 10*time.Minute),
		},
		{
			Path: "ai.total", Env: "AI_TOTAL_TIMEOUT", Default: "2m",
			Help:    "how long an answer may take in all",
			binding: span(func(c *Config) *time.Duration { return &c.AI.Total }, time.Second, time.Hour),
		},
		{
			Path: "ai.workers", Env: "AI_WORKERS", Default: "64",
			Help:    "answers that this node writes at once",
			binding: whole(func(c *Config) *int { return &c.AI.Workers }, 1, 10_000),
		},
		{
			Path: "ai.lease", Env: "AI_LEASE", Default: "15s",
			Help:    "how long an answer waits for a worker that is gone",
			binding: span(func(c *Config) *time.Duration { return &c.AI.Lease }, time.Second, time.Hour),
		},
	}
}
