package rest

import (
	"net/http"

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
		allowed := origin != "" && s.Origins(origin, r)
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
