package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	res, err := p.http.Get("http://" + newServer(t, e) + "/half")
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
		{
			"Validation", fault.Invalid("email", "Not an address."),
			`{"success":false,"error":"Not an address.","code":"VALIDATION_ERROR","retryable":false,"requestId":"r","details":[{"field":"email","message":"Not an address."}]}`, "",
		},
		{
			"Limited", &fault.Error{Code: fault.RateLimited, Message: "Wait.", RetryAfter: 1500 * time.Millisecond, Tier: "free", Limit: 10, Window: time.Minute},
			`{"success":false,"error":"Wait.","code":"RATE_LIMITED","retryable":true,"requestId":"r","tier":"free","limit":10,"windowSeconds":60}`, "2",
		},
		{
			"LimitedToNothing", &fault.Error{Code: fault.RateLimited, Message: "Wait."},
			`{"success":false,"error":"Wait.","code":"RATE_LIMITED","retryable":true,"requestId":"r","tier":"anonymous","limit":0,"windowSeconds":0}`, "1",
		},
		{
			"Locked", &fault.Error{Code: fault.AccountLocked, Message: "Wait.", RetryAfter: time.Minute, Limit: 5, Window: time.Minute},
			`{"success":false,"error":"Wait.","code":"ACCOUNT_LOCKED","retryable":true,"requestId":"r"}`, "60",
		},
		{
			"Budget", &fault.Error{Code: fault.BudgetExhausted, Message: "Enough.", ResetsAt: resets},
			`{"success":false,"error":"Enough.","code":"BUDGET_EXHAUSTED","retryable":false,"requestId":"r","resetsAt":"2026-12-01T00:00:00.000Z"}`, "",
		},
		{
			"Internals", errors.New("pq: relation users does not exist at /srv/x.go:7"),
			`{"success":false,"error":"Something went wrong on our side; the request id helps us find it.","code":"INTERNAL","retryable":false,"requestId":"r"}`, "",
		},
		{
			"Deadline", fmt.Errorf("find user: %w", context.DeadlineExceeded),
			`{"success":false,"error":"The server took too long; try again.","code":"TIMEOUT","retryable":true,"requestId":"r"}`, "",
		},
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
