package rest

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

const (
	allowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	allowedHeaders = "Authorization, Content-Type, Accept, X-Request-ID, X-Requested-With, Idempotency-Key, Retry-Count, Last-Event-ID, Cache-Control"
	exposedHeaders = "X-Request-ID, RateLimit-Policy, RateLimit, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Content-Disposition"
	aDay           = "86400" // seconds
)

// cors tells browsers which pages may read the reply, refusals included, and
// answers what they ask beforehand. Credentials forbid "*", so the origin is
// echoed, and Vary keeps caches from mixing the replies up.
func (s *site) cors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, h := c.Request(), c.Response().Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		allowed := origin != "" && s.mayCall(origin, r)
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		if origin != "" && r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
			if allowed {
				h.Set("Access-Control-Allow-Methods", allowedMethods)
				h.Set("Access-Control-Allow-Headers", allowedHeaders)
				h.Set("Access-Control-Max-Age", aDay)
			}
			of(c).quiet = true
			return c.NoContent(http.StatusNoContent)
		}
		if allowed {
			h.Set("Access-Control-Expose-Headers", exposedHeaders)
		}
		return next(c)
	}
}

// mayCall reports whether a page of origin may read replies: the server's own
// pages may, under the name they were asked for and under the public one, and
// those of the configured origins.
func (s *site) mayCall(origin string, r *http.Request) bool {
	lower := strings.ToLower(origin)
	if lower == s.scheme(r)+"://"+strings.ToLower(r.Host) || s.publicly != "" && lower == s.publicly {
		return true
	}
	return s.Origins(origin, r)
}
