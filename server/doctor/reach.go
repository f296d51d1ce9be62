package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// certificateSoon is how long before its end a certificate is worth a word.
const certificateSoon = 14 * 24 * time.Hour

func noHTTP2() map[string]func(string, *tls.Conn) http.RoundTripper {
	return map[string]func(string, *tls.Conn) http.RoundTripper{}
}

// health asks whether a coach is there at all. The rest cannot be tried
// otherwise.
func (v *visit) health(ctx context.Context) bool {
	began := time.Now()
	found, err := v.api.Health(ctx, "")
	if err != nil {
		message, remedy := unreached(err)
		v.fail("health", message, remedy)
		return false
	}
	var troubles []string
	for _, name := range slices.Sorted(maps.Keys(found.Checks)) {
		if c := found.Checks[name]; c.Status != api.StatusOK {
			troubles = append(troubles, name+": "+c.Message)
		}
	}
	switch found.Status {
	case api.StatusOK:
		v.timed("health", "coach "+found.Version+" is well", time.Since(began))
	case api.StatusDegraded:
		v.warn("health", "The server is degraded: "+strings.Join(troubles, "; "), "The server's log says since when and why.")
	default:
		v.fail("health", "The server is down: "+strings.Join(troubles, "; "), "Mend what is named; the server's log says why.")
	}
	return true
}

// unreached names the fault behind an error on the way, and the remedy.
func unreached(err error) (message, remedy string) {
	var (
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &name):
		return "The name " + name.Name + " is not known.", "Look at the address, and at the name's DNS records."
	case errors.As(err, &authority):
		return "The certificate is by nobody whom this machine trusts.", "Serve the whole chain (fullchain.pem), or take a certificate of a known authority: ACME_DOMAINS."
	case errors.As(err, &host):
		return "The certificate is for another name: " + host.Error() + ".", "Ask by a name that it is for, or have one made for this name."
	case errors.As(err, &invalid):
		return "The certificate is not valid: " + invalid.Error() + ".", "Renew it, and look at this machine's clock."
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"): // net/http has no name for it
		return "What listens there does not speak TLS.", "Ask with http://, or give the server TLS: TLS_CERT_FILE, ACME_DOMAINS or a proxy."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nobody listens there.", "Start `coach serve`, and look at its port and at the firewall."
	case errors.Is(err, context.DeadlineExceeded):
		return "No reply came in time.", "Look whether a firewall drops the packets, and whether the proxy reaches the server."
	}
	var refused *api.RefusedError
	if errors.As(err, &refused) {
		return fmt.Sprintf("The server refuses: %d, %s", refused.Status, refused.Failure.Error), "The server's log says why."
	}
	return strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + ".", "Look whether the proxy passes /api and /socket.io/ on to coach."
}

// tls looks at how the way is protected.
func (v *visit) tls(ctx context.Context) {
	if v.base.Scheme == "http" {
		if addr, err := netip.ParseAddr(v.base.Hostname()); v.base.Hostname() == "localhost" || err == nil && addr.IsLoopback() {
			return
		}
		v.warn("tls", "The way there is not encrypted: passwords and tokens can be read along it.", "Put TLS before it: ACME_DOMAINS, TLS_CERT_FILE, or a proxy (deploy/caddy, deploy/nginx).")
		return
	}
	reply, err := v.get(ctx, "/api/health/live", nil)
	if err != nil || reply.tls == nil {
		return // health has just been there
	}
	left := time.Until(reply.tls.PeerCertificates[0].NotAfter)
	days := int(left.Hours() / 24)
	switch {
	case left < certificateSoon:
		v.warn("tls", fmt.Sprintf("The certificate ends in %d days.", days), "Renew it; where coach does that itself (ACME_DOMAINS) its log says what keeps it.")
	case reply.header.Get("Strict-Transport-Security") == "":
		v.warn("tls", "Browsers are not told to stay with https (no Strict-Transport-Security).", "Set PUBLIC_URL=https://…, or TRUSTED_PROXIES so that the proxy's X-Forwarded-Proto is believed.")
	default:
		v.ok("tls", "The certificate holds for another %d days.", days)
	}
}

// cors asks as a page of Origin does, and as one of nobody's.
func (v *visit) cors(ctx context.Context) {
	const remedy = "Name the origin in FRONTEND_URL, exactly as browsers send it, and let the proxy pass OPTIONS on and set no such headers itself."
	for _, ask := range []struct {
		method, path string
		header       map[string]string
	}{
		{http.MethodGet, "/api/health/live", nil},
		{http.MethodOptions, "/api/messages", map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}},
		{http.MethodGet, pollingPath, nil},
	} {
		header := map[string]string{"Origin": v.Origin}
		maps.Copy(header, ask.header)
		reply, err := v.request(ctx, ask.method, ask.path, "", header)
		if err != nil {
			v.fail("cors", ask.method+" "+ask.path+": "+err.Error(), remedy)
			return
		}
		if wrong := refusesOrigin(reply.header, v.Origin, ask.method == http.MethodOptions); wrong != "" {
			v.fail("cors", fmt.Sprintf("A page of %s is kept out at %s %s: %s.", v.Origin, ask.method, ask.path, wrong), remedy)
			return
		}
	}
	stranger := "https://" + word() + ".invalid" // RFC 2606: is never anybody's
	reply, err := v.get(ctx, "/api/health/live", map[string]string{"Origin": stranger})
	if err == nil && slices.Contains([]string{"*", stranger}, reply.header.Get("Access-Control-Allow-Origin")) {
		v.fail("cors", "Pages of any origin are let in.", "Take Access-Control-Allow-Origin out of the proxy's configuration; coach sets it for the origins of FRONTEND_URL.")
		return
	}
	v.ok("cors", "Pages of %s are let in, and those of a stranger are not.", v.Origin)
}

// refusesOrigin says what would keep a browser from letting a page read the
// reply (Fetch, 4.9), "" for nothing.
func refusesOrigin(h http.Header, origin string, preflight bool) string {
	allowed := h.Values("Access-Control-Allow-Origin")
	switch {
	case len(allowed) == 0:
		return "there is no Access-Control-Allow-Origin"
	case len(allowed) > 1:
		return fmt.Sprintf("Access-Control-Allow-Origin is there %d times", len(allowed))
	case allowed[0] != origin:
		return fmt.Sprintf("Access-Control-Allow-Origin is %.100q", allowed[0])
	case h.Get("Access-Control-Allow-Credentials") != "true":
		return "Access-Control-Allow-Credentials is not true"
	case preflight && !strings.Contains(strings.ToLower(h.Get("Access-Control-Allow-Headers")), "authorization"):
		return "Access-Control-Allow-Headers does not name Authorization"
	}
	return ""
}
