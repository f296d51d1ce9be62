package rest

import (
	"net/http"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
)

// operatorRoutes is what operators may ask, on the port and on the admin
// socket.
func (s *site) operatorRoutes() []route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []route{
		{get, "/api/admin/snapshot", operators, usual, s.snapshot},
		{get, "/api/admin/events", operators, endless, s.operatorEvents},

		{get, "/api/admin/connections", operators, usual, s.listConnections},
		{get, "/api/admin/connections/:id", operators, usual, s.connection},
		{del, "/api/admin/connections/:id", operators, usual, s.disconnect},
		{get, "/api/admin/rooms", operators, usual, s.listRooms},
		{get, "/api/admin/rooms/:id", operators, usual, s.room},
		{get, "/api/admin/answers", operators, usual, s.listAnswers},
		{post, "/api/admin/answers/:id/stop", operators, usual, s.operatorStop},

		{get, "/api/admin/users", operators, usual, s.listAccounts},
		{post, "/api/admin/users", operators, usual, s.createAccount},
		{get, "/api/admin/users/:id", operators, usual, s.account},
		{patch, "/api/admin/users/:id", operators, usual, s.changeAccount},
		{del, "/api/admin/users/:id", operators, usual, s.deleteAccount},
		{post, "/api/admin/users/:id/sign-out", operators, usual, s.signOut},
		{post, "/api/admin/users/:id/disable", operators, usual, s.disable},
		{post, "/api/admin/users/:id/enable", operators, usual, s.enable},
		{post, "/api/admin/test-users", operators, usual, s.createTestUsers},
		{del, "/api/admin/test-users/:batch", operators, copying, s.removeTestUsers},

		{get, "/api/admin/tiers", operators, usual, s.listTiers},
		{patch, "/api/admin/tiers/:name", operators, usual, s.editTier},
		{get, "/api/admin/limits", operators, usual, s.listHits},
		{post, "/api/admin/limits/lift", operators, usual, s.liftLimit},

		{get, "/api/admin/audit", operators, usual, s.listAudit},
		{post, "/api/admin/notices", operators, usual, s.announce},
		{post, "/api/admin/drain", operators, usual, s.drain},
		{get, "/api/admin/tokens", operators, usual, s.listTokens},
		{post, "/api/admin/tokens", operators, usual, s.createToken},
		{del, "/api/admin/tokens/:id", operators, usual, s.revokeToken},

		{get, "/metrics", operators, usual, s.metrics},
		{get, "/debug/pprof/:profile", operators, endless, s.pprof},
	}
}

// admitOperator finds out which operator asks. Who is none is counted like
// anybody, so that guessing at tokens is; operators are not limited.
func (s *site) admitOperator(c *call) error {
	if s.local {
		// The listener of the admin socket names who is at the other end.
		c.operator = admin.Operator{Name: c.Request().RemoteAddr, Scope: api.ScopeAdmin}
		return nil
	}
	token, err := bearer(c.Request())
	if err == nil {
		c.operator, err = s.Operators.Admit(c.Request().Context(), token, c.RealIP())
	}
	if err == nil || !theirs(err) {
		return err
	}
	if limited := s.count(c); limited != nil {
		return limited
	}
	return err
}

func (s *site) snapshot(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	history := q.flag("history")
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Operators.Snapshot(c.Request().Context(), c.operator)
	if err != nil {
		return err
	}
	if history {
		found.History = s.Operators.History()
	}
	return s.ok(c, found)
}

// readList is how every list of operators is asked for.
func readList(c *call) (api.List, error) {
	q, err := readQuery(c)
	if err != nil {
		return api.List{}, err
	}
	l := api.List{Filter: q.text("filter"), Sort: q.text("sort"), Cursor: q.text("cursor")}
	if n := q.number("limit", 1, api.MaxPage); n != nil {
		l.Limit = int(*n)
	}
	return l, q.err()
}

// listed answers with what a list finds.
func listed[T any](s *site, c *call, find func(l api.List) (api.Page[T], error)) error {
	l, err := readList(c)
	if err != nil {
		return err
	}
	found, err := find(l)
	if err != nil {
		return err
	}
	return s.ok(c, found)
}

// found is ok for what may have been refused.
func found[T any](s *site, c *call, what T, err error) error {
	if err != nil {
		return err
	}
	return s.ok(c, what)
}

// finish is done for what may have been refused.
func (s *site) finish(c *call, err error) error {
	if err != nil {
		return err
	}
	return s.done(c)
}

func (s *site) listConnections(c *call) error { return listed(s, c, s.Operators.Connections) }

func (s *site) connection(c *call) error {
	one, err := s.Operators.Connection(c.Request().Context(), c.Param("id"))
	return found(s, c, one, err)
}

func (s *site) disconnect(c *call) error {
	return s.finish(c, s.Operators.Disconnect(c.Request().Context(), c.operator, c.Param("id")))
}

func (s *site) listRooms(c *call) error { return listed(s, c, s.Operators.Rooms) }

func (s *site) room(c *call) error {
	one, err := s.Operators.Room(c.Param("id"))
	return found(s, c, one, err)
}

func (s *site) listAnswers(c *call) error {
	return listed(s, c, func(l api.List) (api.Page[api.Answer], error) { return s.Operators.Answers(c.Request().Context(), l) })
}

func (s *site) operatorStop(c *call) error {
	return s.finish(c, s.Operators.StopAnswer(c.Request().Context(), c.operator, c.Param("id")))
}

func (s *site) listHits(c *call) error { return listed(s, c, s.Operators.LimitHits) }

func (s *site) liftLimit(c *call) error {
	var l api.Lift
	if err := bind(c, text("key", &l.Key), text("limit", &l.Limit)); err != nil {
		return err
	}
	return s.finish(c, s.Operators.LiftLimit(c.Request().Context(), c.operator, l))
}

func (s *site) listTiers(c *call) error {
	all, err := s.Operators.Tiers(c.Request().Context())
	return found(s, c, all, err)
}

func (s *site) editTier(c *call) error {
	var l api.LimitsChange
	err := bind(c, maybeInt("requests15m", &l.Requests15m), maybeInt("burstPerSecond", &l.BurstPerSecond),
		maybeInt("messagesPerMinute", &l.MessagesPerMinute), maybeInt("answersPerDay", &l.AnswersPerDay),
		maybeInt64("budgetMonthMicros", &l.BudgetMonthMicros), maybeInt("uploads15m", &l.Uploads15m),
		maybeInt("sockets", &l.Sockets), maybeInt("members", &l.Members))
	if err != nil {
		return err
	}
	tier, err := s.Operators.EditTier(c.Request().Context(), c.operator, c.Param("name"), l)
	return found(s, c, tier, err)
}

func (s *site) announce(c *call) error {
	var n api.Notice
	if err := bind(c, text("message", &n.Message), text("level", &n.Level)); err != nil {
		return err
	}
	told, err := s.Operators.Announce(c.Request().Context(), c.operator, n)
	return found(s, c, told, err)
}

func (s *site) drain(c *call) error {
	return s.finish(c, s.Operators.Drain(c.Request().Context(), c.operator))
}

func (s *site) listAudit(c *call) error {
	return listed(s, c, func(l api.List) (api.Page[api.AuditEntry], error) { return s.Operators.Audit(c.Request().Context(), l) })
}
