package api

// What operators see: the answer of GET /api/admin/snapshot and its parts.
// Lists of single things are in rows.go, what can be done in verbs.go, what
// comes by itself in events.go.

// The scopes of an operator. A read-only one sees everything and is refused
// every verb.
const (
	ScopeAdmin    = "admin"
	ScopeReadOnly = "read-only"
)

// Snapshot is the server at one moment.
type Snapshot struct {
	At    Time     `json:"at"`
	You   Operator `json:"you"`
	Build Build    `json:"build"`
	// Load is the whole: the sum over nodes, the worst of their latencies.
	Load     Load     `json:"load"`
	Nodes    []Node   `json:"nodes"`
	Tiers    []Tier   `json:"tiers"`
	Database Database `json:"database"`
	// History is this node's load second by second, oldest first, the last one
	// now; only when asked for with ?history=true.
	History []Load `json:"history,omitempty"`
}

// Operator is who asks.
type Operator struct {
	// Name is a username, the name of an operator token, or "socket:" and the
	// login of who holds the other end of the admin socket.
	Name  string `json:"name"`
	Scope string `json:"scope"` // admin, read-only
}

// Load is how busy a node is. Rates and latencies are of the last ten seconds.
type Load struct {
	At    Time `json:"at"`
	Ready bool `json:"ready"` // false: starting, draining
	// Sockets are connected, Users are who they belong to, Rooms are
	// conversations that somebody has open.
	Sockets int `json:"sockets"`
	Users   int `json:"users"`
	Rooms   int `json:"rooms"`
	// QueuedBytes wait to be read by all clients together.
	QueuedBytes int64 `json:"queuedBytes"`
	// AnswersInProgress are being written, AnswersWaiting are not yet begun.
	AnswersInProgress int `json:"answersInProgress"`
	AnswersWaiting    int `json:"answersWaiting"`

	MessagesPerSecond float64 `json:"messagesPerSecond"` // stored, of people
	EventsPerSecond   float64 `json:"eventsPerSecond"`   // from clients, over sockets
	RequestsPerSecond float64 `json:"requestsPerSecond"` // over HTTP
	RefusedPerSecond  float64 `json:"refusedPerSecond"`  // by a limit

	// From an event's arrival to its acknowledgement, in milliseconds; 0 when
	// there was none.
	AckP50Ms float64 `json:"ackP50Ms"`
	AckP99Ms float64 `json:"ackP99Ms"`
	// From an answer's claim to its first text, in milliseconds; likewise.
	FirstTextP50Ms float64 `json:"firstTextP50Ms"`
	FirstTextP99Ms float64 `json:"firstTextP99Ms"`

	CPUPercent  float64 `json:"cpuPercent"`  // of one core; 0 where the system does not tell
	MemoryBytes int64   `json:"memoryBytes"` // resident, or what Go took from the system where that is not told
	HeapBytes   int64   `json:"heapBytes"`
	Goroutines  int     `json:"goroutines"`
}

// Node is one server of those that share a database.
type Node struct {
	ID        string `json:"id"`   // of this run of the program
	Name      string `json:"name"` // of the machine
	Version   string `json:"version"`
	StartedAt Time   `json:"startedAt"`
	// Self is the node that answers: lists of connections and rooms are its own.
	Self bool `json:"self"`
	Load Load `json:"load"`
}

// Database is how the records are kept.
type Database struct {
	Kind      string `json:"kind"`      // sqlite, postgres
	SizeBytes int64  `json:"sizeBytes"` // -1 where it cannot be told
	// The pool of connections (of SQLite's readers).
	OpenConnections int `json:"openConnections"`
	InUse           int `json:"inUse"`
	Idle            int `json:"idle"`
	MaxOpen         int `json:"maxOpen"`
	// How often, and how long in all, somebody waited for one of them.
	Waits         int64   `json:"waits"`
	WaitedSeconds float64 `json:"waitedSeconds"`
	// LatencyMs is what a ping took now; -1 when it failed.
	LatencyMs float64 `json:"latencyMs"`
}

// Tier is a tier: its limits beside their use.
type Tier struct {
	Name   string `json:"name"`
	Limits Limits `json:"limits"`
	// Accounts have this tier, Users of them are connected to this node, over
	// so many Sockets.
	Accounts int64 `json:"accounts"`
	Users    int   `json:"users"`
	Sockets  int   `json:"sockets"`
	// Refused counts refusals by each limit since this node started, by the
	// limit's name: requests, burst, messages, connects, …
	Refused map[string]int64 `json:"refused"`
}

// Limits are those of one tier, as the contract's section 4 has them. 0 lets
// nothing pass.
type Limits struct {
	Requests15m int `json:"requests15m"`
	// RequestsWindowSeconds is another window for Requests15m; 0: 15 minutes.
	RequestsWindowSeconds int   `json:"requestsWindowSeconds,omitempty"`
	BurstPerSecond        int   `json:"burstPerSecond"`
	MessagesPerMinute     int   `json:"messagesPerMinute"`
	AnswersPerDay         int   `json:"answersPerDay"`
	BudgetMonthMicros     int64 `json:"budgetMonthMicros"` // USD, millionths
	Uploads15m            int   `json:"uploads15m"`
	Sockets               int   `json:"sockets"` // at once
	Members               int   `json:"members"` // of one conversation
}
