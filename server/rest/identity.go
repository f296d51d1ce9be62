package rest

import (
	"net/http"
	"strings"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
)

// admit finds out who asks, counts the request, and refuses who may not come.
// Counting comes after knowing, so that everybody is counted as who they are,
// and before refusing, so that guessing at tokens is counted too.
func (s *site) admit(c *call, who audience) error {
	switch who {
	case probes:
		return nil
	case operators:
		return s.admitOperator(c)
	}
	if who == linked && c.QueryParam("signature") != "" {
		if err := s.openLink(c); err == nil {
			return nil // an img element of a page that was counted
		} else if token, _ := bearer(c.Request()); token == "" {
			if counted := s.count(c); counted != nil {
				return counted
			}
			return err
		}
	}
	var refused error
	if who != anyone {
		c.actor, refused = s.identify(c)
	}
	if refused != nil && !theirs(refused) {
		return refused // nobody can say whose request it is: it counts for nobody
	}
	if err := s.count(c); err != nil {
		return err
	}
	if who == member || who == linked {
		return refused
	}
	return nil
}

// identify tells who holds the request's token.
func (s *site) identify(c *call) (auth.Actor, error) {
	token, err := bearer(c.Request())
	if err != nil {
		return auth.Actor{}, err
	}
	if token == "" && c.Path() == streamPath {
		// EventSource, which browsers have for streams, sets no headers.
		token = c.QueryParam("token")
	}
	return s.Auth.Verify(c.Request().Context(), token)
}

// theirs reports a refusal that the caller must mend, unlike a database that
// does not answer.
func theirs(err error) bool {
	code := fault.From(err).Code
	return status(code) == http.StatusUnauthorized || status(code) == http.StatusForbidden
}

// bearer is the token of the Authorization header (RFC 6750, 2.1), "" = none.
func bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	if len(values) > 1 || scheme != "" && !strings.EqualFold(scheme, "Bearer") {
		return "", fault.New(fault.TokenInvalid, "The Authorization header must be one line: Bearer and the token.")
	}
	return strings.TrimSpace(token), nil
}
