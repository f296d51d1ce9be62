package rest

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/auth"
)

// call is one request on its way through.
type call struct {
	echo.Context
	id       string // X-Request-ID
	began    time.Time
	raw      http.ResponseWriter // the connection's own, for its deadlines
	actor    auth.Actor          // empty: nobody is signed in
	link     time.Time           // until when the signed address it came by is good; zero: it has none
	operator admin.Operator      // of operators' routes
	endless  bool                // lasts as long as its reader likes
	quiet    bool                // not worth a line in the log when all is well
	err      error               // what was refused, for the log
	stack    []byte              // of a panic, for the log
}

const callKey = "coach.call"

// of finds the call that around, which comes before everything else, began.
func of(c echo.Context) *call { return c.Get(callKey).(*call) }

// client tells where the request comes from.
func (c *call) client() auth.Client {
	return auth.Client{Address: c.RealIP(), UserAgent: c.Request().UserAgent()}
}
