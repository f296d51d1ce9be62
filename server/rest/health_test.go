package rest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
)

func TestFault58_HealthTellsTheTruth(t *testing.T) {
	var word atomic.Value
	word.Store(api.StatusOK)
	check := func(context.Context) api.Check {
		return api.Check{Status: word.Load().(api.Status), Message: "The disk is full."}
	}
	p := open(t, func(o *Options, _ *chat.Options, _ *auth.Options) {
		o.Health = func(ctx context.Context) api.Health {
			return api.Health{Status: check(ctx).Status, Build: api.Build{Version: "test"}, Checks: map[string]api.Check{"db": check(ctx)}}
		}
		o.Checks["db"] = check
		o.Ready = check
	})
	for status, want := range map[api.Status]int{api.StatusOK: 200, api.StatusDegraded: 200, api.StatusDown: 503} {
		word.Store(status)
		for _, path := range []string{"/health", "/api/health", "/api/health/db", "/api/health/ready"} {
			got := p.do(ask{method: "GET", path: path}).want(want)
			if want == 503 {
				got.refused(503, "UNAVAILABLE")
				if got.Error != "The disk is full." || !got.Retryable {
					t.Errorf("%s: %s", path, got.raw)
				}
			}
			var h api.Health
			got.into(&h)
			if h.Status != status || h.Version != "test" || len(h.Checks) != 1 {
				t.Errorf("%s while %s: %+v", path, status, h)
			}
		}
		p.do(ask{method: "GET", path: "/api/health/live"}).want(200) // alive whatever it stands on
		p.do(ask{method: "GET", path: "/api/health/ai"}).want(200)
	}
}

// Whoever is told when the message changes must not be told at each look.
func TestHealthSaysTheSameOfTheSame(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *auth.Options) {
		o.Health = func(context.Context) api.Health {
			checks := map[string]api.Check{"ai": {Status: api.StatusDegraded, Message: "The model is slow."}}
			for _, name := range []string{"db", "disk", "uploads", "websocket"} {
				checks[name] = api.Check{Status: api.StatusDown, Message: "There is no " + name + "."}
			}
			return api.Health{Status: api.StatusDown, Build: api.Build{Version: "test"}, Checks: checks}
		}
	})
	for range 20 {
		if got := p.do(ask{method: "GET", path: "/api/health"}).refused(503, "UNAVAILABLE"); got.Error != "There is no db." {
			t.Fatalf("%s", got.raw)
		}
	}
}

func TestDraining(t *testing.T) {
	var draining atomic.Bool
	p := open(t, func(o *Options, _ *chat.Options, _ *auth.Options) { o.Draining = draining.Load })
	ann := p.person("ann")
	ann.get("/api/auth/me").want(200)
	draining.Store(true)
	got := ann.get("/api/auth/me").refused(503, "DRAINING")
	if got.header.Get("Retry-After") == "" || !got.Retryable {
		t.Errorf("refusal %s, Retry-After %q", got.raw, got.header.Get("Retry-After"))
	}
	p.do(ask{method: "GET", path: "/api/health/ready"}).refused(503, "DRAINING")
	p.do(ask{method: "GET", path: "/api/health/live"}).want(200)
}
