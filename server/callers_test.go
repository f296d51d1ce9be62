package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/elite-trading-coach/coach/configs"
)

// Fault 68: HTTP and sockets ask one list, and a public URL with a path, a
// port that goes without saying or capitals is still the browser's origin.
func TestFault68_ThePublicURLIsAnOriginForSocketsToo(t *testing.T) {
	for public, origin := range map[string]string{
		"https://coach.example.org/app": "https://coach.example.org",
		"https://Coach.Example.org":     "https://coach.example.org",
		"https://coach.example.org:443": "https://coach.example.org",
	} {
		c := configs.Config{Server: configs.Server{PublicURL: public}}
		r := httptest.NewRequest(http.MethodGet, "http://10.0.0.1:3001/socket.io/", nil)
		r.Header.Set("Origin", origin)
		if !socketOptions(c, originCheck(c), nil).Engine.AllowOrigin(r) {
			t.Errorf("PUBLIC_URL %s: a page of %s may not open a socket", public, origin)
		}
		for _, stranger := range []string{"null", "https://coach.example.org.evil.net", "https://coach.example.org:8443", "https://evil.net"} {
			if originCheck(c)(stranger, r) {
				t.Errorf("PUBLIC_URL %s: a page of %s may call", public, stranger)
			}
		}
	}
}

// The page at / calls its own server, whatever ends TLS before it.
func TestAServersOwnPagesMayCall(t *testing.T) {
	may := originCheck(configs.Config{})
	r := httptest.NewRequest(http.MethodGet, "http://Coach.example.org:3001/api/health", nil)
	for origin, want := range map[string]bool{
		"http://coach.example.org:3001": true, "https://coach.example.org:3001": true,
		"http://coach.example.org": false, "http://example.org:3001": false, "coach.example.org:3001": false, "null": false,
	} {
		if may(origin, r) != want {
			t.Errorf("a page of %s may call: %t", origin, !want)
		}
	}
}

// What a reload tells of is another list than the one before, not than the one
// of the start.
func TestOriginsAreComparedWithThoseBefore(t *testing.T) {
	var o origins
	for i, step := range []struct {
		list []string
		want bool
	}{
		{[]string{"https://a.example"}, true},
		{[]string{"https://b.example"}, true},
		{[]string{"https://b.example"}, false},
		{[]string{"https://a.example"}, true},
		{[]string{"https://a.example"}, false},
	} {
		if got := o.set(configs.Config{Server: configs.Server{FrontendURL: step.list}}); got != step.want {
			t.Errorf("reload %d, to %v: told %v", i, step.list, got)
		}
	}
}

// Fault 26: behind a proxy everybody would be one address, and strangers would
// take the places of all; in front of one, nobody may say who they are.
func TestFault26_SocketsCountByTheAddressBehindTrustedProxies(t *testing.T) {
	c := configs.Config{Server: configs.Server{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	address := socketAddress(c)
	said := func(xff string) http.Header { return http.Header{"X-Forwarded-For": {xff}} }
	ann, bob := address("10.1.2.3:999", said("203.0.113.7")), address("10.1.2.3:999", said("203.0.113.8"))
	if ann == bob {
		t.Errorf("two people behind one proxy are both %q", ann)
	}
	if liar, plain := address("198.51.100.1:999", said("203.0.113.7")), address("198.51.100.1:5", nil); liar != plain {
		t.Errorf("a stranger who claims an address is %q, and %q without the claim", liar, plain)
	}
	if a, b := address("[2001:db8::1]:1", nil), address("[2001:db8::ffff:2]:1", nil); a != b {
		t.Errorf("one IPv6 network is two addresses: %q and %q", a, b)
	}
}
