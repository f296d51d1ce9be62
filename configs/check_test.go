package configs

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDeployedNeedsARealSecret(t *testing.T) {
	const remedy = "; make one with: openssl rand -base64 48"
	for name, c := range map[string]struct{ environ, want string }{
		"none":        {"", "JWT_SECRET: is missing, and production does not start without it" + remedy},
		"short":       {"JWT_SECRET=short", "JWT_SECRET in the environment: has 5 bytes and needs at least 32" + remedy},
		"repeated":    {"JWT_SECRET=" + strings.Repeat("abc", 20), "JWT_SECRET in the environment: repeats a few characters" + remedy},
		"placeholder": {"JWT_SECRET=your-super-secret-jwt-key-change-in-production", "JWT_SECRET in the environment: reads like the placeholder of a template" + remedy},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, LoadOptions{Environ: []string{"COACH_ENV=production", c.environ}}, c.want)
		})
	}
	t.Run("development warns", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{Environ: []string{"JWT_SECRET=short"}})
		want := []string{"JWT_SECRET has 5 bytes and needs at least 32; anything but development refuses it."}
		if diff := cmp.Diff(want, cfg.Warnings()); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	})
	t.Run("previous", func(t *testing.T) {
		refused(t, LoadOptions{Environ: []string{"COACH_ENV=production", "JWT_SECRET=" + goodSecret, "JWT_SECRET_PREVIOUS=short"}},
			"JWT_SECRET_PREVIOUS in the environment: has 5 bytes and needs at least 32; whoever guesses it can sign in as anybody, so leave it out")
	})
}

func TestValuesThatDoNotFit(t *testing.T) {
	for environ, want := range map[string]string{
		"PORT=65536":                         `PORT in the environment: must be a whole number, 0 to 65535, not "65536"`,
		"HOST=http://x":                      `HOST in the environment: must be an address or a host name, without scheme and port, not "http://x"`,
		"FRONTEND_URL=*":                     `FRONTEND_URL in the environment: must name each origin: * would let any page act as the user who looks at it, not "*"`,
		"FRONTEND_URL=https://a/b":           `FRONTEND_URL in the environment: must be origins such as https://app.example.com, without a path, not "https://a/b"`,
		"PUBLIC_URL=coach.example":           `PUBLIC_URL in the environment: must be an http:// or https:// URL without query, fragment and password, not "coach.example"`,
		"TRUSTED_PROXIES=nginx":              `TRUSTED_PROXIES in the environment: must be addresses or ranges such as 10.0.0.0/8, not "nginx"`,
		"JWT_EXPIRES_IN=3600":                `JWT_EXPIRES_IN in the environment: must be a duration with its unit, such as 90s, 15m, 12h or 7d, not "3600"`,
		"JWT_EXPIRES_IN=400d":                `JWT_EXPIRES_IN in the environment: must lie between 1s and 365d, not "400d"`,
		"WS_TRANSPORTS=websockets":           `WS_TRANSPORTS in the environment: must be polling, websocket or both, not "websockets"; did you mean websocket?`,
		"WS_TRANSPORTS=,":                    `WS_TRANSPORTS in the environment: must name polling, websocket or both`,
		"WS_OUTBOX_SOFT=8388608":             `WS_OUTBOX_SOFT in the environment: must not be larger than WS_OUTBOX_HARD`,
		"AUTH_ARGON2_MEMORY_KIB=16":          `AUTH_ARGON2_MEMORY_KIB in the environment: must be at least 32, 8 KiB for each lane`,
		"DATABASE_URL=mysql://u:hunter2@h/d": `DATABASE_URL in the environment: must begin with sqlite:// or postgres://, with special characters in the password written as %XX`,
		"DATABASE_URL=postgres://u:p%ss@h/d": `DATABASE_URL in the environment: must begin with sqlite:// or postgres://, with special characters in the password written as %XX`,
		"DATABASE_URL=sqlite://":             `DATABASE_URL in the environment: has no path: write sqlite://coach.db or sqlite:///var/lib/coach/coach.db`,
		"DATABASE_URL=sqlite://:memory:":     `DATABASE_URL in the environment: must name a file: a database in memory would lose acknowledged messages`,
		"REDIS_URL=localhost:6379":           `REDIS_URL in the environment: must begin with redis://, rediss:// (TLS) or unix://`,
		"CLOUDINARY_URL=cloudinary://cloud":  `CLOUDINARY_URL in the environment: must read cloudinary://key:secret@cloud`,
		"CLOUDINARY_API_KEY=1":               `CLOUDINARY_API_KEY in the environment: needs CLOUDINARY_CLOUD_NAME and CLOUDINARY_API_SECRET beside it`,
		"TLS_KEY_FILE=key.pem":               `TLS_KEY_FILE in the environment: needs TLS_CERT_FILE beside it`,
		"TLS_REDIRECT_PORT=80":               `TLS_REDIRECT_PORT in the environment: sends callers to https, which needs TLS_CERT_FILE or ACME_DOMAINS`,
		"LOG_LEVEL=warning":                  `LOG_LEVEL in the environment: must be one of debug, info, warn, error, not "warning"; did you mean warn?`,
	} {
		t.Run(environ, func(t *testing.T) { refused(t, LoadOptions{Environ: []string{environ}}, want) })
	}
}

func TestPostgresIsReachedOverVerifiedTLSWhenDeployed(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"production, nothing said":  {[]string{"COACH_ENV=production", "DATABASE_URL=postgres://u:p@db/coach"}, "postgres://u:p@db/coach?sslmode=verify-full"},
		"production, sslmode said":  {[]string{"COACH_ENV=production", "DATABASE_URL=postgres://u:p@db/coach?sslmode=require"}, "postgres://u:p@db/coach?sslmode=require"},
		"production, this machine":  {[]string{"COACH_ENV=production", "DATABASE_URL=postgres://u:p@127.0.0.1/coach"}, "postgres://u:p@127.0.0.1/coach"},
		"production, socket":        {[]string{"COACH_ENV=production", "DATABASE_URL=postgres:///coach?host=/run/pg"}, "postgres:///coach?host=/run/pg"},
		"DATABASE_SSL=false":        {[]string{"COACH_ENV=production", "DATABASE_URL=postgres://u:p@db/coach", "DATABASE_SSL=false"}, "postgres://u:p@db/coach?sslmode=disable"},
		"DATABASE_SSL=true":         {[]string{"DATABASE_URL=postgres://u:p@db/coach", "DATABASE_SSL=true"}, "postgres://u:p@db/coach?sslmode=verify-full"},
		"development, nothing said": {[]string{"DATABASE_URL=postgres://u:p@db/coach"}, "postgres://u:p@db/coach"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := load(t, LoadOptions{Environ: append(c.environ, "JWT_SECRET="+goodSecret)})
			if got := cfg.Database.URL.Reveal(); got != c.want {
				t.Errorf("URL %s, want %s", got, c.want)
			}
		})
	}
	t.Run("contradiction", func(t *testing.T) {
		refused(t, LoadOptions{Environ: []string{"DATABASE_URL=postgres://db/coach?sslmode=require", "DATABASE_SSL=disable"}},
			"DATABASE_SSL in the environment: says disable, and the sslmode of DATABASE_URL says another; keep one of them")
	})
}

func TestRelativePathsStartFromDir(t *testing.T) {
	cfg, _ := load(t, LoadOptions{Dir: "/srv", Environ: []string{"DATABASE_URL=sqlite://my.db", "ADMIN_SOCKET=off", "COACH_DATA_DIR=data"}})
	if cfg.Database.URL != "sqlite:///srv/my.db" || cfg.DataDir != "/srv/data" || cfg.Server.AdminSocket != "" {
		t.Errorf("database %s, data %s, socket %q", cfg.Database.URL, cfg.DataDir, cfg.Server.AdminSocket)
	}
}

func TestNobodyBelievesWhatDoesNotHold(t *testing.T) {
	cfg, _ := load(t, LoadOptions{Environ: []string{"OPENAI_MODEL=m", "REDIS_URL=redis://h", "CLOUDINARY_URL=cloudinary://k:s@c", "RATE_LIMITS=off", "TRUSTED_PROXIES=0.0.0.0/0"}})
	want := []string{
		"RATE_LIMITS is off: nobody is limited in anything. This is for benches only.",
		"TRUSTED_PROXIES holds 0.0.0.0/0: anybody can claim any address, so limits by address hold nobody.",
		"OPENAI_MODEL names a model, and there is neither OPENAI_API_KEY nor OPENAI_BASE_URL to reach it: the built-in coach answers.",
	}
	if diff := cmp.Diff(want, cfg.Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestDurations(t *testing.T) {
	for raw, want := range map[string]time.Duration{
		"7d": 7 * day, "1d12h": 36 * time.Hour, "15m": 15 * time.Minute, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "0s": 0,
	} {
		got, err := parseDuration(raw)
		if err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", raw, got, err, want)
		}
		again, err := parseDuration(formatDuration(want))
		if err != nil || again != want {
			t.Errorf("%v is written as %q, which reads %v, %v", want, formatDuration(want), again, err)
		}
	}
	for _, raw := range []string{"", "7", "d", "-1d", "1d25h", "1.5d", "99999999999999d", "4294967295d", "-5m", "1w", "1d2d"} {
		if got, err := parseDuration(raw); err == nil {
			t.Errorf("parseDuration(%q) = %v, want an error", raw, got)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"COACH_DATADIR": "COACH_DATA_DIR", "prot": "port", "JWT_SECERT": "JWT_SECRET", "wholly-different": "",
	} {
		if got := Nearest(name, []string{"COACH_DATA_DIR", "port", "host", "JWT_SECRET"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
