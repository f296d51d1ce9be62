package rest

import "github.com/elite-trading-coach/coach/server/chat"

func (s *site) members(c *call) error {
	list, err := s.Chat.Members(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, map[string][]chat.Member{"members": list})
}

// invite answers 201 for somebody new, 200 for a new role of one who was there.
func (s *site) invite(c *call) error {
	var identifier, role string
	if err := bind(c, text("identifier", &identifier), text("role", &role)); err != nil {
		return err
	}
	m, added, err := s.Chat.Invite(c.Request().Context(), c.actor, c.Param("id"), identifier, role)
	if err != nil {
		return err
	}
	if added {
		return s.created(c, m)
	}
	return s.ok(c, m)
}

func (s *site) removeMember(c *call) error {
	if err := s.Chat.Remove(c.Request().Context(), c.actor, c.Param("id"), c.Param("userId")); err != nil {
		return err
	}
	return s.done(c)
}
