package rest

import (
	"context"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
)

// metrics answers Prometheus.
func (s *site) metrics(c *call) error {
	s.Metrics.ServeHTTP(c.Response(), c.Request())
	return nil
}

// profiles are those of runtime/pprof that are shown by name.
func profiles() []string {
	return []string{"allocs", "block", "goroutine", "heap", "mutex", "threadcreate"}
}

const (
	defaultLook = 10 // seconds
	longestLook = 60
)

// pprof gives a profile of the process (package net/http/pprof). It takes
// admins only: a profile costs the server, and tells more of it than what
// read-only tokens are for.
func (s *site) pprof(c *call) error {
	if err := s.Operators.Profile(c.operator); err != nil {
		return err
	}
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	seconds := int64(defaultLook)
	if n := q.number("seconds", 1, longestLook); n != nil {
		seconds = *n
	}
	if err := q.err(); err != nil {
		return err
	}
	switch name := c.Param("profile"); {
	case name == "profile":
		s.look(c, seconds, pprof.Profile)
	case name == "trace":
		s.look(c, seconds, pprof.Trace)
	case slices.Contains(profiles(), name):
		c.Response().Header().Set("Content-Type", "application/octet-stream")
		r := c.Request().Clone(c.Request().Context())
		r.URL.RawQuery = "" // no text, no difference over time: the profile as it is
		pprof.Handler(name).ServeHTTP(c.Response(), r)
	default:
		return fault.New(fault.NotFound, "There is no such profile; there are allocs, block, goroutine, heap, mutex, threadcreate, profile and trace.")
	}
	return nil
}

// look watches the process for some seconds; the reply comes after them.
func (s *site) look(c *call, seconds int64, show http.HandlerFunc) {
	within := time.Duration(seconds)*time.Second + usual
	ctx, cancel := context.WithTimeout(c.Request().Context(), within)
	defer cancel()
	s.boundConnection(c, within)
	r := c.Request().Clone(ctx)
	r.URL.RawQuery = "seconds=" + strconv.FormatInt(seconds, 10)
	show(c.Response(), r)
}
