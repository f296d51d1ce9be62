package limit

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// The tiers that are always there. Anonymous is that of an address nobody is
// signed in at; a tier nobody knows is treated as free.
const (
	Anonymous  = "anonymous"
	Free       = "free"
	Premium    = "premium"
	Enterprise = "enterprise"
)

// Tier is what a user may do; its JSON is what the database holds.
type Tier struct {
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

const (
	quarter = 15 * time.Minute
	dollar  = 1_000_000
)

// Defaults is the table of the contract, section 4.
func Defaults() map[string]Tier {
	return map[string]Tier{
		Anonymous: {Requests15m: 100, BurstPerSecond: 10},
		Free: {
			Requests15m: 100, BurstPerSecond: 10, MessagesPerMinute: 10, AnswersPerDay: 50,
			BudgetMonthMicros: 2 * dollar, Uploads15m: 5, Sockets: 5, Members: 5,
		},
		Premium: {
			Requests15m: 500, BurstPerSecond: 30, MessagesPerMinute: 30, AnswersPerDay: 500,
			BudgetMonthMicros: 25 * dollar, Uploads15m: 20, Sockets: 20, Members: 50,
		},
		Enterprise: {
			Requests15m: 5000, BurstPerSecond: 100, MessagesPerMinute: 120, AnswersPerDay: 5000,
			BudgetMonthMicros: 250 * dollar, Uploads15m: 100, Sockets: 100, Members: 2000,
		},
	}
}

// SignIn is how often one address may try to sign in, whatever the tier; the
// same rule under another key may hold for one identifier.
func SignIn() Rule { return Rule{Name: "signin", Limit: 10, Window: quarter, Strict: true} }

// Requests is the rule for calls of the API.
func (t Tier) Requests() Rule {
	window := quarter
	if t.RequestsWindowSeconds > 0 {
		window = time.Duration(t.RequestsWindowSeconds) * time.Second
	}
	return Rule{Name: "requests", Limit: t.Requests15m, Window: window}
}

// Burst is the rule for calls and socket events in one second.
func (t Tier) Burst() Rule { return Rule{Name: "burst", Limit: t.BurstPerSecond, Window: time.Second} }

// Messages is the rule for sending, over either transport.
func (t Tier) Messages() Rule {
	return Rule{Name: "messages", Limit: t.MessagesPerMinute, Window: time.Minute}
}

// Connects is the rule for opening sockets: what a bad line makes all devices
// do, and far from what a program that does nothing else can.
func (t Tier) Connects() Rule {
	return Rule{Name: "connects", Limit: 30 + 10*min(t.Sockets, 10_000), Window: time.Minute}
}

// Uploads is the rule for images.
func (t Tier) Uploads() Rule { return Rule{Name: "uploads", Limit: t.Uploads15m, Window: quarter} }

// Check reports a tier whose limits cannot be kept.
func (t Tier) Check() error {
	for _, r := range []Rule{t.Requests(), t.Burst(), t.Messages(), t.Uploads(), t.Connects()} {
		if err := r.Check(); err != nil {
			return err
		}
	}
	if t.AnswersPerDay < 0 || t.BudgetMonthMicros < 0 || t.Sockets < 0 || t.Members < 0 || t.RequestsWindowSeconds < 0 {
		return fmt.Errorf("%w: a tier has no negative limits", ErrRule)
	}
	return nil
}

// Tiers is the table that is in force: the defaults until Load says otherwise.
// Its methods are safe for concurrent use.
type Tiers struct {
	mu        sync.RWMutex
	byName    map[string]Tier
	observers []func(name string, t Tier)
}

// NewTiers makes a table of the defaults.
func NewTiers() *Tiers { return &Tiers{byName: Defaults()} }

// Of is a tier by name.
func (t *Tiers) Of(name string) Tier {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if tier, known := t.byName[name]; known {
		return tier
	}
	return t.byName[Free]
}

// Names lists the tiers in alphabetical order.
func (t *Tiers) Names() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.byName))
}

// OnChanged registers an observer of tiers that Load changed. It is called by
// Load's goroutine, outside any lock, in alphabetical order.
func (t *Tiers) OnChanged(fn func(name string, t Tier)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.observers = append(t.observers, fn)
}

// Load puts stored tiers in force, over the defaults; a tier that is missing
// is as by default again. If one of them cannot be kept, nothing changes.
func (t *Tiers) Load(stored map[string]Tier) error {
	next := Defaults()
	for name, tier := range stored {
		if err := tier.Check(); err != nil {
			return fmt.Errorf("tier %s: %w", name, err)
		}
		next[name] = tier
	}
	t.mu.Lock()
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if t.byName[name] != next[name] {
			changed = append(changed, name)
		}
	}
	t.byName = next
	observers := slices.Clone(t.observers)
	t.mu.Unlock()
	for _, name := range changed {
		for _, fn := range observers {
			fn(name, next[name])
		}
	}
	return nil
}
