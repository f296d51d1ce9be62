package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
)

func TestHeadersOnEveryReply(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	for _, a := range []ask{
		{method: "GET", path: "/api/auth/me", token: ann.token},
		{method: "GET", path: "/api/auth/me"},
		{method: "GET", path: "/nowhere"},
		{method: "PUT", path: "/api/health"},
		{method: "GET", path: "/api/health"},
		{method: "OPTIONS", path: "/api/auth/me"},
	} {
		got := p.do(a).header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "strict-origin-when-cross-origin",
			"Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https://res.cloudinary.com; connect-src 'self' ws: wss:; frame-ancestors 'none'",
			"Cache-Control":           "no-store", "Strict-Transport-Security": "",
		} {
			if got.Get(name) != want {
				t.Errorf("%s %s: %s %q, want %q", a.method, a.path, name, got.Get(name), want)
			}
		}
	}
}

func TestRequestID(t *testing.T) {
	p := open(t)
	for in, kept := range map[string]bool{
		"abc-123_x.y:z/+=": true, strings.Repeat("a", 128): true,
		strings.Repeat("a", 129): false, "a b": false, "a\"b": false, "ä": false, "<x>": false, "": false,
	} {
		got := p.do(ask{method: "GET", path: "/api/auth/me", header: map[string]string{"X-Request-ID": in}}).refused(401, "TOKEN_MISSING")
		if (got.RequestID == in) != kept || got.RequestID == "" {
			t.Errorf("%q became %q", in, got.RequestID)
		}
	}
}

func TestFault60_ConcurrentRequestsKeepTheirOwnNames(t *testing.T) {
	p := open(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			id := fmt.Sprintf("request-%d", i)
			if got := p.do(ask{method: "GET", path: "/api/auth/me", header: map[string]string{"X-Request-ID": id}}); got.RequestID != id {
				t.Errorf("%s was answered as %s", id, got.RequestID)
			}
		})
	}
	wg.Wait()
}

func TestStrictTransportSecurityOnlyOverTLS(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	for _, test := range []struct {
		peer, proto string
		want        bool
	}{
		{"10.1.2.3:1", "https", true}, {"10.1.2.3:1", "http", false}, {"10.1.2.3:1", "", false}, {"192.0.2.1:1", "https", false}, {"127.0.0.1:1", "https", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/health", nil)
		r.RemoteAddr = test.peer
		if test.proto != "" {
			r.Header.Set("X-Forwarded-Proto", test.proto)
		}
		w := httptest.NewRecorder()
		p.site.handler().ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestCORS(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) { o.PublicURL = "https://coach.example.org/base" })
	ann := p.person("ann")
	own := p.url
	for _, test := range []struct {
		origin string
		want   bool
	}{
		{"https://app.example.org", true}, {own, true}, {"https://coach.example.org", true},
		{"https://evil.example", false}, {"null", false}, {strings.Replace(own, "http:", "https:", 1), false}, {"https://app.example.org.evil.example", false},
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

func TestCompression(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("off")
	ann.say(id, strings.Repeat("all work and no play ", 400))
	path := "/api/conversations/" + id + "/messages"
	plain := p.do(ask{"GET", path, ann.token, nil, map[string]string{"Accept-Encoding": "identity"}, false}).want(200)
	for accept, packed := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "*": true, "GZIP": true, "x-gzip": true,
		"gzip;q=0": false, "*, gzip; q=0": false, "br": false, "identity": false, "*;q=0": false, "gzip;q=nonsense": false,
	} {
		res, err := p.http.Do(p.request(ask{"GET", path, ann.token, nil, map[string]string{"Accept-Encoding": accept}, false}))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed %v", accept, got)
			continue
		}
		if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%q: Vary %q", accept, res.Header.Values("Vary"))
		}
		if packed {
			body = unpack(t, body)
		}
		if !bytes.Equal(body, plain.raw) {
			t.Errorf("%q: other bytes", accept)
		}
	}
	small, err := p.http.Do(p.request(ask{"GET", "/api/auth/me", ann.token, nil, map[string]string{"Accept-Encoding": "gzip"}, false}))
	if err != nil {
		t.Fatal(err)
	}
	defer small.Body.Close()
	if small.Header.Get("Content-Encoding") != "" {
		t.Error("a small reply was packed")
	}
}

func unpack(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFault1_APanicEndsOneRequest(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) {
		o.Limits = func(context.Context, auth.Actor) any { panic("secret detail") }
	})
	ann := p.person("ann")
	got := ann.get("/api/limits").refused(500, "INTERNAL")
	if strings.Contains(string(got.raw), "secret detail") || got.Retryable {
		t.Errorf("reply %s", got.raw)
	}
	ann.get("/api/auth/me").want(200)
	line := p.log.line(t, "/api/limits")
	if line["err"] != "panic: secret detail" || line["stack"] == nil || line["level"] != "ERROR" || line["requestId"] != got.RequestID {
		t.Errorf("log %v", line)
	}
}

func TestAPanicInTheMiddleCutsTheReply(t *testing.T) {
	p := open(t)
	e := p.site.handler()
	p.site.mount(e, route{"GET", "/half", probes, usual, func(c *call) error {
		_, _ = c.Response().Write([]byte("half"))
		c.Response().Flush()
		panic("no more")
	}})
	res, err := p.http.Get("http://" + newServer(t, e) + "/half") //nolint:noctx // a fresh server of this test
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%q looked complete", body)
	}
}

func TestStatusOfEveryCode(t *testing.T) {
	want := map[fault.Code]int{
		fault.Validation: 400, fault.MalformedJSON: 400, fault.TokenMissing: 401, fault.TokenInvalid: 401, fault.TokenExpired: 401,
		fault.SessionRevoked: 401, fault.InvalidCredentials: 401, fault.Forbidden: 403, fault.AccountDisabled: 403, fault.NotFound: 404,
		fault.MethodNotAllowed: 405, fault.Conflict: 409, fault.PayloadTooLarge: 413, fault.UnsupportedMediaType: 415, fault.UnprocessableImage: 422,
		fault.AccountLocked: 423, fault.RateLimited: 429, fault.BudgetExhausted: 429, fault.Internal: 500, fault.AIUnavailable: 502,
		fault.Unavailable: 503, fault.Draining: 503, fault.Timeout: 504, "SOMETHING_NEW": 500,
	}
	got := map[fault.Code]int{}
	for code := range want {
		got[code] = status(code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	resets := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name       string
		err        error
		want       string
		retryAfter string
	}{
		{"Validation", fault.Invalid("email", "Not an address."),
			`{"success":false,"error":"Not an address.","code":"VALIDATION_ERROR","retryable":false,"requestId":"r","details":[{"field":"email","message":"Not an address."}]}`, ""},
		{"Limited", &fault.Error{Code: fault.RateLimited, Message: "Wait.", RetryAfter: 1500 * time.Millisecond, Tier: "free", Limit: 10, Window: time.Minute},
			`{"success":false,"error":"Wait.","code":"RATE_LIMITED","retryable":true,"requestId":"r","tier":"free","limit":10,"windowSeconds":60}`, "2"},
		{"LimitedToNothing", &fault.Error{Code: fault.RateLimited, Message: "Wait."},
			`{"success":false,"error":"Wait.","code":"RATE_LIMITED","retryable":true,"requestId":"r","tier":"anonymous","limit":0,"windowSeconds":0}`, "1"},
		{"Locked", &fault.Error{Code: fault.AccountLocked, Message: "Wait.", RetryAfter: time.Minute, Limit: 5, Window: time.Minute},
			`{"success":false,"error":"Wait.","code":"ACCOUNT_LOCKED","retryable":true,"requestId":"r"}`, "60"},
		{"Budget", &fault.Error{Code: fault.BudgetExhausted, Message: "Enough.", ResetsAt: resets},
			`{"success":false,"error":"Enough.","code":"BUDGET_EXHAUSTED","retryable":false,"requestId":"r","resetsAt":"2026-12-01T00:00:00.000Z"}`, ""},
		{"Internals", errors.New("pq: relation users does not exist at /srv/x.go:7"),
			`{"success":false,"error":"Something went wrong on our side; the request id helps us find it.","code":"INTERNAL","retryable":false,"requestId":"r"}`, ""},
		{"Deadline", fmt.Errorf("find user: %w", context.DeadlineExceeded),
			`{"success":false,"error":"The server took too long; try again.","code":"TIMEOUT","retryable":true,"requestId":"r"}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t)
			e := p.site.handler()
			p.site.mount(e, route{"GET", "/no", probes, usual, func(*call) error { return test.err }})
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/no", nil)
			r.Header.Set("X-Request-ID", "r")
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			var want, got any
			if err := errors.Join(json.Unmarshal([]byte(test.want), &want), json.Unmarshal(w.Body.Bytes(), &got)); err != nil {
				t.Fatalf("%s: %v", w.Body, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if w.Header().Get("Retry-After") != test.retryAfter {
				t.Errorf("Retry-After %q, want %q", w.Header().Get("Retry-After"), test.retryAfter)
			}
		})
	}
}

func TestAHandlerThatTakesTooLong(t *testing.T) {
	p := open(t)
	e := p.site.handler()
	p.site.mount(e, route{"GET", "/slow", probes, time.Millisecond, func(c *call) error {
		<-c.Request().Context().Done()
		return fmt.Errorf("look: %w", c.Request().Context().Err())
	}})
	p.url = "http://" + newServer(t, e)
	p.do(ask{method: "GET", path: "/slow"}).refused(504, "TIMEOUT")
}

func TestFault22_TheLogHoldsNoSecrets(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("always")
	ann.say(id, "my private thoughts")
	p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": "ann@example.org", "password": "Wrong-Horse-9"}}).want(401)
	p.do(ask{method: "GET", path: "/api/conversations?q=my+private+thoughts", token: ann.token, header: map[string]string{"Retry-Count": "2"}}).want(200)
	p.do(ask{method: "GET", path: "/api/auth/me?token=" + ann.token}).want(401)
	log := p.log.String()
	for _, secret := range []string{ann.token, password, "Wrong-Horse-9", "private", "ann@example.org", "Bearer"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	line := p.log.line(t, "/api/conversations")
	want := map[string]any{"level": "INFO", "msg": "request", "method": "GET", "route": "/api/conversations", "status": 200.0, "userId": ann.id, "retry": 2.0}
	for name, value := range want {
		if line[name] != value {
			t.Errorf("%s is %v, want %v", name, line[name], value)
		}
	}
	if line["requestId"] == "" || line["duration"] == nil || line["err"] != nil {
		t.Errorf("line %v", line)
	}
}

// line is the last line about a route.
func (l *logged) line(t *testing.T, route string) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		var v map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &v); err != nil {
			t.Fatalf("%q: %v", lines[i], err)
		}
		if v["route"] == route {
			return v
		}
	}
	t.Fatalf("no line about %s", route)
	return nil
}

// page is what stands for the embedded pages.
type page struct{}

func (page) Paths() []string { return []string{"/", "/assets/app.js"} }

func (page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(strings.Repeat("<p>hello</p>", 500)))
}

func TestPages(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) { o.Web = page{}; tight(o) })
	for range 20 { // more than anybody may ask of the API in a second
		got := p.do(ask{method: "GET", path: "/", header: map[string]string{"Accept-Encoding": "gzip"}}).want(200)
		if h := got.header; h.Get("Cache-Control") != "no-cache" || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("ETag") != `W/"v1"` ||
			h.Get("Content-Encoding") != "gzip" || h.Get("X-Frame-Options") != "DENY" || len(unpack(t, got.raw)) != 6000 {
			t.Fatalf("headers %v, %d bytes", h, len(got.raw))
		}
	}
	if got := p.do(ask{method: "GET", path: "/", header: map[string]string{"If-None-Match": `W/"v1"`}}).want(304); len(got.raw) != 0 {
		t.Errorf("304 with %q", got.raw)
	}
	if got := p.do(ask{method: "GET", path: "/assets/app.js", header: map[string]string{"Range": "bytes=0-4", "Accept-Encoding": "gzip"}}).want(206); string(got.raw) != "<p>he" {
		t.Errorf("a part is %q", got.raw)
	}
	if got := p.do(ask{method: "HEAD", path: "/"}).want(200); len(got.raw) != 0 {
		t.Errorf("HEAD gave %d bytes", len(got.raw))
	}
	p.do(ask{method: "POST", path: "/"}).refused(405, "METHOD_NOT_ALLOWED")
	p.do(ask{method: "GET", path: "/assets/other.js"}).refused(404, "NOT_FOUND")
}
