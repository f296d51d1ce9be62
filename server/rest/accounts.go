package rest

import (
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
)

// signedIn is what register and login answer.
type signedIn struct {
	User      api.User `json:"user"`
	Token     string   `json:"token"`
	ExpiresAt api.Time `json:"expiresAt"`
}

func signedInView(g auth.Grant) signedIn {
	return signedIn{userView(g), g.Token, api.Time(g.ExpiresAt)}
}

// userView shows the account of a grant to its owner. It takes the grant
// because records are the store's, which this room does not know.
func userView(g auth.Grant) api.User {
	u := g.User
	return api.User{
		ID: u.ID, Email: u.Email, Username: u.Username, DisplayName: u.DisplayName, Timezone: u.Timezone,
		Role: u.Role, Tier: u.Tier, CreatedAt: api.Time(u.CreatedAt), LastActiveAt: api.Time(u.LastActiveAt),
	}
}

func (s *site) register(c *call) error {
	var in auth.NewAccount
	err := bind(c, text("email", &in.Email), text("username", &in.Username), text("password", &in.Password))
	if err != nil {
		return err
	}
	grant, err := s.Auth.Register(c.Request().Context(), in, c.client())
	if err != nil {
		return err
	}
	return s.created(c, signedInView(grant))
}

func (s *site) login(c *call) error {
	var identifier, email, username, password string
	err := bind(c, text("identifier", &identifier), text("email", &email), text("username", &username), text("password", &password))
	if err != nil {
		return err
	}
	if err := s.countSignIn(c); err != nil {
		return err
	}
	grant, err := s.Auth.Login(c.Request().Context(), first(identifier, email, username), password, c.client())
	if err != nil {
		return err
	}
	return s.ok(c, signedInView(grant))
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (s *site) refresh(c *call) error {
	grant, err := s.Auth.Refresh(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.ok(c, struct {
		Token     string   `json:"token"`
		ExpiresAt api.Time `json:"expiresAt"`
	}{grant.Token, api.Time(grant.ExpiresAt)})
}

func (s *site) logout(c *call) error {
	if err := s.Auth.Logout(c.Request().Context(), c.actor); err != nil {
		return err
	}
	return s.done(c)
}

func (s *site) me(c *call) error {
	user, err := s.Auth.Me(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.ok(c, userView(auth.Grant{User: user}))
}

func (s *site) updateMe(c *call) error {
	var p auth.Patch
	err := bind(c, maybe("username", &p.Username), maybe("timezone", &p.Timezone), maybe("displayName", &p.DisplayName))
	if err != nil {
		return err
	}
	user, err := s.Auth.UpdateMe(c.Request().Context(), c.actor, p)
	if err != nil {
		return err
	}
	return s.ok(c, userView(auth.Grant{User: user}))
}

func (s *site) deleteMe(c *call) error {
	var password string
	if err := bind(c, text("password", &password)); err != nil {
		return err
	}
	if err := s.Auth.DeleteMe(c.Request().Context(), c.actor, password); err != nil {
		return err
	}
	return s.done(c)
}

func (s *site) changePassword(c *call) error {
	var current, next string
	if err := bind(c, text("currentPassword", &current), text("newPassword", &next)); err != nil {
		return err
	}
	if err := s.Auth.ChangePassword(c.Request().Context(), c.actor, current, next); err != nil {
		return err
	}
	return s.done(c)
}

// resetPassword takes a code that an operator gave. It counts as a try to sign
// in, because that is what guessing at codes is.
func (s *site) resetPassword(c *call) error {
	var code, next string
	if err := bind(c, text("code", &code), text("newPassword", &next)); err != nil {
		return err
	}
	if err := s.countSignIn(c); err != nil {
		return err
	}
	if err := s.Auth.RedeemReset(c.Request().Context(), code, next, c.client()); err != nil {
		return err
	}
	return s.done(c)
}
