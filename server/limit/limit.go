// Package limit answers one question: how often may this key do that?
//
// It is the generic cell rate algorithm, which keeps one number per key: the
// time at which all that was used has come back. A rule of 10 in a minute lets
// ten pass at once and then one more every six seconds; there is no window
// edge at which twice as many get through. The arithmetic is in whole
// microseconds, so that another implementation (a script in Redis) can do the
// very same; the suite in limittest holds every implementation to it.
//
// tiers.go says which rules a user of which tier has. Who is asked, and what
// is done with the answer, is the transports' affair.
package limit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Rule is a limit: so many in a window, then evenly as they come back.
type Rule struct {
	// Name tells rules of one key apart: "requests", "messages".
	Name string
	// Limit is how many may pass at once; 0 lets nothing pass.
	Limit  int
	Window time.Duration
	// Strict lets nothing pass where the nodes' shared count cannot be asked;
	// other rules are then kept by each node for itself.
	Strict bool
}

// Decision is how a key stands under a rule. All of it is true at the moment
// of the answer: exactly Remaining more would pass at once.
type Decision struct {
	Allowed          bool
	Limit, Remaining int
	// ResetsAt is when the whole limit is there again.
	ResetsAt time.Time
	// RetryAfter is how long to wait until what was refused would pass; 0 when
	// it was allowed. What can never pass says the whole window.
	RetryAfter time.Duration
}

// ErrRule says that a rule, or what was asked of it, makes no sense.
var ErrRule = errors.New("impossible limit")

// Limiter is the seam; every implementation passes the suite in limittest.
// Keys of different rules are apart. An error means that nobody knows: the
// caller decides whether to let it pass.
type Limiter interface {
	// Allow uses n of the limit, or nothing of it when fewer than n are left.
	Allow(ctx context.Context, key string, r Rule, n int) (Decision, error)
	// Return gives back n that were used for what was not done after all.
	Return(ctx context.Context, key string, r Rule, n int) error
	// Peek uses nothing; Allowed says whether one would pass.
	Peek(ctx context.Context, key string, r Rule) (Decision, error)
	// Reset gives the whole limit back.
	Reset(ctx context.Context, key string, r Rule) error
}

// UserKey is the key of somebody who is signed in. Both transports use it, so
// that both draw from one bucket.
func UserKey(userID string) string { return "user:" + userID }

// AddressKey is the key of an IP address. An IPv6 customer has at least a /64
// to choose addresses from, so that network is one key.
func AddressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "address:" + address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return "address:" + ip.String()
	}
	return "address:" + netip.PrefixFrom(ip, 64).Masked().String()
}

// Check reports a rule that cannot be kept: a negative limit, or a window
// shorter than a microsecond for each of the limit.
func (r Rule) Check() error {
	if r.Limit < 0 || r.Window <= 0 || r.Window.Microseconds() < int64(r.Limit) {
		return fmt.Errorf("%w: %d in %s for %q", ErrRule, r.Limit, r.Window, r.Name)
	}
	return nil
}

// cell is GCRA's arithmetic for one rule, in microseconds.
type cell struct {
	limit    int64
	interval int64 // one comes back every so often
	capacity int64 // how far the theoretical arrival time may lie ahead
	window   int64
}

func newCell(r Rule) cell {
	c := cell{limit: int64(r.Limit), window: r.Window.Microseconds()}
	if c.limit > 0 {
		c.interval = c.window / c.limit
		c.capacity = c.interval * c.limit
	}
	return c
}

// take is the theoretical arrival time after n were used at now, if they may
// be. A time further ahead than the rule allows (the clock was set back, the
// rule was narrowed) counts as all used up.
func (c cell) take(tat, now, n int64) (next int64, ok bool) {
	tat = min(max(tat, now), now+c.capacity)
	if n > c.limit {
		return tat, false
	}
	next = tat + n*c.interval
	if next-now > c.capacity {
		return tat, false
	}
	return next, true
}

// decision tells how things stand at now with this arrival time.
func (c cell) decision(tat, now, n int64, allowed bool) Decision {
	tat = min(max(tat, now), now+c.capacity)
	d := Decision{Allowed: allowed, Limit: int(c.limit), ResetsAt: time.UnixMicro(tat).UTC()}
	if c.limit == 0 {
		d.ResetsAt, d.RetryAfter = time.UnixMicro(now+c.window).UTC(), micros(c.window)
		return d
	}
	d.Remaining = int((c.capacity - (tat - now)) / c.interval)
	switch {
	case allowed:
	case n > c.limit:
		d.RetryAfter = micros(c.window)
	default:
		d.RetryAfter = micros(tat + n*c.interval - c.capacity - now)
	}
	return d
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
