package rest

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
)

// bucket is whose limits a request counts against.
type bucket struct {
	key, name string
	tier      limit.Tier
}

// bucketOf is the actor's, or the address's where nobody is signed in. ok is
// false for those who are not limited.
func (s *site) bucketOf(c *call) (b bucket, ok bool) {
	switch {
	case s.LimitsOff || c.actor.Admin():
		return bucket{}, false
	case c.actor.UserID == "":
		return bucket{limit.AddressKey(c.RealIP()), limit.Anonymous, s.Tiers.Of(limit.Anonymous)}, true
	}
	return bucket{limit.UserKey(c.actor.UserID), c.actor.Tier, s.Tiers.Of(c.actor.Tier)}, true
}

// count counts one request and writes how things stand into the reply.
func (s *site) count(c *call) error {
	b, limited := s.bucketOf(c)
	if !limited {
		return nil
	}
	burst, requests := b.tier.Burst(), b.tier.Requests()
	h := c.Response().Header()
	put(h, "Ratelimit-Policy", string(appendPolicy(append(appendPolicy(make([]byte, 0, 64), requests), ", "...), burst)))
	d, err := s.Limiter.Allow(c.Request().Context(), b.key, burst, 1)
	if err != nil {
		return nil //nolint:nilerr // a limiter that is away must not take the API with it
	}
	if !d.Allowed {
		s.showLimits(h, standing{burst, d})
		return exceeded(b.name, burst, d)
	}
	left, err := s.Limiter.Allow(c.Request().Context(), b.key, requests, 1)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	s.showLimits(h, standing{requests, left}, standing{burst, d})
	if !left.Allowed {
		return exceeded(b.name, requests, left)
	}
	return nil
}

// standing is a rule and how somebody stands under it.
type standing struct {
	limit.Rule
	limit.Decision
}

// showLimits writes the headers: RateLimit of draft-ietf-httpapi-ratelimit-headers
// tells of each rule (r left, t seconds until whole again), X-RateLimit-* of
// the first one.
func (s *site) showLimits(h http.Header, all ...standing) {
	line := make([]byte, 0, 64)
	for i, st := range all {
		if i > 0 {
			line = append(line, ", "...)
		}
		line = strconv.AppendInt(append(strconv.AppendQuote(line, st.Name), ";r="...), int64(st.Remaining), 10)
		line = strconv.AppendInt(append(line, ";t="...), int64(max(0, seconds(st.ResetsAt.Sub(s.Now())))), 10)
	}
	put(h, "Ratelimit", string(line)) // names in the case in which they go out
	first := all[0]
	put(h, "X-Ratelimit-Limit", strconv.Itoa(first.Rule.Limit))
	put(h, "X-Ratelimit-Remaining", strconv.Itoa(first.Remaining))
	put(h, "X-Ratelimit-Reset", strconv.FormatInt(first.ResetsAt.Add(time.Second-time.Nanosecond).Unix(), 10))
}

func appendPolicy(b []byte, r limit.Rule) []byte {
	b = strconv.AppendInt(append(strconv.AppendQuote(b, r.Name), ";q="...), int64(r.Limit), 10)
	return strconv.AppendInt(append(b, ";w="...), int64(seconds(r.Window)), 10)
}

func exceeded(tier string, r limit.Rule, d limit.Decision) error {
	return &fault.Error{
		Code: fault.RateLimited, Message: "Too many requests; wait as long as Retry-After says.",
		RetryAfter: d.RetryAfter, Tier: tier, Rule: r.Name, Limit: r.Limit, Window: r.Window,
	}
}

// countSignIn counts a try to sign in against its address, on top of what
// [auth.Service] does about single accounts.
func (s *site) countSignIn(c *call) error {
	if s.LimitsOff {
		return nil
	}
	rule := limit.SignIn()
	d, err := s.Limiter.Allow(c.Request().Context(), limit.AddressKey(c.RealIP()), rule, 1)
	if errors.Is(err, limit.ErrAway) {
		// Guessing at passwords must not be free while the count is away.
		return &fault.Error{Code: fault.Unavailable, Message: "Nobody can sign in just now; try again in a moment.", RetryAfter: 2 * time.Second, Err: err}
	}
	if err != nil || d.Allowed {
		return nil //nolint:nilerr // auth still slows and locks
	}
	f := fault.From(exceeded(limit.Anonymous, rule, d))
	f.Message = "Too many tries to sign in from here; wait before you try again."
	return f
}

// limits answers GET /api/limits.
func (s *site) limits(c *call) error {
	if s.Limits == nil {
		return fault.New(fault.NotFound, "This server does not tell its limits.")
	}
	return s.ok(c, s.Limits(c.Request().Context(), c.actor))
}
