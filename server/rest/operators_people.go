package rest

import (
	"github.com/elite-trading-coach/coach/server/api"
)

// What operators do about accounts, throw-away accounts and operator tokens.

func (s *site) listAccounts(c *call) error {
	return listed(s, c, func(l api.List) (api.Page[api.Account], error) { return s.Operators.Accounts(c.Request().Context(), l) })
}

func (s *site) account(c *call) error {
	one, err := s.Operators.Account(c.Request().Context(), c.Param("id"))
	return found(s, c, one, err)
}

func (s *site) createAccount(c *call) error {
	var n api.NewAccount
	err := bind(c, text("email", &n.Email), text("username", &n.Username), text("password", &n.Password), text("role", &n.Role), text("tier", &n.Tier))
	if err != nil {
		return err
	}
	made, err := s.Operators.CreateAccount(c.Request().Context(), c.operator, n)
	if err != nil {
		return err
	}
	return s.created(c, made)
}

func (s *site) changeAccount(c *call) error {
	var change api.AccountChange
	if err := bind(c, maybe("role", &change.Role), maybe("tier", &change.Tier), maybe("password", &change.Password)); err != nil {
		return err
	}
	changed, err := s.Operators.ChangeAccount(c.Request().Context(), c.operator, c.Param("id"), change)
	return found(s, c, changed, err)
}

func (s *site) deleteAccount(c *call) error {
	return s.finish(c, s.Operators.DeleteAccount(c.Request().Context(), c.operator, c.Param("id")))
}

func (s *site) signOut(c *call) error {
	ended, err := s.Operators.SignOut(c.Request().Context(), c.operator, c.Param("id"))
	return found(s, c, ended, err)
}

func (s *site) disable(c *call) error {
	u, err := s.Operators.Disable(c.Request().Context(), c.operator, c.Param("id"))
	return found(s, c, u, err)
}

func (s *site) enable(c *call) error {
	u, err := s.Operators.Enable(c.Request().Context(), c.operator, c.Param("id"))
	return found(s, c, u, err)
}

func (s *site) createTestUsers(c *call) error {
	var n api.NewTestUsers
	err := bind(c, wholeTo("count", func(v int64) { n.Count = int(min(max(v, -1), 1<<30)) }), text("tier", &n.Tier))
	if err != nil {
		return err
	}
	made, err := s.Operators.CreateTestUsers(c.Request().Context(), c.operator, n)
	if err != nil {
		return err
	}
	return s.created(c, made)
}

func (s *site) removeTestUsers(c *call) error {
	ended, err := s.Operators.RemoveTestUsers(c.Request().Context(), c.operator, c.Param("batch"))
	return found(s, c, ended, err)
}

func (s *site) listTokens(c *call) error {
	all, err := s.Operators.Tokens(c.Request().Context())
	return found(s, c, all, err)
}

func (s *site) createToken(c *call) error {
	var n api.NewToken
	err := bind(c, text("name", &n.Name), text("scope", &n.Scope), wholeTo("expiresInSeconds", func(v int64) { n.ExpiresInSeconds = v }))
	if err != nil {
		return err
	}
	made, err := s.Operators.CreateToken(c.Request().Context(), c.operator, n)
	if err != nil {
		return err
	}
	return s.created(c, made)
}

func (s *site) revokeToken(c *call) error {
	t, err := s.Operators.RevokeToken(c.Request().Context(), c.operator, c.Param("id"))
	return found(s, c, t, err)
}
