package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/rest"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// originCheck says which pages may call: those of the configured origins and
// the server's own, under the name they were asked for and under the public
// one. The scheme of the name is not looked at: a proxy that ends TLS need not
// be a trusted one. One list guards REST, polling and WebSocket.
func originCheck(c configs.Config) func(origin string, r *http.Request) bool {
	public := originOf(c.Server.PublicURL)
	return func(origin string, r *http.Request) bool {
		if slices.Contains(c.Server.FrontendURL, origin) || public != "" && strings.EqualFold(origin, public) {
			return true
		}
		_, host, ok := strings.Cut(origin, "://")
		return ok && strings.EqualFold(host, r.Host)
	}
}

// originOf is what a browser calls a page of a URL: no path, and not the port
// that goes without saying.
func originOf(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return ""
	}
	origin := strings.ToLower(u.Scheme + "://" + u.Host)
	switch u.Scheme {
	case "http":
		return strings.TrimSuffix(origin, ":80")
	case "https":
		return strings.TrimSuffix(origin, ":443")
	}
	return origin
}

// handshakeAddress is whom operators see at the other end of a socket.
func handshakeAddress(c configs.Config) func(h socketio.Handshake) string {
	address := rest.AddressOf(c.Server.TrustedProxies)
	return func(h socketio.Handshake) string {
		return address(&http.Request{RemoteAddr: h.RemoteAddr, Header: h.Header})
	}
}

// socketAddress tells whom a socket counts for before anybody has signed in on
// it: the same address, after the same proxies, that REST counts.
func socketAddress(c configs.Config) func(remoteAddr string, header http.Header) string {
	address := rest.AddressOf(c.Server.TrustedProxies)
	return func(remoteAddr string, header http.Header) string {
		return limit.AddressKey(address(&http.Request{RemoteAddr: remoteAddr, Header: header}))
	}
}
