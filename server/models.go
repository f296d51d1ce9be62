package server

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/metrics"
)

// newChain makes the models of the configuration, in their order.
func newChain(c configs.Config, parts coach.ModelOptions) (*coach.Chain, error) {
	prompts, err := loadPrompts(c.AI)
	if err != nil {
		return nil, err
	}
	parts.Prompts = prompts
	parts.Limits = coach.Limits{FirstToken: c.AI.FirstToken, Idle: c.AI.Idle, Total: c.AI.Total}
	var models []*coach.OpenAI
	for _, name := range c.AI.Chain() {
		if parts.Endpoint, err = endpointOf(c.AI, name); err != nil {
			return nil, err
		}
		if p := parts.Endpoint.Policy.Price; p == (coach.Price{}) && !c.AI.Policy(name).Priced && parts.Logger != nil {
			parts.Logger.Warn("a language model has no price, so it costs nothing of anybody's budget; set price=in/out in AI_POLICIES", "model", name)
		}
		models = append(models, coach.NewOpenAI(parts))
	}
	return coach.NewChain(models, parts.Hooks, parts.Logger), nil
}

// loadPrompts is what models are told.
func loadPrompts(ai configs.AI) (*coach.Prompts, error) {
	prompts, err := coach.LoadPrompts(ai.Prompts)
	if err != nil {
		return nil, fmt.Errorf("AI_PROMPTS cannot be used: %w", err)
	}
	return prompts, nil
}

// countModels has what models do counted.
func countModels(m *metrics.Metrics) coach.Hooks {
	return coach.Hooks{
		Called: func(c coach.Call) {
			m.Called(metrics.Call{
				Model: c.Model, Outcome: c.Outcome(), Took: c.Took, First: c.First,
				PromptTokens: c.Usage.PromptTokens, CompletionTokens: c.Usage.CompletionTokens, CostMicros: c.Usage.CostMicros,
			})
		},
		FellBack:   m.FellBack,
		Unverified: m.Unverified,
	}
}

// endpointOf is where a model is and what is known of it.
func endpointOf(ai configs.AI, name string) (coach.Endpoint, error) {
	said := ai.Policy(name)
	e := coach.Endpoint{Model: name, BaseURL: ai.OpenAIBaseURL, Key: ai.OpenAIKey.Reveal(), APIVersion: said.Version, Policy: policyOf(name, said)}
	if said.URL != "" {
		e.BaseURL, e.Key = said.URL, ""
	}
	if said.KeyFile != "" {
		key, err := os.ReadFile(said.KeyFile)
		if err != nil {
			return e, fmt.Errorf("AI_POLICIES: the key of %s: %w", name, err)
		}
		e.Key = strings.TrimSpace(string(key))
	}
	e.Azure = said.API == "azure" || said.API == "" && azureDeployments(e.BaseURL)
	return e, nil
}

// azureDeployments reports whether an address is of Azure's older kind, where
// each deployment has its own path; those that end in /openai/v1 speak as
// OpenAI does.
func azureDeployments(base string) bool {
	u, err := url.Parse(base)
	return err == nil && strings.HasSuffix(u.Hostname(), ".openai.azure.com") && !strings.Contains(u.Path, "/openai/v1")
}

// policyOf is what a model's name tells, and over it what was said.
func policyOf(name string, said configs.ModelPolicy) coach.Policy {
	p := coach.KnownPolicy(name)
	setToggle(said.Vision, &p.Vision)
	setToggle(said.Tools, &p.Tools)
	setToggle(said.Usage, &p.Usage)
	setToggle(said.Reasoning, &p.Reasoning)
	if said.Effort != "" {
		p.Effort = said.Effort
	}
	if said.Context > 0 {
		p.Context = said.Context
	}
	if said.MaxTokens > 0 {
		p.MaxTokens = said.MaxTokens
	}
	if said.FirstToken > 0 {
		p.FirstToken = said.FirstToken
	}
	if said.Priced {
		p.Price = coach.Price{In: said.In, Out: said.Out}
	}
	return p
}

func setToggle(text string, field *bool) {
	if text != "" {
		*field = text == "on"
	}
}

// toolsOf lets models use the tools of the journal, on the records of who
// asked.
func toolsOf(records *journal.Service) coach.Tools {
	return func(ctx context.Context, userID, name string, body []byte) (any, error) {
		return records.Tool(ctx, auth.Actor{UserID: userID}, name, body)
	}
}

// budgetOf is what a user may spend on models in a month, by their tier.
func (s *Server) budgetOf(ctx context.Context, userID string) (int64, error) {
	if !s.Config.Limits.Enabled {
		return budget.Unlimited, nil
	}
	u, err := s.store.User(ctx, userID)
	if err != nil {
		return 0, err
	}
	if (auth.Actor{Role: u.Role}).Admin() {
		return budget.Unlimited, nil
	}
	return s.tiers.Of(u.Tier).BudgetMonthMicros, nil
}
