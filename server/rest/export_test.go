package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
)

// hungUp is a reader who takes the head of a reply and nothing more.
type hungUp struct{ *httptest.ResponseRecorder }

func (hungUp) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestADownloadThatEndsEarlyIsCut(t *testing.T) {
	away := errors.New("the disk is broken")
	p := open(t, func(o *Options, _ *chat.Options, _ *auth.Options) {
		o.Account = func(_ context.Context, _ auth.Actor, w io.Writer) error {
			if _, err := io.WriteString(w, "PK"); err != nil {
				return err
			}
			return away
		}
	})
	ann := p.person("ann")
	for name, test := range map[string]struct {
		reader http.ResponseWriter
		level  string
		err    any
	}{
		"ByItsReader": {hungUp{httptest.NewRecorder()}, "INFO", nil},
		"ByUs":        {httptest.NewRecorder(), "ERROR", away.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			func() {
				defer func() {
					if cause, _ := recover().(error); !errors.Is(cause, http.ErrAbortHandler) {
						t.Errorf("the reply ended with %v, as if it were whole", cause)
					}
				}()
				p.site.handler().ServeHTTP(test.reader, p.request(ask{method: "GET", path: "/api/auth/me/export", token: ann.token}))
			}()
			line := p.log.line(t, "/api/auth/me/export")
			if line["level"] != test.level || line["err"] != test.err || line["stack"] != nil {
				t.Errorf("log %v", line)
			}
		})
	}
}
