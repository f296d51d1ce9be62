package configs

import (
	"fmt"
	"net/netip"
)

// Warnings are sentences about settings that work but that someone should know
// of; `coach serve` and `coach config check` show them.
func (c Config) Warnings() []string {
	var found []string
	if !c.Limits.Enabled {
		found = append(found, "RATE_LIMITS is off: nobody is limited in anything. This is for benches only.")
	}
	for _, p := range c.Server.TrustedProxies {
		if p.Bits() == 0 {
			found = append(found, fmt.Sprintf("TRUSTED_PROXIES holds %s: anybody can claim any address, so limits by address hold nobody.", p))
		}
	}
	if c.Environment == Development && c.Auth.JWTSecret != "" && weakness(c.Auth.JWTSecret) != "" {
		found = append(found, "JWT_SECRET "+weakness(c.Auth.JWTSecret)+"; anything but development refuses it.")
	}
	if c.Environment == Development && !loopback(c.Server.Host) {
		found = append(found, "development listens beyond this machine on "+c.Server.Addr()+"; set COACH_ENV=production for a real server.")
	}
	for _, p := range notServed(c) {
		if !p.refuse {
			found = append(found, newTable().byPath[p.path].Env+" "+p.what+".")
		}
	}
	return found
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// unserved is a setting whose room is not built yet.
type unserved struct {
	path, what string
	refuse     bool // to go on without it would be unsafe
}

// notServed finds settings that are understood but that nothing in this
// version acts on: nobody should believe that they work. Whoever builds the
// room takes its line out.
func notServed(c Config) []unserved {
	var found []unserved
	if c.AI.OpenAIKey != "" {
		found = append(found, unserved{"ai.openaiApiKey", "is not used by this version: the built-in coach answers", false})
	}
	if len(c.AI.Models) > 0 {
		found = append(found, unserved{"ai.models", "is not used by this version: the built-in coach answers", false})
	}
	return found
}
