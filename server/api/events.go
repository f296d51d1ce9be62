package api

// The names of what GET /api/admin/events tells, as server-sent events
// (WHATWG HTML, 9.2) whose data is JSON. A client skips names it does not
// know. However busy the server is, the stream stays below 100 kB a second:
// loads and changes come once a second, refusals are gathered for a second,
// log lines beyond a number are counted and left out.
const (
	EventLoad    = "load"    // a Load, each second
	EventChanged = "changed" // a Changed, at most once a second
	EventLog     = "log"     // a LogLine
	EventLimit   = "limit"   // a LimitHit
	EventAudit   = "audit"   // an AuditEntry, on whichever node
	EventLost    = "lost"    // a Lost
)

// Event is one event of the stream: its name, and the one field that goes
// with it.
type Event struct {
	Name    string
	Load    *Load
	Changed *Changed
	Log     *LogLine
	Limit   *LimitHit
	Audit   *AuditEntry
	Lost    *Lost
}

// Changed says which lists are worth pulling again.
type Changed struct {
	Connections bool `json:"connections,omitempty"`
	Rooms       bool `json:"rooms,omitempty"`
	Users       bool `json:"users,omitempty"`
	Answers     bool `json:"answers,omitempty"`
	Tiers       bool `json:"tiers,omitempty"`
	Limits      bool `json:"limits,omitempty"`
}

// LogLine is a line of the answering node's log. It holds what the log holds:
// no bodies, tokens or prompts.
type LogLine struct {
	At      Time   `json:"at"`
	Level   string `json:"level"` // DEBUG, INFO, WARN, ERROR
	Message string `json:"message"`
	Fields  string `json:"fields,omitempty"` // key=value …
}

// Lost counts what a reader who was too slow, or the bound on the stream, was
// not told.
type Lost struct {
	Events int `json:"events"`
}
