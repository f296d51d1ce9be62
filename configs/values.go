package configs

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// readHost takes an address or a host name, without scheme and port.
func readHost(raw string) (string, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(raw, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	fits := func(r rune) bool {
		return r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if len(host) > 253 || strings.ContainsFunc(host, func(r rune) bool { return !fits(r) }) {
		return "", errors.New("must be an address or a host name, without scheme and port")
	}
	return host, nil
}

// readWebURL takes an absolute http(s) URL and drops its final slash.
func readWebURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("must be an http:// or https:// URL without query, fragment and password")
	}
	return strings.TrimRight(raw, "/"), nil
}

// readOrigin takes what a browser sends as Origin; a final slash is forgiven,
// and the scheme's own port is dropped, as browsers do.
func readOrigin(raw string) (string, error) {
	if strings.Contains(raw, "*") {
		return "", errors.New("must name each origin: * would let any page act as the user who looks at it")
	}
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", misfit{rule: "must be origins such as https://app.example.com, without a path", value: raw}
	}
	origin := strings.ToLower(u.Scheme + "://" + u.Host)
	switch u.Scheme {
	case "http":
		origin = strings.TrimSuffix(origin, ":80")
	case "https":
		origin = strings.TrimSuffix(origin, ":443")
	}
	return origin, nil
}

func readPrefix(raw string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(raw); err == nil {
		return netip.PrefixFrom(addr.WithZone(""), addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(raw)
	if err != nil {
		return netip.Prefix{}, misfit{rule: "must be addresses or ranges such as 10.0.0.0/8", value: raw}
	}
	return prefix.Masked(), nil
}

func readTransport(raw string) (string, error) {
	known := []string{"polling", "websocket"}
	name := strings.ToLower(raw)
	if !slices.Contains(known, name) {
		return "", misfit{rule: "must be polling, websocket or both", value: raw, near: Nearest(raw, known)}
	}
	return name, nil
}

// The checks of URLs that may hold a password never quote them, nor the
// errors of net/url, which do.

func checkDatabaseURL(raw string) error {
	if path, ok := strings.CutPrefix(raw, "sqlite://"); ok {
		switch path {
		case "":
			return errors.New("has no path: write sqlite://coach.db or sqlite:///var/lib/coach/coach.db")
		case ":memory:":
			return errors.New("must name a file: a database in memory would lose acknowledged messages")
		}
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return errors.New("must begin with sqlite:// or postgres://, with special characters in the password written as %XX")
	}
	return nil
}

func checkRedisURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "unix") {
		return errors.New("must begin with redis://, rediss:// (TLS) or unix://")
	}
	return nil
}

func checkCloudinaryURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "cloudinary" || u.Host == "" || u.User == nil {
		return errors.New("must read cloudinary://key:secret@cloud")
	}
	if _, has := u.User.Password(); !has {
		return errors.New("must read cloudinary://key:secret@cloud")
	}
	return nil
}
