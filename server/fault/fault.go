// Package fault is the one way a room says "no" to a caller: an error with a
// code a program can act on and a sentence a person can read.
//
// Codes and their HTTP statuses are those of the public contract; the status
// itself belongs to the transports, so this package knows nothing of HTTP.
// Whatever reaches a transport goes through [From] once, so that internals
// (SQL, paths, driver texts) never reach a client: an error nobody named is
// INTERNAL and keeps its cause for the log only.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code names a kind of refusal; clients switch on it.
type Code string

// The codes of the contract.
const (
	Validation           Code = "VALIDATION_ERROR"
	MalformedJSON        Code = "MALFORMED_JSON"
	TokenMissing         Code = "TOKEN_MISSING"
	TokenInvalid         Code = "TOKEN_INVALID"
	TokenExpired         Code = "TOKEN_EXPIRED"
	SessionRevoked       Code = "SESSION_REVOKED"
	InvalidCredentials   Code = "INVALID_CREDENTIALS"
	Forbidden            Code = "FORBIDDEN"
	AccountDisabled      Code = "ACCOUNT_DISABLED"
	NotFound             Code = "NOT_FOUND"
	MethodNotAllowed     Code = "METHOD_NOT_ALLOWED"
	Conflict             Code = "CONFLICT"
	PayloadTooLarge      Code = "PAYLOAD_TOO_LARGE"
	UnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"
	UnprocessableImage   Code = "UNPROCESSABLE_IMAGE"
	AccountLocked        Code = "ACCOUNT_LOCKED"
	RateLimited          Code = "RATE_LIMITED"
	BudgetExhausted      Code = "BUDGET_EXHAUSTED"
	Internal             Code = "INTERNAL"
	AIUnavailable        Code = "AI_UNAVAILABLE"
	Unavailable          Code = "UNAVAILABLE"
	Draining             Code = "DRAINING"
	Timeout              Code = "TIMEOUT"
)

// Retryable says whether the very same request may succeed later without the
// user changing anything.
func (c Code) Retryable() bool {
	switch c {
	case RateLimited, AccountLocked, AIUnavailable, Unavailable, Draining, Timeout:
		return true
	}
	return false
}

// Detail names one field of a request and what is wrong with it.
type Detail struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is a refusal. Message is one plain sentence that a caller may see;
// Err is the cause, for the log only.
type Error struct {
	Code    Code
	Message string
	Details []Detail

	// RetryAfter is how long the caller should wait (RATE_LIMITED,
	// ACCOUNT_LOCKED, UNAVAILABLE); zero when unknown.
	RetryAfter time.Duration
	// Tier, Rule, Limit and Window say which limit was hit (RATE_LIMITED).
	Tier, Rule string
	Limit      int
	Window     time.Duration
	// ResetsAt is when a budget is whole again (BUDGET_EXHAUSTED).
	ResetsAt time.Time

	Err error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Code) + ": " + e.Message
	}
	return string(e.Code) + ": " + e.Message + ": " + e.Err.Error()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// New makes a refusal with a sentence for the caller.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Newf is New with formatting; never format a cause into the sentence, see Wrap.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid is a VALIDATION_ERROR about one field.
func Invalid(field, message string) *Error {
	return &Error{Code: Validation, Message: message, Details: []Detail{{Field: field, Message: message}}}
}

// Wrap makes a refusal that keeps its cause for the log.
func Wrap(code Code, message string, err error) *Error {
	return &Error{Code: code, Message: message, Err: err}
}

// Is reports whether err is, or wraps, a refusal with this code.
func Is(err error, code Code) bool {
	e := From(err)
	return e != nil && e.Code == code
}

// coded is how a lower room (storage) names its sentinels without importing
// this package.
type coded interface{ FaultCode() string }

// From turns any error into a refusal, once, at the edge. It returns nil for nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var c coded
	if errors.As(err, &c) {
		return Wrap(Code(c.FaultCode()), sentence(Code(c.FaultCode())), err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(Timeout, sentence(Timeout), err)
	case errors.Is(err, context.Canceled):
		return Wrap(Unavailable, sentence(Unavailable), err)
	}
	return Wrap(Internal, sentence(Internal), err)
}

// sentence is what a caller reads when the room below gave only a code.
func sentence(code Code) string {
	switch code {
	case NotFound:
		return "There is no such record."
	case Conflict:
		return "That is already taken or was changed meanwhile."
	case Unavailable:
		return "The server cannot do this right now; try again in a moment."
	case Timeout:
		return "The server took too long; try again."
	case Forbidden:
		return "You may not do that."
	}
	return "Something went wrong on our side; the request id helps us find it."
}
