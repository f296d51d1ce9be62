package rest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
)

func (s *site) plan(c *call) error {
	found, err := s.Journal.Plan(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.planReply(c, found)
}

// putPlan takes YAML or JSON. The version that the writer has seen comes with
// If-Match or, where a browser may not send that, as the parameter version.
func (s *site) putPlan(c *call) error {
	text, err := read(c)
	if err != nil {
		return err
	}
	if err := planType(c.Request().Header); err != nil {
		return err
	}
	was, err := seenVersion(c)
	if err != nil {
		return err
	}
	stored, err := s.Journal.PutPlan(c.Request().Context(), c.actor, text, was)
	if err != nil {
		return err
	}
	return s.planReply(c, stored)
}

func (s *site) planReply(c *call, p journal.Plan) error {
	c.Response().Header().Set("ETag", `"`+strconv.FormatInt(p.Version, 10)+`"`)
	return s.ok(c, p)
}

func planType(h http.Header) error {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if charset := params["charset"]; err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		switch kind {
		case "application/json", "application/yaml", "application/x-yaml", "text/yaml":
			return nil
		}
	}
	return fault.New(fault.UnsupportedMediaType, "A plan must be application/yaml or application/json, in UTF-8.")
}

func seenVersion(c *call) (*int64, error) {
	q, err := readQuery(c)
	if err != nil {
		return nil, err
	}
	was := q.number("version", 0, 1<<53)
	tag := c.Request().Header.Get("If-Match")
	if was == nil && tag != "" && tag != "*" {
		n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), 10, 64)
		if err != nil || n < 0 {
			q.note("If-Match", "If-Match must be the ETag of the plan that was read.")
		}
		was = &n
	}
	return was, q.err()
}
