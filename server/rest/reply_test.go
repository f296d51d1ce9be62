package rest

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

// gone is a connection that fails, and keeps what it was given, as HTTP/2 may
// still be writing it.
type gone struct {
	http.ResponseWriter
	given []byte
}

func (g *gone) Write(b []byte) (int, error) {
	g.given = b
	return 0, errors.New("the stream was reset")
}

// What a failed reply was written into is in nobody else's hands afterwards.
func TestTheBodyOfAFailedReplyIsNotUsedAgain(t *testing.T) {
	s := newSite(Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	reply := func(w http.ResponseWriter, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		s.writeAppended(&call{Context: echo.New().NewContext(r, w)}, http.StatusOK, func(b []byte) []byte { return append(b, text...) })
	}
	for range 50 { // the pool gives what it likes
		failed := &gone{ResponseWriter: httptest.NewRecorder()}
		reply(failed, `"somebody's"`)
		for range 4 {
			reply(httptest.NewRecorder(), `"another's"`)
		}
		if got := string(failed.given); got != `{"success":true,"data":"somebody's"}` {
			t.Fatalf("the failed reply now holds %s", got)
		}
	}
}
