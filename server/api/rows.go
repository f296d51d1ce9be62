package api

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items"`
	// NextCursor asks for the page after this one; "" = this was the last.
	NextCursor string `json:"nextCursor,omitempty"`
	// Matched is how many rows the filter lets through in all, Total how many
	// there are; -1 where they were not counted.
	Matched int `json:"matched"`
	Total   int `json:"total"`
}

// Connection is one socket of the node that answers.
type Connection struct {
	ID        string `json:"id"`
	UserID    string `json:"userId"`
	Username  string `json:"username"`
	Tier      string `json:"tier"`
	Role      string `json:"role"`
	Address   string `json:"address"`   // after trusted proxies
	Transport string `json:"transport"` // polling, websocket
	UserAgent string `json:"userAgent,omitempty"`
	Recovered bool   `json:"recovered"` // came back with its rooms
	Rooms     int    `json:"rooms"`     // conversations it has open
	// What it sent and was sent, heartbeats included.
	PacketsIn  uint64 `json:"packetsIn"`
	PacketsOut uint64 `json:"packetsOut"`
	BytesIn    uint64 `json:"bytesIn"`
	BytesOut   uint64 `json:"bytesOut"`
	// QueueBytes wait for it to read.
	QueueBytes int `json:"queueBytes"`
	// Lagging answers wait to be sent whole, because it read too slowly.
	Lagging     int     `json:"lagging"`
	RoundTripMs float64 `json:"roundTripMs"` // of the last ping; 0 before the first
	ConnectedAt Time    `json:"connectedAt"`
	LastEventAt Time    `json:"lastEventAt"` // when it connected, before the first
	AgeSeconds  float64 `json:"ageSeconds"`
	IdleSeconds float64 `json:"idleSeconds"` // since its last event
}

// ConnectionDetail is a connection looked at closely.
type ConnectionDetail struct {
	Connection
	ConversationIDs []string      `json:"conversationIds"`
	Recent          []RecentEvent `json:"recent"` // what it sent last, newest first
	Limits          []LimitState  `json:"limits"` // of its user
}

// RecentEvent is an event that a client sent, without what was in it.
type RecentEvent struct {
	At     Time    `json:"at"`
	Name   string  `json:"name"`
	Code   string  `json:"code,omitempty"` // of the refusal, "" = done
	TookMs float64 `json:"tookMs"`
}

// LimitState is one limit of a user and what is left of it.
type LimitState struct {
	Name          string `json:"name"`
	Limit         int    `json:"limit"`
	Remaining     int    `json:"remaining"`
	WindowSeconds int    `json:"windowSeconds"` // 0: counted at once, as sockets are
	ResetsAt      *Time  `json:"resetsAt"`
}

// Room is a conversation that somebody on the answering node has open, without
// anything of what is said in it.
type Room struct {
	ID      string `json:"id"` // of the conversation
	Sockets int    `json:"sockets"`
	Users   int    `json:"users"`
	Rev     int64  `json:"rev"`   // delivered up to here
	Queue   int    `json:"queue"` // events that wait to be delivered
	// IdleSeconds is how long nobody has been in it; 0 while somebody is.
	IdleSeconds float64 `json:"idleSeconds"`
}

// RoomDetail is a room and who is in it, at most 1000 of them.
type RoomDetail struct {
	Room
	Connections []Connection `json:"connections"`
}

// Account is a user as operators see one.
type Account struct {
	User
	Sockets     int     `json:"sockets"` // on the answering node
	AgeSeconds  float64 `json:"ageSeconds"`
	IdleSeconds float64 `json:"idleSeconds"` // since the last activity
}

// AccountDetail is an account looked at closely.
type AccountDetail struct {
	Account
	Sessions    []AccountSession `json:"sessions"`
	Connections []Connection     `json:"connections"` // on the answering node
	Limits      []LimitState     `json:"limits"`
}

// AccountSession is one sign-in that is alive.
type AccountSession struct {
	ID         string `json:"id"`
	Address    string `json:"address"`
	UserAgent  string `json:"userAgent"`
	CreatedAt  Time   `json:"createdAt"`
	LastUsedAt Time   `json:"lastUsedAt"`
	ExpiresAt  Time   `json:"expiresAt"`
}

// Answer is an answer of the coach that is not finished, on any node, without
// its text.
type Answer struct {
	ID             string  `json:"id"` // of its message
	ConversationID string  `json:"conversationId"`
	UserID         string  `json:"userId"` // who asked
	Username       string  `json:"username"`
	Tier           string  `json:"tier"`
	Status         string  `json:"status"` // pending, streaming
	Attempt        int     `json:"attempt"`
	Model          string  `json:"model,omitempty"`
	Stopping       bool    `json:"stopping"` // somebody asked to stop it
	CreatedAt      Time    `json:"createdAt"`
	AgeSeconds     float64 `json:"ageSeconds"`
}

// LimitHit is refusals of one limit to one user or address, on the answering
// node, gathered while they follow each other.
type LimitHit struct {
	// Key is "user:<id>" or "address:<network>", which [Client.LiftLimit] takes.
	Key        string  `json:"key"`
	UserID     string  `json:"userId,omitempty"`
	Username   string  `json:"username,omitempty"`
	Address    string  `json:"address,omitempty"` // of the last one refused
	Tier       string  `json:"tier"`
	Limit      string  `json:"limit"` // its name: requests, burst, messages, signin, …
	Allowed    int     `json:"allowed"`
	Count      int64   `json:"count"`
	FirstAt    Time    `json:"firstAt"`
	LastAt     Time    `json:"lastAt"`
	AgoSeconds float64 `json:"agoSeconds"` // since the last
}

// AuditEntry is one thing that an operator did.
type AuditEntry struct {
	ID         string  `json:"id"`
	At         Time    `json:"at"`
	Actor      string  `json:"actor"`  // a username, "token:<name>", "socket:<login>", "cli:<login>"
	Action     string  `json:"action"` // user.disable, tier.edit, …
	Target     string  `json:"target"` // to whom or what
	Detail     string  `json:"detail"`
	Address    string  `json:"address"`
	AgoSeconds float64 `json:"agoSeconds"`
}
