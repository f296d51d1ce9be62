package engineio_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// TestInsideEcho: coach mounts the server in Echo, behind its middlewares.
func TestInsideEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := engineio.NewServer(enginetest.SuiteOptions(), enginetest.Echo{})
		web := echo.New()
		web.Use(middleware.Recover(), middleware.RequestID(), middleware.Secure(), middleware.Gzip(),
			middleware.BodyLimit("10M"), middleware.CORSWithConfig(middleware.CORSConfig{AllowOrigins: []string{"*"}}))
		mount := func(c echo.Context) error {
			server.ServeHTTP(c.Response(), c.Request())
			return nil
		}
		web.Any("/engine.io/", mount)
		web.Any("/engine.io", mount)
		x := newSiteBehind(t, newPipeListener(), server, web)

		sid := x.session()
		x.want(x.post("polling&sid="+sid, "4a\x1e4b"), 200, "ok")
		request, err := http.NewRequest(http.MethodGet, "http://localhost"+path+"polling&sid="+sid, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "https://app.example")
		a := x.must(x.do(request))
		x.want(a, 200, "4a\x1e4b")
		if got := a.header.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != "https://app.example" {
			t.Errorf("allowed origin %q", got)
		}
		x.post("polling&sid="+sid, "4c")
		request.Header.Set("Accept-Encoding", "gzip")
		a = x.must(x.do(request))
		if body := unzip(t, a); body != "4c" {
			t.Errorf("compressed: %q", body)
		}
		poll := x.pollLater(sid)
		synctest.Wait()
		s := x.probe(sid)
		x.want(<-poll, 200, "6")
		x.say(s, "5", "4c")
		x.hear(s, "4c", "2")
		x.wantClose(s)
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

func unzip(t *testing.T, a answer) string {
	t.Helper()
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	r, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
