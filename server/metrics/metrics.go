// Package metrics is what is counted, and how it is shown to Prometheus.
//
// Whoever does something worth counting says so by a method of [Metrics], in
// the words of its own room; the names under which Prometheus sees it are
// written here and nowhere else. All of them begin with coach_, end with their
// unit (seconds, bytes, dollars) or _total, and have labels whose values are
// few: names of events, routes, limits and tiers, never ids or what somebody
// typed. The registry is this server's own, so that two servers in one process
// count apart. The methods may be called on a nil *Metrics, which counts
// nothing: a room that is tested alone needs none.
//
// Beside the counters since the start, [Metrics.Run] keeps what happened in the
// last seconds, which is what a person looks at ([Metrics.Recent]).
package metrics

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts for one server. Its methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	recent   *recent

	connects  *prometheus.CounterVec
	events    *prometheus.CounterVec
	acks      *prometheus.HistogramVec
	gaps      prometheus.Counter
	messages  prometheus.Counter
	requests  *prometheus.CounterVec
	served    *prometheus.HistogramVec
	refusals  *prometheus.CounterVec
	answers   *prometheus.CounterVec
	firstText *prometheus.HistogramVec
	between   *prometheus.HistogramVec
	answered  *prometheus.HistogramVec
	models
}

// quick is for what people wait for without noticing, from 0.25 ms to 8 s;
// patient for answers, from 10 ms to 3 minutes.
func quick() []float64   { return prometheus.ExponentialBuckets(0.00025, 1.6, 23) }
func patient() []float64 { return prometheus.ExponentialBuckets(0.01, 1.7, 19) }

// Build says which program is counted.
type Build struct{ Version, Commit, Date string }

// New makes the counters of a server of this build.
func New(b Build) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		recent:    &recent{},
		connects:  counters("coach_connects_total", "Sockets that were let in, by kind: fresh, recovered.", "kind"),
		events:    counters("coach_events_total", "Events from clients, by name and by what became of them: ok or a code.", "event", "outcome"),
		acks:      histograms("coach_ack_seconds", "From an event's arrival to its acknowledgement.", quick(), "event"),
		gaps:      prometheus.NewCounter(prometheus.CounterOpts{Name: "coach_bus_gaps_total", Help: "Times that a room had to look into the database for what the bus had lost."}),
		messages:  prometheus.NewCounter(prometheus.CounterOpts{Name: "coach_messages_total", Help: "Messages of people that were stored, over either transport."}),
		requests:  counters("coach_http_requests_total", "Requests, by route, method and status.", "route", "method", "status"),
		served:    histograms("coach_http_seconds", "From a request's arrival to the end of its reply; streams are left out.", quick(), "route"),
		refusals:  counters("coach_refusals_total", "Refusals by a limit, by limit and tier.", "limit", "tier"),
		answers:   counters("coach_answers_total", "Answers that ended, by status and model.", "status", "model"),
		firstText: histograms("coach_answer_first_text_seconds", "From an answer's claim to its first text.", patient(), "model"),
		between:   histograms("coach_answer_between_texts_seconds", "Between two pieces of an answer's text.", quick(), "model"),
		answered:  histograms("coach_answer_seconds", "From an answer's claim to its end.", patient(), "model"),
		models:    newModels(),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "coach_build_info", Help: "Which program runs; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit, "date": b.Date, "go": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(
		build, m.connects, m.events, m.acks, m.gaps, m.messages, m.requests, m.served, m.refusals,
		m.answers, m.firstText, m.between, m.answered,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.registry.MustRegister(m.models.all()...)
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// ServeHTTP shows everything in Prometheus' text format, or OpenMetrics where
// that is asked for.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, r)
}

// Connected counts a socket that was let in.
func (m *Metrics) Connected(recovered string) {
	if m != nil {
		m.connects.WithLabelValues(recovered).Inc()
	}
}

// The kinds of a connection.
const (
	Fresh     = "fresh"
	Recovered = "recovered"
)

// Event counts an event of a client: code is of its refusal, "" = done, and
// took from its arrival to its acknowledgement.
func (m *Metrics) Event(name, code string, took time.Duration) {
	if m == nil {
		return
	}
	if code == "" {
		code = "ok"
	}
	m.events.WithLabelValues(name, code).Inc()
	m.acks.WithLabelValues(name).Observe(took.Seconds())
}

// Gap counts a look into the database for what the bus had lost.
func (m *Metrics) Gap() {
	if m != nil {
		m.gaps.Inc()
	}
}

// Message counts a message of a person that was stored.
func (m *Metrics) Message() {
	if m != nil {
		m.messages.Inc()
	}
}

// Request is one request over HTTP that is over.
type Request struct {
	Route  string // the pattern
	Method string
	Status string // "200"
	// Took is how long it was served; 0 for a stream, which lasts as long as
	// its reader likes.
	Took time.Duration
}

// Request counts it.
func (m *Metrics) Request(r Request) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(r.Route, r.Method, r.Status).Inc()
	if r.Took > 0 {
		m.served.WithLabelValues(r.Route).Observe(r.Took.Seconds())
	}
}

// Refused counts a refusal by a limit.
func (m *Metrics) Refused(limit, tier string) {
	if m != nil {
		m.refusals.WithLabelValues(limit, tier).Inc()
	}
}

// FirstText counts how long an answer's first text took.
func (m *Metrics) FirstText(model string, took time.Duration) {
	if m != nil {
		m.firstText.WithLabelValues(model).Observe(took.Seconds())
	}
}

// NextText counts how long one of its later pieces took.
func (m *Metrics) NextText(model string, took time.Duration) {
	if m != nil {
		m.between.WithLabelValues(model).Observe(took.Seconds())
	}
}

// Answer is one answer that ended.
type Answer struct {
	Model  string // who gave it, "none" where nobody came to a word
	Status string // completed, stopped, failed
	Took   time.Duration
}

// Answered counts it.
func (m *Metrics) Answered(a Answer) {
	if m == nil {
		return
	}
	m.answers.WithLabelValues(a.Status, a.Model).Inc()
	m.answered.WithLabelValues(a.Model).Observe(a.Took.Seconds())
}
