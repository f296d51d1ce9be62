package api

// Status says how a part is, or the whole.
type Status string

// The three of them. Degraded still serves, with less.
const (
	StatusOK       Status = "ok"
	StatusDegraded Status = "degraded"
	StatusDown     Status = "down"
)

// Health is what /api/health finds; each of its sub-routes finds one check.
type Health struct {
	Status Status `json:"status"`
	Build
	UptimeSeconds int64            `json:"uptimeSeconds"`
	Checks        map[string]Check `json:"checks"`
}

// Check is one part of it.
type Check struct {
	Status  Status `json:"status"`
	Message string `json:"message,omitempty"` // a sentence, fit for strangers
	// LatencyMs is how long the part took to answer, in milliseconds; 0 when
	// nobody had to wait for it.
	LatencyMs float64 `json:"latencyMs,omitempty"`
}
