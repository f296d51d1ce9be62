package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/metrics"
)

const (
	headerRequestID = "X-Request-Id" // in the case in which it goes out
	maxRequestID    = 128            // bytes

	contentPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data: blob: https://res.cloudinary.com; connect-src 'self' ws: wss:; frame-ancestors 'none'"
	// oneYear of TLS only, for this name only: names below it are not ours to bind.
	oneYear = "max-age=31536000"
)

// around is the outermost layer: whatever happens inside, the reply has its
// headers, the caller an answer and the log a line.
func (s *site) around(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c := &call{Context: ec, id: requestID(ec.Request()), began: s.Now(), raw: ec.Response().Writer}
		ec.Set(callKey, c)
		s.writeHeaders(c)
		aborted := s.recovering(c, next)
		if c.err != nil && !aborted {
			s.refuse(c, c.err)
		}
		s.countRequest(c)
		s.logAccess(c)
		if aborted {
			// The reply has begun and cannot be finished: cutting the
			// connection is the one way left to say so.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// recovering runs what is inside and turns a panic into an error. It reports
// whether the reply must be cut off.
func (s *site) recovering(c *call, next echo.HandlerFunc) (aborted bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			c.stack = debug.Stack()
			c.err = fmt.Errorf("panic: %v", p)
			aborted = c.Response().Committed
		}
	}()
	c.err = next(c.Context)
	return false
}

// fixedHeaders are on every reply. Each value has no room behind it, so that
// who adds to one makes a slice of his own.
var fixedHeaders = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"X-Frame-Options":         {"DENY"},
	"Referrer-Policy":         {"strict-origin-when-cross-origin"},
	"Content-Security-Policy": {contentPolicy},
	"Cache-Control":           {"no-store"}, // pages say otherwise themselves
}

// put is Set for a name that is canonical already: what every reply has is not
// worth the look.
func put(h http.Header, canonical, value string) { h[canonical] = []string{value} }

func (s *site) writeHeaders(c *call) {
	h := c.Response().Header()
	maps.Copy(h, fixedHeaders)
	put(h, headerRequestID, c.id)
	if c.Scheme() == "https" {
		h.Set("Strict-Transport-Security", oneYear)
	}
}

// requestID keeps an incoming name that can do no harm in a log or a header.
func requestID(r *http.Request) string {
	id := r.Header.Get(headerRequestID)
	if id != "" && len(id) <= maxRequestID && plainWord(id) {
		return id
	}
	made, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return made.String()
}

func plainWord(s string) bool {
	for i := range len(s) {
		b := s[i]
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
		if !letter && b != '-' && b != '_' && b != '.' && b != ':' && b != '/' && b != '+' && b != '=' {
			return false
		}
	}
	return true
}

// logAccess writes the request's line: never a body, a token or a query. What
// went wrong on our side is said here, once.
func (s *site) logAccess(c *call) {
	r, status, now := c.Request(), c.Response().Status, s.Now()
	level := slog.LevelInfo
	if c.quiet {
		level = slog.LevelDebug
	}
	// Room for what most lines have, in one piece.
	attrs := append(make([]slog.Attr, 0, 8),
		slog.String("method", r.Method), slog.String("route", routeName(c)), slog.Int("status", status),
		slog.Duration("duration", now.Sub(c.began)), slog.String("requestId", c.id),
	)
	if c.actor.UserID != "" {
		attrs = append(attrs, slog.String("userId", c.actor.UserID))
	}
	if c.operator.Name != "" {
		attrs = append(attrs, slog.String("operator", c.operator.Name))
	}
	if n, err := strconv.ParseUint(r.Header.Get("Retry-Count"), 10, 16); err == nil && n > 0 {
		attrs = append(attrs, slog.Uint64("retry", n))
	}
	if f := toFault(c.err); f != nil {
		attrs = append(attrs, slog.String("code", string(f.Code)))
		if severity := severityOf(c, f); severity > slog.LevelInfo {
			level = max(level, severity)
			attrs = append(attrs, slog.String("err", c.err.Error()))
		}
	}
	if c.stack != nil {
		attrs = append(attrs, slog.String("stack", string(c.stack)))
	}
	// Not by LogAttrs, which looks for the line of code that it is called from:
	// of a request's that says nothing.
	if to := s.log.Handler(); to.Enabled(r.Context(), level) {
		line := slog.NewRecord(now, level, "request", 0)
		line.AddAttrs(attrs...)
		_ = to.Handle(r.Context(), line)
	}
}

// countRequest counts a request. One whose end its reader chose (a stream, a
// socket) took no time that would say anything.
func (s *site) countRequest(c *call) {
	r := metrics.Request{Route: routeName(c), Method: plainMethod(c.Request().Method), Status: strconv.Itoa(c.Response().Status), Took: s.Now().Sub(c.began)}
	if c.endless || strings.HasPrefix(c.Request().URL.Path, "/socket.io") {
		r.Route, r.Took = cmp.Or(c.Path(), "/socket.io"), 0
	}
	s.Metrics.Request(r)
}

var knownMethods = strings.Split(allowedMethods, ", ")

// plainMethod keeps what a stranger calls a method out of the names.
func plainMethod(method string) string {
	if slices.Contains(knownMethods, method) {
		return method
	}
	return "other"
}

// severityOf is how bad a refusal is for us; what a caller must mend is not,
// and that the database is away is said by the store, once.
func severityOf(c *call, f *fault.Error) slog.Level {
	switch {
	case c.stack != nil, f.Code == fault.Internal:
		return slog.LevelError
	case f.Code == fault.Unavailable:
		return slog.LevelInfo
	case status(f.Code) > http.StatusInternalServerError && !errors.Is(c.err, context.Canceled):
		return slog.LevelWarn // not for a caller who hung up
	}
	return slog.LevelInfo
}

// routeName is the pattern, so that no id and nothing typed by a stranger
// becomes a name in the log.
func routeName(c *call) string {
	if path := c.Path(); path != "" {
		return path
	}
	return "(none)"
}
