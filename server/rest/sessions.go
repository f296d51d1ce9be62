package rest

import "github.com/elite-trading-coach/coach/server/api"

// session is where somebody is signed in.
type session struct {
	ID         string   `json:"id"`
	CreatedAt  api.Time `json:"createdAt"`
	LastUsedAt api.Time `json:"lastUsedAt"`
	Address    string   `json:"address"`
	UserAgent  string   `json:"userAgent"`
	Current    bool     `json:"current"`
}

func (s *site) sessions(c *call) error {
	rows, err := s.Auth.Sessions(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	list := make([]session, len(rows))
	for i, r := range rows {
		list[i] = session{r.ID, api.Time(r.CreatedAt), api.Time(r.LastUsedAt), r.Address, r.UserAgent, r.ID == c.actor.SessionID}
	}
	return s.ok(c, map[string][]session{"sessions": list})
}

func (s *site) revokeSession(c *call) error {
	if err := s.Auth.RevokeSession(c.Request().Context(), c.actor, c.Param("id")); err != nil {
		return err
	}
	return s.done(c)
}
