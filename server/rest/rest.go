// Package rest is what coach says over HTTP.
//
// A request goes through [site.around] (its name, the headers every reply has,
// recovery, the access log), then either to the sockets or through CORS, the
// size check and the route table of routes.go. A route says who may come:
// [site.admit] finds out who asks and counts the request against that tier
// before the handler runs, so that a limit is always the asker's own. Handlers
// decode, call a room, encode; what a room refuses becomes a reply in one
// place, refuse.go.
//
// Nothing here has a timeout for a whole connection, which would end polls and
// streams: each route has a deadline of its own.
package rest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/server/upload"
)

// Options is what the transport needs from the other rooms.
type Options struct {
	Auth    *auth.Service
	Chat    *chat.Service
	Journal *journal.Service
	// Uploads keeps images, and Links opens them by signed addresses.
	Uploads *upload.Service
	Links   *upload.Links
	// Analyst answers outside conversations.
	Analyst *coach.Analyst
	// Account writes everything of the actor's account as one archive.
	Account func(ctx context.Context, a auth.Actor, w io.Writer) error
	Limiter limit.Limiter
	Tiers   *limit.Tiers
	// LimitsOff counts nothing, for benches.
	LimitsOff bool
	// Limits shows an actor's limits and what is left of them, as the sockets'
	// first event does; nil: not told.
	Limits func(ctx context.Context, a auth.Actor) any

	// Origins says which pages may call, the server's own among them; the
	// sockets ask the same list. nil: none.
	Origins func(origin string, r *http.Request) bool
	// TrustedProxies are the networks whose X-Forwarded-For and
	// X-Forwarded-Proto are believed; nobody else's are.
	TrustedProxies []netip.Prefix
	// PublicURL is how the world reaches the server, "" = as a request says.
	PublicURL string
	// Compression packs replies for those who ask for it.
	Compression bool

	// Operators is what operators may see and do; nil: nobody is one.
	Operators *admin.Service
	// Metrics counts, and answers GET /metrics; nil: nobody does.
	Metrics *metrics.Metrics
	// Refused hears of refusals by a limit; nil: nobody does.
	Refused func(r admin.Refusal)

	// Build is the program's, for the health of a single check.
	Build api.Build
	// Health finds how the server is, Checks one part of it by the last word
	// of its path (db, ai, bus and so on), Ready whether requests should
	// be sent here.
	Health func(ctx context.Context) api.Health
	Checks map[string]func(ctx context.Context) api.Check
	Ready  func(ctx context.Context) api.Check
	// Draining reports that the server is about to stop; nil: never.
	Draining func() bool

	// Sockets answers everything at /socket.io/; nil: not found.
	Sockets http.Handler
	// Web is the page and its files; nil: none.
	Web Pages

	Logger *slog.Logger
	// Now is the clock; nil: the real one.
	Now func() time.Time
}

// Pages is a handler that knows which paths are its own, so that all others
// are refused in the same way.
type Pages interface {
	http.Handler
	Paths() []string
}

// site is the transport: the options, and what is made of them once.
type site struct {
	Options
	log       *slog.Logger
	address   echo.IPExtractor
	scheme    echo.SchemeExtractor
	base      func(r *http.Request) string
	known     map[string]bool // method and pattern of every route
	streams   streams
	began     time.Time
	grace     time.Duration // for a connection beyond its deadline
	keepAlive time.Duration // between signs of life on a quiet stream
	recheck   time.Duration // between looks at whether a stream may go on
	stalled   time.Duration // that a body of images may bring nothing
	local     bool          // this is the admin socket
}

// New makes the handler of the one port.
func New(o Options) http.Handler { return newSite(o).handler() }

// NewLocal makes the handler of the admin socket: operators' routes and health
// alone. Whoever reaches it is an operator; the connection's remote address is
// the name that the audit log gets.
func NewLocal(o Options) http.Handler {
	s := newSite(o)
	s.local = true
	e := s.bare()
	e.Pre(s.around, s.bound, s.refuseLarge)
	for _, r := range s.routes() {
		if r.who == operators || r.who == probes {
			s.mount(e, r)
		}
	}
	return e
}

func newSite(o Options) *site {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Draining == nil {
		o.Draining = func() bool { return false }
	}
	if o.Refused == nil {
		o.Refused = func(admin.Refusal) {}
	}
	if o.Origins == nil {
		o.Origins = func(string, *http.Request) bool { return false }
	}
	return &site{
		Options: o, log: o.Logger,
		address:   AddressOf(o.TrustedProxies),
		scheme:    echo.ExtractSchemeFromHeaders(trust(o.TrustedProxies)...),
		base:      BaseURL(o.PublicURL, o.TrustedProxies),
		known:     map[string]bool{},
		began:     o.Now(),
		grace:     10 * time.Second,
		keepAlive: 15 * time.Second,
		recheck:   time.Second,
		stalled:   20 * time.Second,
	}
}

// bare is a router without routes.
func (s *site) bare() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor, e.SchemeExtractor = s.address, s.scheme
	return e
}

func (s *site) handler() *echo.Echo {
	e := s.bare()
	e.Pre(s.around, s.sockets, s.bound, s.cors, s.refuseLarge)
	e.Use(s.admitStray)
	for _, r := range s.routes() {
		s.mount(e, r)
	}
	if s.Web != nil {
		s.mountPages(e)
	}
	return e
}

// sockets hands over what is Socket.IO's, before anything that would hold it
// up: no body limit, compression or deadline.
func (s *site) sockets(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		if s.Sockets == nil || path != "/socket.io" && !strings.HasPrefix(path, "/socket.io/") {
			return next(c)
		}
		of(c).quiet = true
		s.Sockets.ServeHTTP(c.Response(), c.Request())
		if !c.Response().Committed && c.Request().Header.Get("Upgrade") != "" {
			c.Response().Status = http.StatusSwitchingProtocols // for the log: the sockets took the connection
		}
		return nil
	}
}
