package rest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/elite-trading-coach/coach/server/api"
)

// ok answers with what was asked for.
func (s *site) ok(c *call, data any) error {
	s.write(c, http.StatusOK, api.OK(data))
	return nil
}

// created answers with what was made.
func (s *site) created(c *call, data any) error {
	s.write(c, http.StatusCreated, api.OK(data))
	return nil
}

// done answers where there is nothing to tell.
func (s *site) done(c *call) error {
	s.write(c, http.StatusOK, map[string]bool{"success": true})
	return nil
}

// write sends a reply of the API. The shapes of this house always encode: one
// that does not is a fault of ours, found by [site.recovering].
func (s *site) write(c *call, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("rest: encode a reply: " + err.Error())
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/json")
	_ = s.send(c, status, b) // a client that has gone needs no answer
}

// writeAppended is write for what appends its own JSON.
func (s *site) writeAppended(c *call, status int, data func([]byte) []byte) {
	kept := bodies.Get().(*[]byte)
	b := (*kept)[:0]
	b = append(b, `{"success":true,"data":`...)
	b = append(data(b), '}')
	c.Response().Header().Set("Content-Type", "application/json")
	err := s.send(c, status, b)
	if err == nil && cap(b) <= keptBody {
		*kept = b
		bodies.Put(kept)
	}
	// After an error HTTP/2 may still be at it: in the memory of another reply it
	// would send somebody else's.
}

// keptBody bounds the memory that waits for another reply, in bytes.
const keptBody = 128 << 10

// bodies keeps what replies are written into, and what a connection holds back.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// send writes a whole body, packed where that is wanted and worth it. An error
// means that the client has gone.
func (s *site) send(c *call, status int, body []byte) error {
	h := c.Response().Header()
	if s.Compression {
		h.Add("Vary", "Accept-Encoding")
		if len(body) >= worthPacking && takesGzip(c.Request().Header) {
			body = pack(body)
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.expectBody(status, len(body))
	c.Response().WriteHeader(status)
	_, err := c.Response().Write(body)
	return err //nolint:wrapcheck // nobody reads more of it than that it is one
}
