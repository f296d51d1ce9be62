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
	if c.AI.OpenAIModel != "" && len(c.AI.Models) == 0 && len(c.AI.Chain()) == 0 {
		found = append(found, "OPENAI_MODEL names a model, and there is neither OPENAI_API_KEY nor OPENAI_BASE_URL to reach it: the built-in coach answers.")
	}
	return found
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
