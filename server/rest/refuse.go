package rest

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/limit"
)

// status is the contract's table of codes.
func status(code fault.Code) int {
	switch code {
	case fault.Validation, fault.MalformedJSON:
		return http.StatusBadRequest
	case fault.TokenMissing, fault.TokenInvalid, fault.TokenExpired, fault.SessionRevoked, fault.InvalidCredentials:
		return http.StatusUnauthorized
	case fault.Forbidden, fault.AccountDisabled:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case fault.Conflict:
		return http.StatusConflict
	case fault.PayloadTooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case fault.UnprocessableImage:
		return http.StatusUnprocessableEntity
	case fault.AccountLocked:
		return http.StatusLocked
	case fault.RateLimited, fault.BudgetExhausted:
		return http.StatusTooManyRequests
	case fault.AIUnavailable:
		return http.StatusBadGateway
	case fault.Unavailable, fault.Draining:
		return http.StatusServiceUnavailable
	case fault.Timeout:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// refusal is [api.Failure] with numbers that may be zero and still be said.
type refusal struct {
	api.Failure
	Limit         *int `json:"limit,omitempty"`
	WindowSeconds *int `json:"windowSeconds,omitempty"`
	Findings      any  `json:"findings,omitempty"` // of a plan, with their lines
}

// refuse is the one way to say no.
func (s *site) refuse(c *call, err error) {
	if c.Response().Committed {
		return // the log tells; nothing can be added to a reply under way
	}
	f := toFault(err)
	if f.Code == fault.RateLimited {
		s.tellRefused(c, f)
	}
	s.writeRefusal(c, f, nil)
}

// tellRefused lets operators know who was refused by which limit.
func (s *site) tellRefused(c *call, f *fault.Error) {
	r := admin.Refusal{
		Key: limit.AddressKey(c.RealIP()), Address: c.RealIP(), UserID: c.actor.UserID, Username: c.actor.Username,
		Tier: f.Tier, Limit: f.Rule, Allowed: f.Limit,
	}
	if r.UserID != "" {
		r.Key = limit.UserKey(r.UserID)
	}
	s.Refused(r)
}

// writeRefusal writes a refusal; found goes along with those of health.
func (s *site) writeRefusal(c *call, f *fault.Error, found *api.Health) {
	body := refusal{Failure: api.Failure{
		Error: f.Message, Code: string(f.Code), Retryable: f.Code.Retryable(), RequestID: c.id, Data: found,
	}}
	for _, d := range f.Details {
		body.Details = append(body.Details, api.Detail(d))
	}
	if f.Code == fault.RateLimited {
		window := seconds(f.Window)
		body.Tier, body.Limit, body.WindowSeconds = f.Tier, &f.Limit, &window
		if body.Tier == "" {
			body.Tier = limit.Anonymous
		}
	}
	if !f.ResetsAt.IsZero() {
		at := api.Time(f.ResetsAt)
		body.ResetsAt = &at
	}
	var plan *journal.BadPlan
	if errors.As(c.err, &plan) {
		body.Findings = plan.Findings
	}
	h := c.Response().Header()
	if f.RetryAfter > 0 || f.Code == fault.RateLimited || f.Code == fault.AccountLocked {
		h.Set("Retry-After", strconv.Itoa(max(1, seconds(f.RetryAfter))))
	}
	if status(f.Code) == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer") // RFC 9110, 11.6.1
	}
	s.write(c, status(f.Code), body)
}

// toFault names what Echo, net/http and the connection say.
func toFault(err error) *fault.Error {
	var routed *echo.HTTPError
	if errors.As(err, &routed) {
		return routing(routed)
	}
	var large *http.MaxBytesError
	var named *fault.Error
	switch {
	case errors.As(err, &large):
		return tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, "The request took too long to arrive; try again.", err)
	case errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &named): // an image may be cut off, too
		return fault.Wrap(fault.MalformedJSON, "The body ended before its announced length.", err)
	}
	return fault.From(err)
}

// routing is what the router refuses.
func routing(err *echo.HTTPError) *fault.Error {
	switch err.Code {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, api.NothingHere)
	case http.StatusMethodNotAllowed:
		return fault.New(fault.MethodNotAllowed, "This address does not take that method; Allow lists those it does.")
	}
	return fault.Wrap(fault.Internal, fault.From(err).Message, err)
}

func tooLarge() *fault.Error {
	return fault.New(fault.PayloadTooLarge, "The body is larger than 10 MiB.")
}

// seconds rounds up: whoever comes back then must not be early.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
