package metrics

import (
	"context"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/procfs"
)

// window is how many seconds [Metrics.Recent] looks back.
const window = 10

// Recent is what happened in the last ten seconds, or since the start if that
// is later. Latencies are in seconds, read off the histograms' buckets as
// Prometheus' histogram_quantile does; 0 when nothing happened.
type Recent struct {
	Messages, Events, Requests, Refusals float64 // a second
	AckP50, AckP99                       float64
	FirstTextP50, FirstTextP99           float64
	CPUPercent                           float64 // of one core; 0 where the system does not tell
	ResidentBytes, HeapBytes             int64
	Goroutines                           int
}

// recent keeps what the counters were, second by second.
type recent struct {
	mu      sync.Mutex
	seconds []second // oldest first, at most window+1
}

// second is the counters at one moment.
type second struct {
	at                                   time.Time
	messages, events, requests, refusals float64
	acks, firstText                      histogram
	cpuSeconds                           float64
}

// Run keeps what [Metrics.Recent] needs, until ctx ends.
func (m *Metrics) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		m.keep()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (m *Metrics) keep() {
	now := m.read()
	m.recent.mu.Lock()
	defer m.recent.mu.Unlock()
	if len(m.recent.seconds) > window {
		m.recent.seconds = append(m.recent.seconds[:0], m.recent.seconds[1:]...)
	}
	m.recent.seconds = append(m.recent.seconds, now)
}

func (m *Metrics) read() second {
	s := second{at: time.Now(), messages: sum(m.messages), events: sum(m.events), requests: sum(m.requests), refusals: sum(m.refusals)}
	s.acks, s.firstText = merge(m.acks), merge(m.firstText)
	if stat, err := self(); err == nil {
		s.cpuSeconds = stat.CPUTime()
	}
	return s
}

// Recent is what happened of late.
func (m *Metrics) Recent() Recent {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	r := Recent{HeapBytes: int64(memory.HeapAlloc), ResidentBytes: int64(memory.Sys), Goroutines: runtime.NumGoroutine()}
	if stat, err := self(); err == nil {
		r.ResidentBytes = int64(stat.ResidentMemory())
	}
	m.recent.mu.Lock()
	defer m.recent.mu.Unlock()
	if len(m.recent.seconds) < 2 {
		return r
	}
	first, last := m.recent.seconds[0], m.recent.seconds[len(m.recent.seconds)-1]
	took := last.at.Sub(first.at).Seconds()
	r.Messages, r.Events = (last.messages-first.messages)/took, (last.events-first.events)/took
	r.Requests, r.Refusals = (last.requests-first.requests)/took, (last.refusals-first.refusals)/took
	acks, texts := last.acks.since(first.acks), last.firstText.since(first.firstText)
	r.AckP50, r.AckP99 = acks.quantile(0.5), acks.quantile(0.99)
	r.FirstTextP50, r.FirstTextP99 = texts.quantile(0.5), texts.quantile(0.99)
	r.CPUPercent = 100 * (last.cpuSeconds - first.cpuSeconds) / took
	return r
}

// self is what the system tells of this process, on Linux.
func self() (procfs.ProcStat, error) {
	p, err := procfs.Self()
	if err != nil {
		return procfs.ProcStat{}, err
	}
	return p.Stat()
}

// collected is everything that a collector shows now.
func collected(c prometheus.Collector) []*dto.Metric {
	found := make(chan prometheus.Metric)
	go func() { defer close(found); c.Collect(found) }()
	var all []*dto.Metric
	for one := range found {
		out := &dto.Metric{}
		if one.Write(out) == nil {
			all = append(all, out)
		}
	}
	return all
}

// sum adds a counter up over its labels.
func sum(c prometheus.Collector) float64 {
	total := 0.0
	for _, one := range collected(c) {
		total += one.GetCounter().GetValue()
	}
	return total
}

// histogram is the buckets of one, over all its labels: how many were at most
// each bound.
type histogram struct {
	bounds []float64 // rising, without +Inf
	counts []float64 // cumulative
	total  float64
}

func merge(c prometheus.Collector) histogram {
	var h histogram
	for _, one := range collected(c) {
		buckets := one.GetHistogram().GetBucket()
		if h.bounds == nil {
			h.bounds, h.counts = make([]float64, len(buckets)), make([]float64, len(buckets))
		}
		for i, b := range buckets {
			h.bounds[i] = b.GetUpperBound()
			h.counts[i] += float64(b.GetCumulativeCount())
		}
		h.total += float64(one.GetHistogram().GetSampleCount())
	}
	return h
}

// since is what came on top of an earlier state, which has the same bounds or
// none.
func (h histogram) since(before histogram) histogram {
	out := histogram{bounds: h.bounds, counts: append([]float64{}, h.counts...), total: h.total - before.total}
	for i, n := range before.counts {
		out.counts[i] -= n
	}
	return out
}

// quantile interpolates within the bucket that holds it, as Prometheus'
// histogram_quantile does; beyond the last bound it is that bound.
func (h histogram) quantile(q float64) float64 {
	if h.total <= 0 {
		return 0
	}
	rank := q * h.total
	below, lower := 0.0, 0.0
	for i, n := range h.counts {
		if n >= rank {
			if n == below {
				return h.bounds[i]
			}
			return lower + (h.bounds[i]-lower)*math.Max(0, rank-below)/(n-below)
		}
		below, lower = n, h.bounds[i]
	}
	return lower
}
