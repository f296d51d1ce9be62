package rest

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/server/fault"
)

// audience is who may come through a route.
type audience int

const (
	// probes are let through uncounted: who asks for health must get it.
	probes audience = iota
	// anyone is counted by address.
	anyone
	// member must hold a token, and is counted as the person.
	member
	// linked is a member, or whoever has a signed address, uncounted.
	linked
	// stray is a request for what does not exist: counted as the person where
	// there is a token, else by address.
	stray
	// operators must hold an operator's token, or be on the admin socket;
	// they are served while the server drains, too.
	operators
)

const (
	// usual is the deadline of a request that waits for nobody but the
	// database.
	usual = 30 * time.Second
	// copying is the deadline of whole files, of trades or of images.
	copying = 5 * time.Minute
	// thinking is the deadline of an answer of the coach.
	thinking = 4 * time.Minute
	// probing is the deadline of a health check.
	probing = 10 * time.Second
	// endless is for streams, which end by themselves.
	endless = 0
)

// route is a line of the table.
type route struct {
	method, path string
	who          audience
	within       time.Duration
	handle       func(c *call) error
}

// routes is everything the server answers, besides pages and sockets.
func (s *site) routes() []route {
	const (
		get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	)
	return append(s.operatorRoutes(), []route{
		{post, "/api/auth/register", anyone, usual, s.register},
		{post, "/api/auth/login", anyone, usual, s.login},
		{post, "/api/auth/refresh", member, usual, s.refresh},
		{post, "/api/auth/logout", member, usual, s.logout},
		{get, "/api/auth/me", member, usual, s.me},
		{get, "/api/auth/me/export", member, copying, s.exportAccount},
		{patch, "/api/auth/me", member, usual, s.updateMe},
		{del, "/api/auth/me", member, usual, s.deleteMe},
		{post, "/api/auth/password", member, usual, s.changePassword},
		{post, "/api/auth/reset", anyone, usual, s.resetPassword},
		{get, "/api/auth/sessions", member, usual, s.sessions},
		{del, "/api/auth/sessions/:id", member, usual, s.revokeSession},

		{get, "/api/limits", member, usual, s.limits},

		{post, "/api/conversations", member, usual, s.createConversation},
		{get, "/api/conversations", member, usual, s.listConversations},
		{get, "/api/conversations/:id", member, usual, s.conversation},
		{patch, "/api/conversations/:id", member, usual, s.updateConversation},
		{del, "/api/conversations/:id", member, usual, s.deleteConversation},
		{post, "/api/conversations/:id/archive", member, usual, s.archive},
		{post, "/api/conversations/:id/unarchive", member, usual, s.unarchive},
		{get, "/api/conversations/:id/members", member, usual, s.members},
		{post, "/api/conversations/:id/members", member, usual, s.invite},
		{del, "/api/conversations/:id/members/:userId", member, usual, s.removeMember},
		{get, "/api/conversations/:id/messages", member, usual, s.conversationMessages},
		{get, "/api/conversations/:id/export", member, copying, s.exportConversation},

		{get, "/api/messages", member, usual, s.listMessages},
		{post, "/api/messages", member, usual, s.sendMessage},
		{get, "/api/messages/search", member, usual, s.searchMessages},
		{get, "/api/messages/:id", member, usual, s.message},
		{patch, "/api/messages/:id", member, usual, s.editMessage},
		{del, "/api/messages/:id", member, usual, s.deleteMessage},
		{post, "/api/messages/:id/stop", member, usual, s.stopAnswer},
		{post, "/api/messages/:id/regenerate", member, usual, s.regenerate},
		{get, "/api/messages/:id/stream", member, endless, s.streamAnswer},

		{post, "/api/analyze-trade", member, thinking, s.analyzeTrade},
		{post, "/api/uploads", member, copying, s.addUploads},
		{get, "/api/uploads/:id", member, usual, s.upload},
		{del, "/api/uploads/:id", member, usual, s.deleteUpload},
		{get, "/api/uploads/:id/file", linked, copying, s.uploadFile},

		{get, "/api/plan", member, usual, s.plan},
		{put, "/api/plan", member, usual, s.putPlan},
		{post, "/api/tools/risk-reward", member, usual, s.tool("risk-reward")},
		{post, "/api/tools/position-size", member, usual, s.tool("position-size")},
		{post, "/api/tools/evaluate-idea", member, usual, s.tool("evaluate-idea")},
		{post, "/api/tools/trade-pnl", member, usual, s.tool("trade-pnl")},
		{post, "/api/tools/session-state", member, usual, s.tool("session-state")},
		{post, "/api/tools/query-stats", member, usual, s.tool("query-stats")},
		{get, "/api/trades", member, usual, s.listTrades},
		{post, "/api/trades", member, usual, s.addTrade},
		{post, "/api/trades/import", member, copying, s.importTrades},
		{get, "/api/trades/export", member, copying, s.exportTrades},
		{get, "/api/trades/:id", member, usual, s.trade},
		{patch, "/api/trades/:id", member, usual, s.changeTrade},
		{del, "/api/trades/:id", member, usual, s.deleteTrade},
		{get, "/api/stats", member, usual, s.stats},
		{get, "/api/calibration", member, usual, s.calibration},

		{get, "/health", probes, probing, s.health},
		{get, "/api/health", probes, probing, s.health},
		{get, "/api/health/live", probes, probing, s.live},
		{get, "/api/health/ready", probes, probing, s.ready},
		{get, "/api/health/db", probes, probing, s.check},
		{get, "/api/health/websocket", probes, probing, s.check},
		{get, "/api/health/ai", probes, probing, s.check},
		{get, "/api/health/uploads", probes, probing, s.check},
	}...)
}

// mount gives a route to Echo; what may be asked with GET may be with HEAD.
func (s *site) mount(e *echo.Echo, r route) {
	methods := []string{r.method}
	if r.method == http.MethodGet && r.within != endless {
		methods = append(methods, http.MethodHead)
	}
	for _, method := range methods {
		s.known[method+" "+r.path] = true
		e.Add(method, r.path, func(c echo.Context) error { return s.serve(of(c), r) })
	}
}

// serve runs a route's handler for those who may come, within its deadline.
func (s *site) serve(c *call, r route) error {
	c.quiet = r.who == probes || r.who == operators && r.method == http.MethodGet // who looks on does so each second
	if r.who != probes && r.who != operators && s.Draining() {
		c.Response().Header().Set("Connection", "close")
		return &fault.Error{Code: fault.Draining, Message: "The server is about to stop; try again in a moment.", RetryAfter: time.Second}
	}
	if err := s.admit(c, r.who); err != nil {
		return err
	}
	if r.within == endless {
		c.endless = true
		return r.handle(c)
	}
	ctx, end := deadline.Within(c.Request().Context(), r.within)
	defer end()
	c.SetRequest(c.Request().WithContext(ctx))
	if r.within != usual { // which bound gave it
		s.boundConnection(c, r.within)
	}
	return r.handle(c)
}

// bound gives a connection its deadlines where no route does.
func (s *site) bound(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s.boundConnection(of(c), usual)
		return next(c)
	}
}

// boundConnection ends a body that trickles in and a reply that nobody reads:
// the context's deadline reaches neither. Reading ends after that deadline,
// since net/http takes a read that ran out for a caller who hung up, and
// writing later still, so that the refusal of a slow body is heard. net/http
// lifts both before the next request of the connection. A connection that
// cannot be told (a test's recorder) has neither fault.
func (s *site) boundConnection(c *call, within time.Duration) {
	control, end := http.NewResponseController(c.raw), time.Now().Add(within)
	if c.Request().Body != http.NoBody {
		_ = control.SetReadDeadline(end.Add(s.grace))
	}
	_ = control.SetWriteDeadline(end.Add(2 * s.grace))
}

// admitStray counts requests of the API that no route is there for, which
// Echo then refuses: guessing at paths costs what other requests cost.
func (s *site) admitStray(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if s.known[r.Method+" "+c.Path()] || !strings.HasPrefix(r.URL.Path, "/api/") {
			return next(c)
		}
		if err := s.admit(of(c), stray); err != nil {
			return err
		}
		return next(c)
	}
}

// Routes lists every route as "METHOD /path", so that a test can ask of each
// who may come.
func Routes() []string {
	var list []string
	for _, r := range newSite(Options{}).routes() {
		list = append(list, r.method+" "+r.path)
	}
	return list
}
