package loadtest

import "time"

// Report is what came of a run. Its JSON keys are stable: other programs read
// them. Times end in Ms (milliseconds), Seconds, or Micros (microseconds).
type Report struct {
	Format      int                `json:"format"` // 1; rises when a key changes its meaning
	Build       string             `json:"build"`
	URL         string             `json:"url"`
	Database    string             `json:"database"` // SQLite or Postgres where the server was spawned, else ""
	Scenario    string             `json:"scenario"`
	Connections int                `json:"connections"` // asked for
	Users       int                `json:"users"`
	StartedAt   time.Time          `json:"startedAt"`
	RampSeconds float64            `json:"rampSeconds"` // until every socket was there, or given up
	LoadSeconds float64            `json:"loadSeconds"`
	Chaos       bool               `json:"chaos"`
	Interrupted bool               `json:"interrupted"`
	Passed      bool               `json:"passed"` // every threshold holds
	Thresholds  []Outcome          `json:"thresholds"`
	Sockets     Sockets            `json:"sockets"`
	Messages    Messages           `json:"messages"`
	Answers     Answers            `json:"answers"`
	Checked     Checked            `json:"checked"`
	Findings    []Finding          `json:"findings"` // the first of them, in words
	Latencies   map[string]Latency `json:"latencies"`
	Generator   Generator          `json:"generator"`
	Server      *Server            `json:"server"` // null unless it was spawned, where the system tells
	Errors      []Trouble          `json:"errors"`
	Notes       []string           `json:"notes"` // what the reader should know
	Seconds     []Second           `json:"seconds"`
}

// Sockets is how connections fared. What the test itself did to them (Cuts,
// Pauses, Kills) is not held against the server.
type Sockets struct {
	Connected       int64   `json:"connected"`       // connections that were made
	There           int     `json:"there"`           // sockets connected in the end
	StayedUpPercent float64 `json:"stayedUpPercent"` // of the sockets: there in the end, and never lost but by us
	Drops           int64   `json:"drops"`           // connections lost, but by us
	FailedConnects  int64   `json:"failedConnects"`
	Reconnects      int64   `json:"reconnects"`
	Recovered       int64   `json:"recovered"` // of them, those that the server took up where they were
	Cuts            int64   `json:"cuts"`
	Pauses          int64   `json:"pauses"`
	Kills           int64   `json:"kills"` // of the server
}

// Messages counts messages of people.
type Messages struct {
	Planned             int64   `json:"planned"` // that the schedule asked for
	Sent                int64   `json:"sent"`    // sends, repeated ones too
	Acked               int64   `json:"acked"`
	Refused             int64   `json:"refused"`
	Unacked             int64   `json:"unacked"`   // neither, in the end
	Delivered           int64   `json:"delivered"` // events at sockets, one for each; what came with a catch-up is not among them
	AckTimeouts         int64   `json:"ackTimeouts"`
	Events              int64   `json:"events"` // of any kind, at all sockets
	AckedPerSecond      float64 `json:"ackedPerSecond"`
	DeliveriesPerSecond float64 `json:"deliveriesPerSecond"`
}

// Answers counts the coach's answers, as who asked heard them.
type Answers struct {
	Finished int64 `json:"finished"`
	Failed   int64 `json:"failed"`
}

// Checked is what was held against each other, and the faults found.
type Checked struct {
	Conversations int   `json:"conversations"`
	Rows          int   `json:"rows"`
	Lost          int64 `json:"lost"`
	Doubled       int64 `json:"doubled"`
	Reordered     int64 `json:"reordered"`
	Forged        int64 `json:"forged"`
	Gaps          int64 `json:"gaps"`
}

// Generator says whether this program was what was measured.
type Generator struct {
	CPUPercent  float64  `json:"cpuPercent"` // of one core, during the load; 0 where the system does not tell
	Cores       int      `json:"cores"`
	LagP99      float64  `json:"lagP99Ms"`
	Bottleneck  bool     `json:"bottleneck"`
	Because     []string `json:"because"`
	MemoryBytes int64    `json:"memoryBytes"`
}

// Server is what a spawned server used. CPU of the load is divided by what was
// done in it, so Micros per message holds its share of deliveries and answers.
type Server struct {
	CPUSeconds           float64 `json:"cpuSeconds"` // during the load
	CPUPercent           float64 `json:"cpuPercent"` // of one core, likewise
	CPUMicrosPerMessage  float64 `json:"cpuMicrosPerMessage"`
	CPUMicrosPerDelivery float64 `json:"cpuMicrosPerDelivery"`
	CPUMicrosPerConnect  float64 `json:"cpuMicrosPerConnect"`      // while sockets connected
	CPUMicrosPerSocket   float64 `json:"cpuMicrosPerSocketSecond"` // during the load, for one socket and second
	RSSBytesBefore       int64   `json:"rssBytesBefore"`           // ready, with its users made
	RSSBytesConnected    int64   `json:"rssBytesConnected"`        // with every socket there
	RSSBytesPeak         int64   `json:"rssBytesPeak"`
	RSSBytesPerSocket    float64 `json:"rssBytesPerSocket"`
}

// value finds a metric of a threshold; measured is false where nothing of the
// kind happened.
func (r *Report) value(metric, stat string) (v float64, measured bool) {
	if l, timed := r.Latencies[metric]; timed {
		return l.stat(stat), l.Count > 0 || stat == "count"
	}
	return r.counts()[metric], metric != "up" || r.Connections > 0
}

func (l Latency) stat(name string) float64 {
	return map[string]float64{
		"count": float64(l.Count), "min": l.Min, "mean": l.Mean, "p50": l.P50, "p90": l.P90, "p95": l.P95, "p99": l.P99,
		"p999": l.P999, "max": l.Max,
	}[name]
}

func stats() []string {
	return []string{"p50", "p90", "p95", "p99", "p999", "min", "mean", "max", "count"}
}

// counts are the metrics that are no times.
func (r *Report) counts() map[string]float64 {
	return map[string]float64{
		"up": r.Sockets.StayedUpPercent, "drops": float64(r.Sockets.Drops), "failed_connects": float64(r.Sockets.FailedConnects),
		"reconnects": float64(r.Sockets.Reconnects), "recovered": float64(r.Sockets.Recovered),
		"acked": float64(r.Messages.Acked), "refused": float64(r.Messages.Refused), "unacked": float64(r.Messages.Unacked),
		"delivered": float64(r.Messages.Delivered), "ack_timeouts": float64(r.Messages.AckTimeouts), "rate": r.Messages.AckedPerSecond,
		"answers": float64(r.Answers.Finished), "answers_failed": float64(r.Answers.Failed),
		"lost": float64(r.Checked.Lost), "doubled": float64(r.Checked.Doubled), "reordered": float64(r.Checked.Reordered),
		"forged": float64(r.Checked.Forged), "gaps": float64(r.Checked.Gaps),
	}
}
