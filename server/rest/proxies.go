package rest

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"
)

// AddressOf makes what tells the address that a request comes from: the
// connection's, or, where a trusted proxy's connection says for whom it asks,
// that one.
func AddressOf(proxies []netip.Prefix) func(r *http.Request) string {
	return echo.ExtractIPFromXFFHeader(trust(proxies)...)
}

// BaseURL makes what tells under which address, without a final slash, the one
// who asks reaches this server: the public one, else that of the request.
func BaseURL(public string, proxies []netip.Prefix) func(r *http.Request) string {
	scheme := echo.ExtractSchemeFromHeaders(trust(proxies)...)
	return func(r *http.Request) string {
		if public != "" {
			return public
		}
		return scheme(r) + "://" + r.Host
	}
}

// trust tells Echo whose forwarding headers to believe: the given networks'
// and nobody else's, not even a neighbour's on a private network.
func trust(proxies []netip.Prefix) []echo.TrustOption {
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		p = p.Masked()
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return options
}
