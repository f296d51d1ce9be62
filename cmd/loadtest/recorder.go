package loadtest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The names of what is timed, as thresholds and reports have them.
const (
	metricConnect    = "connect"     // from dialling to the answer to CONNECT
	metricAck        = "ack"         // from the intended send to the acknowledgement
	metricDelivery   = "delivery"    // from the intended send to the event at one socket
	metricFirstToken = "first_token" // from the intended send of a question to the answer's first text
	metricAnswer     = "answer"      // from the same to the finished answer
	metricRecovery   = "recovery"    // from the loss of a connection, or the planned return, to being back with all that was missed
	metricLag        = "lag"         // from the intended send to the write: the generator's own delay
)

func timed() []string {
	return []string{metricConnect, metricAck, metricDelivery, metricFirstToken, metricAnswer, metricRecovery, metricLag}
}

// maxLatency is the longest time that is told apart; three digits are kept.
const maxLatency = 10 * time.Minute

// series is the times of one kind, in microseconds: of the whole run, and of
// the current second.
type series struct {
	mu          sync.Mutex
	whole, tick *hdrhistogram.Histogram
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, maxLatency.Microseconds(), 3) }

// Recorder counts and times what happens.
type Recorder struct {
	times map[string]*series // never changes

	planned, sent, acked, refused              atomic.Int64
	delivered, events                          atomic.Int64
	connects, failedConnects, drops            atomic.Int64
	reconnects, recovered, cuts, pauses, kills atomic.Int64
	ackTimeouts, answered, answersFailed       atomic.Int64
	up                                         atomic.Int64
}

func newRecorder() *Recorder {
	r := &Recorder{times: map[string]*series{}}
	for _, name := range timed() {
		r.times[name] = &series{whole: newHistogram(), tick: newHistogram()}
	}
	return r
}

// time writes down how long something took.
func (r *Recorder) time(metric string, took time.Duration) {
	us := max(1, min(took, maxLatency).Microseconds())
	s := r.times[metric]
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.whole.RecordValue(us) // within its bounds
	_ = s.tick.RecordValue(us)
}

// Latency sums up one kind of times, in milliseconds.
type Latency struct {
	Count int64   `json:"count"`
	Min   float64 `json:"minMs"`
	Mean  float64 `json:"meanMs"`
	P50   float64 `json:"p50Ms"`
	P90   float64 `json:"p90Ms"`
	P95   float64 `json:"p95Ms"`
	P99   float64 `json:"p99Ms"`
	P999  float64 `json:"p999Ms"`
	Max   float64 `json:"maxMs"`
}

func (r *Recorder) latency(metric string) Latency {
	s := r.times[metric]
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.whole
	if h.TotalCount() == 0 {
		return Latency{}
	}
	at := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }
	return Latency{
		Count: h.TotalCount(), Min: float64(h.Min()) / 1000, Mean: h.Mean() / 1000, P50: at(50), P90: at(90), P95: at(95),
		P99: at(99), P999: at(99.9), Max: float64(h.Max()) / 1000,
	}
}

// Second is one second of the run. Counts are of that second, Up is the
// sockets that were connected at its end; latencies are 0 where nothing was
// timed.
type Second struct {
	At          float64 `json:"atSeconds"` // since the first socket dialled
	Up          int64   `json:"up"`
	Sent        int64   `json:"sent"`
	Acked       int64   `json:"acked"`
	Delivered   int64   `json:"delivered"`
	AckP50      float64 `json:"ackP50Ms"`
	AckP99      float64 `json:"ackP99Ms"`
	DeliveryP50 float64 `json:"deliveryP50Ms"`
	DeliveryP99 float64 `json:"deliveryP99Ms"`
}

// sampler turns the counters into seconds.
type sampler struct {
	r                      *Recorder
	began                  time.Time
	sent, acked, delivered int64
}

func (s *sampler) next(now time.Time) Second {
	sent, acked, delivered := s.r.sent.Load(), s.r.acked.Load(), s.r.delivered.Load()
	second := Second{
		At: now.Sub(s.began).Seconds(), Up: s.r.up.Load(), Sent: sent - s.sent, Acked: acked - s.acked, Delivered: delivered - s.delivered,
	}
	s.sent, s.acked, s.delivered = sent, acked, delivered
	second.AckP50, second.AckP99 = s.r.times[metricAck].turn()
	second.DeliveryP50, second.DeliveryP99 = s.r.times[metricDelivery].turn()
	return second
}

// turn gives two percentiles of the second that ends, in milliseconds.
func (s *series) turn() (p50, p99 float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tick.TotalCount() == 0 {
		return 0, 0
	}
	p50, p99 = float64(s.tick.ValueAtQuantile(50))/1000, float64(s.tick.ValueAtQuantile(99))/1000
	s.tick.Reset()
	return p50, p99
}
