package rest

import (
	"maps"
	"path"
	"slices"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/fault"
)

// health is every check at once. Degraded still serves, so only down is 503.
func (s *site) health(c *call) error {
	return s.healthReply(c, s.Health(c.Request().Context()))
}

// live says that the process answers, and nothing of what it stands on.
func (s *site) live(c *call) error {
	return s.oneCheck(c, "live", api.Check{Status: api.StatusOK})
}

// ready says whether requests should be sent here.
func (s *site) ready(c *call) error {
	if s.Draining() {
		return s.oneCheck(c, "ready", api.Check{Status: api.StatusDown, Message: "The server is draining."})
	}
	return s.oneCheck(c, "ready", s.Ready(c.Request().Context()))
}

// check is the one that the path names.
func (s *site) check(c *call) error {
	name := path.Base(c.Path())
	find, ok := s.Checks[name]
	if !ok {
		return fault.New(fault.NotFound, "This server has no such check.")
	}
	return s.oneCheck(c, name, find(c.Request().Context()))
}

// oneCheck is a health of one part.
func (s *site) oneCheck(c *call, name string, found api.Check) error {
	return s.healthReply(c, api.Health{
		Status: found.Status, Build: s.Build, UptimeSeconds: int64(s.Now().Sub(s.began).Seconds()),
		Checks: map[string]api.Check{name: found},
	})
}

func (s *site) healthReply(c *call, h api.Health) error {
	if h.Status != api.StatusDown {
		return s.ok(c, h)
	}
	f := fault.New(fault.Unavailable, "The server is not well.")
	for _, name := range slices.Sorted(maps.Keys(h.Checks)) { // the same one each time
		if check := h.Checks[name]; check.Status == api.StatusDown && check.Message != "" {
			f.Message = check.Message
			break
		}
	}
	if s.Draining() {
		f.Code = fault.Draining
	}
	s.writeRefusal(c, f, &h)
	return nil
}
