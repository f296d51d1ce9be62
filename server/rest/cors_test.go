package rest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/chat"
)

func TestCORS(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) {
		o.Origins = func(origin string, r *http.Request) bool {
			return slices.Contains([]string{"https://app.example.org", "https://coach.example.org", "http://" + r.Host}, origin)
		}
	})
	ann := p.person("ann")
	own := p.url
	for _, test := range []struct {
		origin string
		want   bool
	}{
		{"https://app.example.org", true},
		{own, true},
		{"https://coach.example.org", true},
		{"https://evil.example", false},
		{"null", false},
		{strings.Replace(own, "http:", "https:", 1), false},
		{"https://app.example.org.evil.example", false},
	} {
		t.Run(test.origin, func(t *testing.T) {
			p.t = t
			header := map[string]string{"Origin": test.origin}
			for name, got := range map[string]answer{
				"reply":   p.do(ask{method: "GET", path: "/api/auth/me", token: ann.token, header: header}).want(200),
				"refusal": p.do(ask{method: "GET", path: "/api/auth/me", header: header}).want(401),
				"stray":   p.do(ask{method: "GET", path: "/nowhere", header: header}).want(404),
			} {
				checkCORS(t, name, got, test.origin, test.want)
				if exposed := got.header.Get("Access-Control-Expose-Headers"); test.want != strings.Contains(exposed, "X-Request-ID") ||
					test.want != strings.Contains(exposed, "Retry-After") {
					t.Errorf("%s exposes %q", name, exposed)
				}
			}
			got := p.do(ask{method: "OPTIONS", path: "/api/messages", header: map[string]string{
				"Origin": test.origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization",
			}}).want(204)
			checkCORS(t, "preflight", got, test.origin, test.want)
			if test.want != (got.header.Get("Access-Control-Max-Age") == "86400") {
				t.Errorf("Access-Control-Max-Age %q", got.header.Get("Access-Control-Max-Age"))
			}
			for _, name := range []string{"Authorization", "Content-Type", "X-Request-ID", "Idempotency-Key", "Retry-Count"} {
				if test.want != strings.Contains(got.header.Get("Access-Control-Allow-Headers"), name) {
					t.Errorf("preflight allows %q", got.header.Get("Access-Control-Allow-Headers"))
				}
			}
			if got.header.Get("RateLimit") != "" {
				t.Error("a preflight was counted")
			}
		})
	}
	t.Run("NoOrigin", func(t *testing.T) {
		p.t = t
		got := p.do(ask{method: "GET", path: "/api/auth/me", token: ann.token}).want(200)
		checkCORS(t, "reply", got, "", false)
	})
}

func checkCORS(t *testing.T, name string, got answer, origin string, allowed bool) {
	t.Helper()
	want, credentials := "", ""
	if allowed {
		want, credentials = origin, "true"
	}
	h := got.header
	if h.Get("Access-Control-Allow-Origin") != want || h.Get("Access-Control-Allow-Credentials") != credentials {
		t.Errorf("%s: allowed %q, credentials %q, want %q", name, h.Get("Access-Control-Allow-Origin"), h.Get("Access-Control-Allow-Credentials"), want)
	}
	if !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
		t.Errorf("%s: Vary %q", name, h.Values("Vary"))
	}
}
