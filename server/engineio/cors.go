package engineio

import (
	"net/http"
	"slices"
	"strings"
)

const (
	corsMethods = "GET, POST, OPTIONS"
	corsHeaders = "Authorization, Content-Type, X-Request-ID, Idempotency-Key, Retry-Count"
	corsMaxAge  = "86400" // seconds
)

// cors reports whether the request's origin may connect, and writes the headers
// that let its page read the answer, errors included. Credentials forbid "*":
// the origin is echoed, and Vary keeps caches from mixing the answers up.
func (s *Server) cors(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	varyByOrigin(h)
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	if !s.options.AllowOrigin(r) {
		h.Del("Access-Control-Allow-Origin") // a middleware before us may be more generous
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	return true
}

// preflight answers what a browser asks before a POST with other headers.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
}

func varyByOrigin(h http.Header) {
	named := slices.ContainsFunc(h.Values("Vary"), func(v string) bool {
		return strings.Contains(strings.ToLower(v), "origin")
	})
	if !named {
		h.Add("Vary", "Origin")
	}
}
