package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// models is what is counted of language models. An answer may take several
// calls, of more than one model; what failed or was stopped has its price too,
// so tokens and money are counted by the call and not by the answer.
type models struct {
	calls      *prometheus.CounterVec
	called     *prometheus.HistogramVec
	firstToken *prometheus.HistogramVec
	tokens     *prometheus.CounterVec
	cost       *prometheus.CounterVec
	fallbacks  *prometheus.CounterVec
	unverified *prometheus.CounterVec
}

func newModels() models {
	return models{
		calls:      counters("coach_model_calls_total", "Calls of language models, by model and outcome: ok, busy, away, refused, ended.", "model", "outcome"),
		called:     histograms("coach_model_call_seconds", "From the beginning of a call to its end, with what was tried again.", patient(), "model"),
		firstToken: histograms("coach_model_first_token_seconds", "From the request to the model's first token.", patient(), "model"),
		tokens:     counters("coach_answer_tokens_total", "Tokens that models counted, by kind: prompt, completion.", "model", "kind"),
		cost:       counters("coach_answer_cost_dollars_total", "What answers cost, in US dollars.", "model"),
		fallbacks:  counters("coach_answer_fallbacks_total", "Answers that another gave than was meant to, by reason: unavailable, budget.", "from", "to", "reason"),
		unverified: counters("coach_answer_numbers_unverified_total", "Numbers in models' texts that were found nowhere.", "model"),
	}
}

func (m models) all() []prometheus.Collector {
	return []prometheus.Collector{m.calls, m.called, m.firstToken, m.tokens, m.cost, m.fallbacks, m.unverified}
}

// Call is one call of a language model that ended.
type Call struct {
	Model, Outcome                 string
	Took                           time.Duration
	First                          time.Duration // to the first token; 0: none came
	PromptTokens, CompletionTokens int
	CostMicros                     int64 // USD, millionths
}

// Called counts it.
func (m *Metrics) Called(c Call) {
	if m == nil {
		return
	}
	m.calls.WithLabelValues(c.Model, c.Outcome).Inc()
	m.called.WithLabelValues(c.Model).Observe(c.Took.Seconds())
	if c.First > 0 {
		m.firstToken.WithLabelValues(c.Model).Observe(c.First.Seconds())
	}
	m.tokens.WithLabelValues(c.Model, "prompt").Add(float64(c.PromptTokens))
	m.tokens.WithLabelValues(c.Model, "completion").Add(float64(c.CompletionTokens))
	m.cost.WithLabelValues(c.Model).Add(float64(c.CostMicros) / 1e6)
}

// FellBack counts an answer that another gave than was meant to.
func (m *Metrics) FellBack(from, to, reason string) {
	if m != nil {
		m.fallbacks.WithLabelValues(from, to, reason).Inc()
	}
}

// Unverified counts the numbers of an answer that were found nowhere.
func (m *Metrics) Unverified(model string, n int) {
	if m != nil {
		m.unverified.WithLabelValues(model).Add(float64(n))
	}
}

// breakers shows the circuit breaker of each model; read gives a state by
// model.
type breakers struct {
	read func() map[string]string
	desc *prometheus.Desc
}

func newBreakers(read func() map[string]string) breakers {
	return breakers{read, prometheus.NewDesc("coach_model_breaker", "1 at the state in which a model's circuit breaker is: closed, half-open, open.", []string{"model", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (b breakers) Describe(to chan<- *prometheus.Desc) { to <- b.desc }

// Collect implements prometheus.Collector.
func (b breakers) Collect(to chan<- prometheus.Metric) {
	for model, is := range b.read() {
		for _, state := range []string{"closed", "half-open", "open"} {
			value := 0.0
			if state == is {
				value = 1
			}
			to <- prometheus.MustNewConstMetric(b.desc, prometheus.GaugeValue, value, model, state)
		}
	}
}
