package engineio

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// protocol is the only revision this package speaks.
const protocol = 4

var errStopped = errors.New("the server is shutting down; connect again in a moment")

// refusal is an error reply. Codes and texts below 6 are those that the
// reference server sends, which people know from their browser's console.
type refusal struct {
	Status  int    `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func unknownTransport() *refusal { return &refusal{http.StatusBadRequest, 0, "Transport unknown"} }
func unknownSession() *refusal   { return &refusal{http.StatusBadRequest, 1, "Session ID unknown"} }
func badMethod() *refusal        { return &refusal{http.StatusBadRequest, 2, "Bad handshake method"} }

func badRequest(why string) *refusal {
	return &refusal{http.StatusBadRequest, 3, "Bad request: " + why}
}
func forbidden() *refusal { return &refusal{http.StatusForbidden, 4, "Forbidden"} }
func badProtocol() *refusal {
	return &refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
}

func tooLarge() *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, 6, "The payload is larger than maxPayload"}
}

func unavailable(why error) *refusal {
	return &refusal{http.StatusServiceUnavailable, 7, why.Error()}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.boundBody(w, r)
	allowed := s.cors(w, r)
	switch {
	case !allowed:
		s.refuse(w, forbidden())
	case r.Method == http.MethodOptions:
		preflight(w)
	default:
		s.route(w, r)
	}
}

// route checks the query in the order of the reference server.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	transport, sid := q.Get("transport"), q.Get("sid")
	if q.Get("EIO") != strconv.Itoa(protocol) {
		s.refuse(w, badProtocol())
		return
	}
	if !s.options.serves(transport) {
		s.refuse(w, unknownTransport())
		return
	}
	if asksUpgrade(r) != (transport == WebSocket) {
		s.refuse(w, badRequest("the transport does not fit the Upgrade header"))
		return
	}
	if sid == "" {
		s.handshake(w, r, transport)
		return
	}
	session := s.find(sid)
	if session == nil {
		s.refuse(w, unknownSession())
		return
	}
	session.serve(w, r, transport)
}

func (s *Server) handshake(w http.ResponseWriter, r *http.Request, transport string) {
	if r.Method != http.MethodGet {
		s.refuse(w, badMethod())
		return
	}
	if err := s.accepting(r); err != nil {
		s.refuse(w, unavailable(err))
		return
	}
	if transport == WebSocket {
		s.openWebSocket(w, r)
		return
	}
	s.openPolling(w, r)
}

func (s *Session) serve(w http.ResponseWriter, r *http.Request, transport string) {
	switch {
	case transport == WebSocket:
		s.serveProbe(w, r)
	case r.Method == http.MethodGet:
		s.serveGet(w, r)
	case r.Method == http.MethodPost:
		s.servePost(w, r)
	default:
		s.server.refuse(w, badMethod())
	}
}

// asksUpgrade tells a WebSocket handshake from other requests.
func asksUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

func (s *Server) refuse(w http.ResponseWriter, because *refusal) {
	body, err := json.Marshal(because)
	if err != nil {
		panic("engineio: a refusal always encodes: " + err.Error())
	}
	// Whoever is refused and does not read the answer loses nothing more.
	_ = s.write(w, because.Status, "application/json", body)
}

// write sends a whole body at once, with its length, so that no layer in
// between has a reason to wait for more of it; no-transform keeps proxies from
// compressing it. The client may refuse to read, hence a deadline; the
// connection may be kept alive, so it is taken back.
func (s *Server) write(w http.ResponseWriter, status int, contentType string, body []byte) error {
	c := http.NewResponseController(w)
	if err := ignoreUnsupported(c.SetWriteDeadline(time.Now().Add(s.options.WriteTimeout))); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store, no-transform")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil { //nolint:gosec // packets as application/octet-stream or text/plain, with nosniff
		return err
	}
	if err := ignoreUnsupported(c.Flush()); err != nil {
		return err
	}
	return ignoreUnsupported(c.SetWriteDeadline(time.Time{}))
}

// ignoreUnsupported: a recorder or an exotic middleware has no deadlines.
func ignoreUnsupported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
