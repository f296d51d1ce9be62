// Package api holds the shapes that go over the wire to operators and their
// tools, and the client that speaks them.
//
// It is a leaf: the server writes these shapes, and `coach health`, the admin
// screen and the load test read them, so that both sides are held to one
// declaration. Names and meanings are those of the public contract; its field
// names are camelCase, its times RFC 3339 in UTC with milliseconds.
package api

import (
	"encoding/json"
	"fmt"
	"time"
)

// Build says which program is running.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"` // RFC 3339, "" when unknown
}

// Success is the envelope of a reply that did what was asked.
type Success[T any] struct {
	Success bool `json:"success"` // always true
	Data    T    `json:"data"`
}

// OK puts data into its envelope.
func OK[T any](data T) Success[T] { return Success[T]{Success: true, Data: data} }

// Failure is the envelope of a reply that did not. There is no top-level
// message: web clients that exist read one to decide about retries.
type Failure struct {
	Success   bool     `json:"success"` // always false
	Error     string   `json:"error"`   // one plain sentence
	Code      string   `json:"code"`
	Retryable bool     `json:"retryable"` // the very same request may succeed later
	RequestID string   `json:"requestId"`
	Details   []Detail `json:"details,omitempty"`

	// With RATE_LIMITED.
	Tier          string `json:"tier,omitempty"`
	Limit         int    `json:"limit,omitempty"`
	WindowSeconds int    `json:"windowSeconds,omitempty"`
	// With BUDGET_EXHAUSTED.
	ResetsAt *Time `json:"resetsAt,omitempty"`
	// With the refusals of health: what was found all the same.
	Data *Health `json:"data,omitempty"`
}

// NothingHere is the sentence of a NOT_FOUND for an address that no route is
// there for. A client tells by it that a server is older than itself.
const NothingHere = "There is nothing at this address."

// Detail names one field of a request and what is wrong with it.
type Detail struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// User is an account as its owner and operators see it.
type User struct {
	ID           string `json:"id"`
	Email        string `json:"email"`
	Username     string `json:"username"`
	DisplayName  string `json:"displayName"`
	Timezone     string `json:"timezone"` // IANA name
	Role         string `json:"role"`     // user, admin
	Tier         string `json:"tier"`     // free, premium, enterprise
	CreatedAt    Time   `json:"createdAt"`
	LastActiveAt Time   `json:"lastActiveAt"`
	// Disabled accounts cannot sign in; only operators see it.
	Disabled bool `json:"disabled,omitempty"`
}

// Time is a moment as the wire writes it: RFC 3339, UTC, milliseconds, Z.
type Time time.Time

const timeLayout = "2006-01-02T15:04:05.000Z"

func (t Time) String() string { return time.Time(t).UTC().Format(timeLayout) }

// MarshalJSON writes the moment, to the millisecond.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// UnmarshalJSON reads any RFC 3339 moment.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("read time: %w", err)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("read time: %w", err)
	}
	*t = Time(at.UTC())
	return nil
}
