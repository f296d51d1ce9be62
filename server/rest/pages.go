package rest

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// mountPages gives the page's own paths to it.
func (s *site) mountPages(e *echo.Echo) {
	for _, path := range s.Web.Paths() {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			e.Add(method, path, func(c echo.Context) error { return s.page(of(c)) })
		}
	}
}

// page lets the page answer, and packs what it says. A part of a file (Range)
// is of the file as it is, so it is never packed.
func (s *site) page(c *call) error {
	c.quiet = true
	r := c.Request()
	if !s.Compression || r.Method == http.MethodHead || r.Header.Get("Range") != "" {
		s.Web.ServeHTTP(c.Response(), r)
		return nil
	}
	held := &holder{ResponseWriter: c.Response(), status: http.StatusOK}
	s.Web.ServeHTTP(held, r)
	h := c.Response().Header()
	if held.status != http.StatusOK {
		h.Add("Vary", "Accept-Encoding")
		c.Response().WriteHeader(held.status)
		_, _ = c.Response().Write(held.body.Bytes())
		return nil
	}
	if etag := h.Get("ETag"); etag != "" && !strings.HasPrefix(etag, "W/") {
		h.Set("ETag", "W/"+etag) // packed or not, it is the same page in other bytes (RFC 9110, 8.8.3)
	}
	_ = s.send(c, held.status, held.body.Bytes()) // a client that has gone needs no answer
	return nil
}

// holder keeps what a page says until it is complete; pages are embedded in
// the program and small.
type holder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *holder) WriteHeader(status int)      { h.status = status }
func (h *holder) Write(b []byte) (int, error) { return h.body.Write(b) }
