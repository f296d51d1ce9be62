package coach

import (
	"strings"
	"time"
)

// Policy is what a model can do, what it wants and what it costs. Names alone
// do not tell (a deployment of Azure has any name), so all of it can be
// configured; [KnownPolicy] is the start.
type Policy struct {
	Vision bool // looks at images
	Tools  bool // calls functions
	// Reasoning models think before they write: they want
	// max_completion_tokens, refuse a temperature, and are silent for longer.
	Reasoning bool
	// Effort is reasoning_effort as it is sent; "" sends none.
	Effort string
	// Usage asks for the count of tokens at the end of a stream; a server that
	// refuses stream_options needs it off, and the count is then estimated.
	Usage     bool
	Context   int // tokens of prompt and answer together
	MaxTokens int // tokens of one answer, thinking included
	// FirstToken is how long the first token may take; 0: as for all.
	FirstToken time.Duration
	Price      Price
}

// Price is what tokens cost, in millionths of a US dollar for a million
// tokens: 150000 is 15 cents. Zero is free, as a model of one's own is.
type Price struct{ In, Out int64 }

const perMillion = 1_000_000

// Cost is the price of so many tokens in micro-dollars, rounded up: many small
// answers must not be free.
func (p Price) Cost(in, out int) int64 {
	return ceilDiv(int64(in)*p.In, perMillion) + ceilDiv(int64(out)*p.Out, perMillion)
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// family is what is known of models by the beginning of their name. Prices are
// those that OpenAI published for its own API in 2025; the configuration
// overrides every one of them.
type family struct {
	prefix string
	policy Policy
}

func families() []family {
	chat := Policy{Vision: true, Tools: true, Usage: true, Context: 128_000, MaxTokens: 1500}
	thinks := Policy{Vision: true, Tools: true, Usage: true, Reasoning: true, Context: 200_000, MaxTokens: 6000, FirstToken: 90 * time.Second}
	priced := func(p Policy, in, out int64) Policy { p.Price = Price{in, out}; return p }
	blind := func(p Policy) Policy { p.Vision = false; return p }
	// From chat completions the sixth generation calls no tools while it
	// reasons; the analysis is in the prompt, so it does without.
	toolless := thinks
	toolless.Tools = false
	return []family{
		{"gpt-4o-mini", priced(chat, 150_000, 600_000)},
		{"gpt-4o", priced(chat, 2_500_000, 10_000_000)},
		{"gpt-4.1-nano", priced(chat, 100_000, 400_000)},
		{"gpt-4.1-mini", priced(chat, 400_000, 1_600_000)},
		{"gpt-4.1", priced(chat, 2_000_000, 8_000_000)},
		{"gpt-5-nano", priced(thinks, 50_000, 400_000)},
		{"gpt-5-mini", priced(thinks, 250_000, 2_000_000)},
		{"gpt-5", priced(thinks, 1_250_000, 10_000_000)},
		{"gpt-6", toolless},
		{"o1-mini", blind(thinks)},
		{"o1", priced(thinks, 15_000_000, 60_000_000)},
		{"o3-mini", priced(blind(thinks), 1_100_000, 4_400_000)},
		{"o3", priced(thinks, 2_000_000, 8_000_000)},
		{"o4-mini", priced(thinks, 1_100_000, 4_400_000)},
		{"claude", chat},
		{"gemini", chat},
		{"pixtral", chat},
	}
}

// unknownPolicy suits a small model of one's own: little context, no eyes.
func unknownPolicy() Policy {
	return Policy{Tools: true, Usage: true, Context: 8192, MaxTokens: 1000}
}

// KnownPolicy is what a model's name tells. The maker before a slash, as
// OpenRouter writes it, is not looked at.
func KnownPolicy(model string) Policy {
	name := strings.ToLower(model)
	if _, own, ok := strings.Cut(name, "/"); ok {
		name = own
	}
	for _, f := range families() {
		if strings.HasPrefix(name, f.prefix) {
			return f.policy
		}
	}
	p := unknownPolicy()
	for _, sees := range []string{"vision", "llava", "-vl", "gemma3", "minicpm-v"} {
		p.Vision = p.Vision || strings.Contains(name, sees)
	}
	return p
}
