package server

import (
	"context"
	"strconv"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
)

// ResetLink is what an operator hands to somebody who cannot sign in.
type ResetLink struct {
	User api.User `json:"user"`
	// URL opens the page with the code in its fragment, which no server, proxy
	// or log sees.
	URL       string   `json:"url"`
	Code      string   `json:"code"`
	ExpiresAt api.Time `json:"expiresAt"`
	Sent      bool     `json:"sent"` // it was brought to the user already
}

// ResetLink makes a one-time link by which an account gets a new password.
func (d *Desk) ResetLink(ctx context.Context, identifier string, validFor time.Duration) (ResetLink, error) {
	r, err := d.auth.IssueReset(ctx, auth.By{Name: d.who.Name}, identifier, validFor)
	if err != nil {
		return ResetLink{}, err
	}
	return ResetLink{
		User: admin.UserView(r.User), URL: d.base + "/#reset=" + r.Code, Code: r.Code, ExpiresAt: api.Time(r.ExpiresAt), Sent: r.Sent,
	}, nil
}

// pageOf is where people open the page, as far as the configuration tells.
func pageOf(c configs.Server) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://localhost:" + strconv.Itoa(c.Port)
}
