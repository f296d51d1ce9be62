package configs

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// minSecret is how many bytes a secret must have to sign tokens with HS256:
// as many as the hash has (RFC 7518, 3.2).
const minSecret = 32

// leastIdle is far above the minute to which the use of a session is known.
const leastIdle = 10 * time.Minute

// check looks at settings together; each alone was looked at when it was read.
func (l *loader) check(cfg Config, sources Sources) {
	l.checkSecrets(cfg, sources)
	l.checkTLS(cfg, sources)
	l.checkCloudinary(cfg, sources)
	l.checkBus(cfg, sources)
	l.checkModels(cfg, sources)
	if cfg.Realtime.OutboxSoft > cfg.Realtime.OutboxHard {
		l.add("realtime.outboxSoft", l.where("realtime.outboxSoft", sources), "must not be larger than WS_OUTBOX_HARD")
	}
	if len(cfg.Realtime.Transports) == 0 {
		l.add("realtime.transports", l.where("realtime.transports", sources), "must name polling, websocket or both")
	}
	if least := 8 * cfg.Auth.Argon2.Parallelism; cfg.Auth.Argon2.MemoryKiB < least {
		l.add("auth.argon2MemoryKiB", l.where("auth.argon2MemoryKiB", sources), fmt.Sprintf("must be at least %d, 8 KiB for each lane", least))
	}
	if idle := cfg.Auth.SessionIdle; idle > 0 && idle < leastIdle {
		l.add("auth.sessionIdle", l.where("auth.sessionIdle", sources), "must be 0s, for never, or at least "+formatDuration(leastIdle))
	}
}

// where is where a value came from, or its names when nobody gave it.
func (l *loader) where(path string, sources Sources) string {
	if s := sources[path]; s.Kind != FromDefault {
		return s.Where
	}
	k := l.table.byPath[path]
	return k.Env
}

func (l *loader) checkSecrets(cfg Config, sources Sources) {
	if cfg.Environment == Development {
		return
	}
	const remedy = "; make one with: openssl rand -base64 48"
	if cfg.Auth.JWTSecret == "" {
		if len(l.problems.About("auth.jwtSecret")) == 0 {
			l.add("auth.jwtSecret", "JWT_SECRET", fmt.Sprintf("is missing, and %s does not start without it%s", cfg.Environment, remedy))
		}
	} else if why := weakness(cfg.Auth.JWTSecret); why != "" {
		l.add("auth.jwtSecret", l.where("auth.jwtSecret", sources), why+remedy)
	}
	if why := weakness(cfg.Auth.JWTSecretPrevious); cfg.Auth.JWTSecretPrevious != "" && why != "" {
		l.add("auth.jwtSecretPrevious", l.where("auth.jwtSecretPrevious", sources), why+"; whoever guesses it can sign in as anybody, so leave it out")
	}
}

// weakness says why a secret can be guessed, or "".
func weakness(s Secret) string {
	text := s.Reveal()
	different := map[byte]bool{}
	for i := range len(text) {
		different[text[i]] = true
	}
	lower := strings.ToLower(text)
	switch {
	case len(text) < minSecret:
		return fmt.Sprintf("has %d bytes and needs at least %d", len(text), minSecret)
	case len(different) < 8:
		return "repeats a few characters"
	case strings.Contains(lower, "change") || strings.Contains(lower, "your-") || strings.Contains(lower, "your_") || strings.Contains(lower, "example"):
		return "reads like the placeholder of a template"
	}
	return ""
}

func (l *loader) checkTLS(cfg Config, sources Sources) {
	tls := cfg.Server.TLS
	switch {
	case tls.CertFile != "" && tls.KeyFile == "":
		l.add("tls.keyFile", l.where("tls.certFile", sources), "needs TLS_KEY_FILE beside it")
	case tls.CertFile == "" && tls.KeyFile != "":
		l.add("tls.certFile", l.where("tls.keyFile", sources), "needs TLS_CERT_FILE beside it")
	case tls.CertFile != "" && len(tls.ACMEDomains) > 0:
		l.add("tls.acmeDomains", l.where("tls.acmeDomains", sources), "and TLS_CERT_FILE exclude each other; keep one of them")
	case tls.RedirectPort != 0 && !tls.On():
		l.add("tls.redirectPort", l.where("tls.redirectPort", sources), "sends callers to https, which needs TLS_CERT_FILE or ACME_DOMAINS")
	case tls.RedirectPort != 0 && tls.RedirectPort == cfg.Server.Port:
		l.add("tls.redirectPort", l.where("tls.redirectPort", sources), "is PORT itself; it must be another one")
	}
}

func (l *loader) checkCloudinary(cfg Config, sources Sources) {
	c := cfg.Upload.Cloudinary
	parts := map[string]bool{
		"cloudinary.cloudName": c.CloudName != "",
		"cloudinary.apiKey":    c.APIKey != "",
		"cloudinary.apiSecret": c.APISecret != "",
	}
	var missing []string
	first := ""
	for _, path := range []string{"cloudinary.cloudName", "cloudinary.apiKey", "cloudinary.apiSecret"} {
		if parts[path] {
			first = cmp.Or(first, path)
		} else {
			missing = append(missing, l.table.byPath[path].Env)
		}
	}
	switch {
	case first == "":
	case c.URL != "":
		l.add("cloudinary.url", l.where("cloudinary.url", sources), "says the same as "+l.table.byPath[first].Env+"; keep CLOUDINARY_URL or the other three")
	case len(missing) > 0:
		l.add(first, l.where(first, sources), "needs "+strings.Join(missing, " and ")+" beside it")
	}
}

func (l *loader) checkBus(cfg Config, sources Sources) {
	where := l.where("cluster.bus", sources)
	switch {
	case cfg.Cluster.Bus == "redis" && cfg.Cluster.RedisURL == "":
		l.add("cluster.bus", where, "is redis, which needs REDIS_URL")
	case cfg.Cluster.Bus == "postgres" && strings.HasPrefix(cfg.Database.URL.Reveal(), "sqlite://"):
		l.add("cluster.bus", where, "is postgres, and DATABASE_URL is not")
	}
}
