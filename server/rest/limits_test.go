package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/limit"
)

// few lets 3 requests pass in 15 minutes without a token, 5 for free and 7 for
// premium users.
func few(o *Options, _ *chat.Options, _ *auth.Options) {
	o.Tiers = limit.NewTiers()
	table := limit.Defaults()
	for name, n := range map[string]int{limit.Anonymous: 3, limit.Free: 5, limit.Premium: 7} {
		tier := table[name]
		tier.Requests15m, tier.BurstPerSecond = n, 100
		table[name] = tier
	}
	if err := o.Tiers.Load(table); err != nil {
		panic(err) // the numbers above are constants
	}
}

// passing counts the requests that pass until one is limited.
func (p *place) passing(a ask) (n int, refused answer) {
	p.t.Helper()
	for n = range 100 {
		if refused = p.do(a); refused.status == http.StatusTooManyRequests {
			return n, refused
		}
	}
	p.t.Fatal("nothing is limited")
	return 0, answer{}
}

func TestLimits(t *testing.T) {
	p := open(t, few)
	ann, bob, pia, root := p.person("ann"), p.person("bob"), p.person("pia"), p.person("root_")
	p.promote(root, pia)
	me := func(who *person) ask { return ask{method: "GET", path: "/api/auth/me", token: who.token} }

	n, refused := p.passing(me(ann))
	if n != 5 {
		t.Errorf("a free user passed %d times, want 5", n)
	}
	refused.refused(429, "RATE_LIMITED")
	if refused.Tier != "free" || *refused.Limit != 5 || *refused.Window != 900 || !refused.Retryable {
		t.Errorf("refusal %s", refused.raw)
	}
	if after, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || after < 170 || after > 180 {
		t.Errorf("Retry-After %q", refused.header.Get("Retry-After"))
	}
	p.do(me(bob)).want(200) // Fault25: a bucket of one's own
	if n, _ := p.passing(me(pia)); n != 7 {
		t.Errorf("a premium user passed %d times, want 7", n) // Fault27: the tier is known
	}
	for range 20 {
		if got := p.do(me(root)).want(200); got.header.Get("RateLimit") != "" {
			t.Fatalf("an admin is told of limits: %v", got.header)
		}
	}
}

// promote makes root an admin and the other a premium user.
func (p *place) promote(root, premium *person) {
	p.t.Helper()
	ctx := p.t.Context()
	if _, err := p.auth.SetRole(ctx, auth.By{Name: "test"}, root.actor.Username, "admin"); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.auth.SetTier(ctx, auth.By{Name: "test"}, premium.actor.Username, limit.Premium); err != nil {
		p.t.Fatal(err)
	}
}

func TestAddressesAreLimitedApart(t *testing.T) {
	p := open(t, few, func(o *Options, _ *chat.Options, _ *auth.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	h := p.site.handler()
	ask := func(peer, forwarded string) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/auth/me", nil)
		r.RemoteAddr = peer
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	passing := func(peer string, forwarded func(i int) string) int {
		for i := range 50 {
			if ask(peer, forwarded(i)) == 429 {
				return i
			}
		}
		return -1
	}
	fixed := func(s string) func(int) string { return func(int) string { return s } }
	for name, got := range map[string]int{
		"direct":                            passing("192.0.2.1:1", fixed("")),
		"Fault26 behind a trusted proxy":    passing("10.0.0.1:1", fixed("198.51.100.1")),
		"another one behind it":             passing("10.0.0.1:1", fixed("198.51.100.2")),
		"a forged header from a stranger":   passing("192.0.2.2:1", func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }),
		"a forged header through the proxy": passing("10.0.0.1:1", func(i int) string { return fmt.Sprintf("203.0.113.%d, 198.51.100.3", i) }),
		"one network of IPv6":               passing("10.0.0.1:1", func(i int) string { return fmt.Sprintf("2001:db8::%d", i+1) }),
	} {
		if got != 3 {
			t.Errorf("%s: %d passed, want 3", name, got)
		}
	}
}

func TestWhatIsCounted(t *testing.T) {
	p := open(t, few, func(o *Options, _ *chat.Options, _ *auth.Options) { o.Web = page{} })
	for _, a := range []ask{
		{method: "GET", path: "/api/health"},
		{method: "GET", path: "/health"},
		{method: "GET", path: "/api/health/ready"},
		{method: "GET", path: "/"},
		{method: "GET", path: "/elsewhere"},
		{method: "GET", path: "/socket.io/"},
		{method: "OPTIONS", path: "/api/auth/me", header: map[string]string{"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"}},
	} {
		for range 20 {
			if got := p.do(a); got.status == 429 || got.header.Get("RateLimit") != "" || got.header.Get("X-RateLimit-Limit") != "" {
				t.Fatalf("%s %s is counted: %d %v", a.method, a.path, got.status, got.header)
			}
		}
	}
	for _, a := range []ask{
		{method: "GET", path: "/api/auth/me"},
		{method: "GET", path: "/api/nothing"},
		{method: "PUT", path: "/api/auth/me"},
		{method: "GET", path: "/api/auth/me", token: "guessed"},
		{method: "POST", path: "/api/auth/login", body: "{}"},
	} {
		p.limits.Reset(t.Context(), limit.AddressKey("127.0.0.1"), p.site.Tiers.Of(limit.Anonymous).Requests())
		if n, refused := p.passing(a); n != 3 || refused.Tier != "anonymous" {
			t.Errorf("%s %s: %d passed, tier %q", a.method, a.path, n, refused.Tier)
		}
	}
}

func TestUnknownPathsCountForThePerson(t *testing.T) {
	p := open(t, few)
	ann := p.person("ann")
	if n, refused := p.passing(ask{method: "GET", path: "/api/nothing", token: ann.token}); n != 5 || refused.Tier != "free" {
		t.Errorf("%d passed, tier %q", n, refused.Tier)
	}
}

// TestLimitHeadersAreTrue does what the headers say and finds it so.
func TestLimitHeadersAreTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := limit.NewMemory()
		s := &site{Options: Options{Limiter: limits, Tiers: limit.NewTiers(), Now: time.Now}}
		c := callFor(t, s, auth.Actor{UserID: "u", Tier: limit.Free})
		passed := 0
		for s.count(c) == nil {
			h := c.Response().Header()
			passed++
			if want := `"requests";q=100;w=900, "burst";q=10;w=1`; h.Get("RateLimit-Policy") != want {
				t.Fatalf("RateLimit-Policy %q, want %q", h.Get("RateLimit-Policy"), want)
			}
			if want := fmt.Sprintf(`"requests";r=%d;t=%d, "burst";r=%d;t=1`, 100-passed, 9*passed, 10-passed); h.Get("RateLimit") != want {
				t.Fatalf("RateLimit %q, want %q", h.Get("RateLimit"), want)
			}
			if h.Get("X-RateLimit-Limit") != "100" || h.Get("X-RateLimit-Remaining") != strconv.Itoa(100-passed) ||
				h.Get("X-RateLimit-Reset") != strconv.FormatInt(time.Now().Unix()+int64(9*passed), 10) {
				t.Fatalf("headers %v", h)
			}
		}
		if passed != 10 {
			t.Fatalf("%d passed at once, want 10", passed)
		}
		h := c.Response().Header()
		if h.Get("RateLimit") != `"burst";r=0;t=1` || h.Get("X-RateLimit-Limit") != "10" || h.Get("X-RateLimit-Remaining") != "0" {
			t.Fatalf("headers of a refusal %v", h)
		}
		time.Sleep(100 * time.Millisecond) // synctest's clock: one of the burst comes back
		if err := s.count(c); err != nil {
			t.Fatalf("after the wait: %v", err)
		}
	})
}

// away is a limiter that nobody can reach.
type away struct{ limit.Limiter }

func (away) Allow(context.Context, string, limit.Rule, int) (limit.Decision, error) {
	return limit.Decision{}, errors.New("away")
}

func TestALimiterThatIsAwayLetsPass(t *testing.T) {
	p := open(t, few, func(o *Options, _ *chat.Options, _ *auth.Options) { o.Limiter = away{} })
	ann := p.person("ann")
	for range 20 {
		ann.get("/api/auth/me").want(200)
	}
	p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": "ann", "password": password}}).want(200)
}

func TestLimitsOff(t *testing.T) {
	p := open(t, few, func(o *Options, _ *chat.Options, _ *auth.Options) { o.LimitsOff = true })
	for range 20 {
		got := p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": "nobody", "password": password}})
		if got.status == 429 || got.header.Get("RateLimit") != "" {
			t.Fatalf("%d %v", got.status, got.header)
		}
	}
}

func TestTriesToSignInAreLimitedByAddress(t *testing.T) {
	p := open(t)
	n := 0
	for ; n < 50; n++ {
		got := p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": fmt.Sprintf("user%d", n), "password": password}})
		if got.status == 429 {
			got.refused(429, "RATE_LIMITED")
			if got.Tier != "anonymous" || *got.Limit != 10 || *got.Window != 900 {
				t.Errorf("refusal %s", got.raw)
			}
			break
		}
		got.refused(401, "INVALID_CREDENTIALS")
	}
	if n != 10 {
		t.Errorf("%d tries passed, want 10", n)
	}
}

func TestSendingIsLimitedByTheSharedRule(t *testing.T) {
	p := open(t, func(_ *Options, co *chat.Options, _ *auth.Options) {
		left := 2
		co.AllowSend = func(context.Context, auth.Actor) error {
			if left--; left < 0 {
				return exceeded("free", limit.Rule{Name: "messages", Limit: 2, Window: time.Minute}, limit.Decision{RetryAfter: 30 * time.Second})
			}
			return nil
		}
		co.ReturnSend = func(context.Context, auth.Actor) { left++ }
	})
	ann := p.person("ann")
	id := ann.conversation("off")
	first := map[string]string{"conversationId": id, "content": "one", "clientMessageId": "c1"}
	ann.post("/api/messages", first).want(201)
	ann.post("/api/messages", first).want(200) // a retry costs nothing
	ann.say(id, "two")
	got := ann.post("/api/messages", map[string]string{"conversationId": id, "content": "three"}).refused(429, "RATE_LIMITED")
	if got.header.Get("Retry-After") != "30" || *got.Limit != 2 || *got.Window != 60 || got.Tier != "free" {
		t.Errorf("refusal %s, Retry-After %q", got.raw, got.header.Get("Retry-After"))
	}
	ann.post("/api/messages", first).want(200)
}

// callFor is a call outside a server.
func callFor(t *testing.T, s *site, a auth.Actor) *call {
	t.Helper()
	e := newEcho()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", strings.NewReader(""))
	w := httptest.NewRecorder()
	return &call{Context: e.NewContext(r, w), actor: a, raw: w, began: s.Now()}
}
