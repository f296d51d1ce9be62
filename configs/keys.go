package configs

import (
	"math"
	"net/netip"
	"time"
)

// Key describes one setting.
type Key struct {
	// Path is its name in the file: group.name.
	Path string
	// Env is its name in the environment; Alias is an older one that Env wins
	// over.
	Env, Alias string
	// Flag is its name on the command line, or "".
	Flag string
	// Default is what a person would write to get it; "" when Unset says it.
	Default string
	// Unset says what an empty value means, where that is not plain.
	Unset string
	// Help is one line without a full stop.
	Help string
	// Secret values are never shown, and may come from a file: Env + "_FILE".
	Secret bool

	binding
}

// Shape says in a few words which values fit.
func (k Key) Shape() string { return k.shape }

// Value is the key's value in c as a person would write it, stars for a secret.
func (k Key) Value(c Config) string { return k.get(&c) }

// FileEnv is the name under which a secret's file may be given, or "".
func (k Key) FileEnv() string {
	if !k.Secret {
		return ""
	}
	return k.Env + "_FILE"
}

// Keys is the table of all settings, in the order in which they are shown.
func Keys() []Key {
	groups := [][]Key{
		placeKeys(), serverKeys(), tlsKeys(), databaseKeys(), authKeys(), limitKeys(), realtimeKeys(), aiKeys(), uploadKeys(),
		clusterKeys(), logKeys(), housekeepingKeys(), backupKeys(),
	}
	var keys []Key
	for _, group := range groups {
		keys = append(keys, group...)
	}
	return keys
}

const (
	anyBytes = 1 << 30
	ms       = time.Millisecond
)

func placeKeys() []Key {
	return []Key{
		{
			Path: "environment", Env: "COACH_ENV", Alias: "NODE_ENV", Default: "development",
			Help:    "what kind of place this is; anything but development listens on all addresses and must be given JWT_SECRET",
			binding: oneOf(func(c *Config) *Environment { return &c.Environment }, string(Development), string(Staging), string(Production)),
		},
		{
			Path: "dataDir", Env: "COACH_DATA_DIR", Flag: "data-dir", Default: "./coach_data",
			Help:    "folder of everything coach keeps on this machine",
			binding: text(func(c *Config) *string { return &c.DataDir }),
		},
	}
}

func serverKeys() []Key {
	return []Key{
		{
			Path: "server.host", Env: "HOST", Flag: "host", Unset: "127.0.0.1 in development, all addresses otherwise",
			Help:    "address or name to listen on",
			binding: checked(func(c *Config) *string { return &c.Server.Host }, "address or name", readHost),
		},
		{
			Path: "server.port", Env: "PORT", Flag: "port", Default: "3001",
			Help:    "TCP port; 0 takes a free one",
			binding: whole(func(c *Config) *int { return &c.Server.Port }, 0, 65535),
		},
		{
			Path: "server.publicUrl", Env: "PUBLIC_URL", Unset: "as the request says",
			Help:    "how the world reaches this server; links are made with it",
			binding: checked(func(c *Config) *string { return &c.Server.PublicURL }, "http(s) URL", readWebURL),
		},
		{
			Path: "server.frontendUrl", Env: "FRONTEND_URL", Default: "http://localhost:3000",
			Help:    "origins whose pages may call and open sockets, with commas between them",
			binding: list(func(c *Config) *[]string { return &c.Server.FrontendURL }, "origins", readOrigin),
		},
		{
			Path: "server.trustedProxies", Env: "TRUSTED_PROXIES", Unset: "none",
			Help:    "proxies whose X-Forwarded-For is believed, with commas between them",
			binding: prefixes(func(c *Config) *[]netip.Prefix { return &c.Server.TrustedProxies }),
		},
		{
			Path: "server.drainTimeout", Env: "DRAIN_TIMEOUT", Default: "10s",
			Help:    "longest graceful stop: sockets are closed spread over it",
			binding: span(func(c *Config) *time.Duration { return &c.Server.DrainTimeout }, 0, 10*time.Minute),
		},
		{
			Path: "server.adminSocket", Env: "ADMIN_SOCKET", Unset: "admin/admin.sock in the data folder",
			Help:    "path of the operators' Unix socket; off for none",
			binding: text(func(c *Config) *string { return &c.Server.AdminSocket }),
		},
		{
			Path: "server.compression", Env: "COMPRESSION", Default: "on",
			Help:    "compress replies to who asks for it",
			binding: toggle(func(c *Config) *bool { return &c.Server.Compression }),
		},
		{
			Path: "server.noWeb", Env: "NO_WEB", Flag: "no-web", Default: "off",
			Help:    "leave out the page at / and the documentation at /docs",
			binding: toggle(func(c *Config) *bool { return &c.Server.NoWeb }),
		},
	}
}

func tlsKeys() []Key {
	return []Key{
		{
			Path: "tls.certFile", Env: "TLS_CERT_FILE", Unset: "no TLS",
			Help:    "certificate chain in PEM",
			binding: text(func(c *Config) *string { return &c.Server.TLS.CertFile }),
		},
		{
			Path: "tls.keyFile", Env: "TLS_KEY_FILE", Unset: "no TLS",
			Help:    "its private key in PEM",
			binding: text(func(c *Config) *string { return &c.Server.TLS.KeyFile }),
		},
		{
			Path: "tls.acmeDomains", Env: "ACME_DOMAINS", Unset: "no ACME",
			Help:    "names to get certificates for by ACME, with commas between them",
			binding: list(func(c *Config) *[]string { return &c.Server.TLS.ACMEDomains }, "host names", readHost),
		},
		{
			Path: "tls.acmeEmail", Env: "ACME_EMAIL", Unset: "none",
			Help:    "address that the authority may write to about them",
			binding: text(func(c *Config) *string { return &c.Server.TLS.ACMEEmail }),
		},
		{
			Path: "tls.acmeDirectory", Env: "ACME_DIRECTORY", Unset: "Let's Encrypt",
			Help:    "directory of another authority",
			binding: checked(func(c *Config) *string { return &c.Server.TLS.ACMEDirectory }, "http(s) URL", readWebURL),
		},
		{
			Path: "tls.acmeCaFile", Env: "ACME_CA_FILE", Unset: "the system's",
			Help:    "certificates in PEM that vouch for that directory",
			binding: text(func(c *Config) *string { return &c.Server.TLS.ACMECAFile }),
		},
		{
			Path: "tls.redirectPort", Env: "TLS_REDIRECT_PORT", Default: "0",
			Help:    "port without TLS that sends callers to https, and answers the authority; 0 for none",
			binding: whole(func(c *Config) *int { return &c.Server.TLS.RedirectPort }, 0, 65535),
		},
	}
}

func databaseKeys() []Key {
	return []Key{
		{
			Path: "database.url", Env: "DATABASE_URL", Flag: "database-url", Secret: true, Unset: "sqlite://<data dir>/coach.db",
			Help:    "sqlite://path or postgres://user:password@host/name",
			binding: hiddenURL(func(c *Config) *SecretURL { return &c.Database.URL }, "sqlite:// or postgres:// URL", checkDatabaseURL),
		},
		{
			Path: "database.ssl", Env: "DATABASE_SSL", Default: "auto",
			Help:    "TLS to Postgres; auto is what the URL's sslmode says, else verify-full when deployed and prefer in development",
			binding: oneOf(func(c *Config) *string { return &c.Database.SSL }, "auto", "disable", "prefer", "require", "verify-ca", "verify-full", "true", "false"),
		},
		{
			Path: "database.maxConns", Env: "DATABASE_MAX_CONNS", Default: "0",
			Help:    "most connections (readers on SQLite); 0 suits the machine",
			binding: whole(func(c *Config) *int { return &c.Database.MaxConns }, 0, 10_000),
		},
		{
			Path: "database.sqliteSynchronous", Env: "SQLITE_SYNCHRONOUS", Default: "FULL",
			Help:    "with NORMAL a power cut may take the last commits",
			binding: oneOf(func(c *Config) *string { return &c.Database.SQLiteSynchronous }, "FULL", "NORMAL"),
		},
	}
}

func authKeys() []Key {
	return []Key{
		{
			Path: "auth.jwtSecret", Env: "JWT_SECRET", Secret: true, Unset: "made and kept in the data folder in development, refused otherwise",
			Help:    "signs tokens; at least 32 bytes",
			binding: hidden(func(c *Config) *Secret { return &c.Auth.JWTSecret }),
		},
		{
			Path: "auth.jwtSecretPrevious", Env: "JWT_SECRET_PREVIOUS", Secret: true, Unset: "none",
			Help:    "still accepted while the secret is being replaced",
			binding: hidden(func(c *Config) *Secret { return &c.Auth.JWTSecretPrevious }),
		},
		{
			Path: "auth.jwtExpiresIn", Env: "JWT_EXPIRES_IN", Default: "7d",
			Help:    "life of a token",
			binding: span(func(c *Config) *time.Duration { return &c.Auth.JWTExpiresIn }, time.Second, 365*day),
		},
		{
			Path: "auth.sessionIdle", Env: "AUTH_SESSION_IDLE", Default: "30d",
			Help:    "ends a session, and its sockets, that nobody uses for so long; 0s never",
			binding: span(func(c *Config) *time.Duration { return &c.Auth.SessionIdle }, 0, 3650*day),
		},
		{
			Path: "auth.argon2MemoryKiB", Env: "AUTH_ARGON2_MEMORY_KIB", Default: "65536",
			Help:    "KiB of memory that one password hash takes",
			binding: whole(func(c *Config) *int { return &c.Auth.Argon2.MemoryKiB }, 8, 4<<20),
		},
		{
			Path: "auth.argon2Iterations", Env: "AUTH_ARGON2_ITERATIONS", Default: "3",
			Help:    "passes of one password hash",
			binding: whole(func(c *Config) *int { return &c.Auth.Argon2.Iterations }, 1, 1000),
		},
		{
			Path: "auth.argon2Parallelism", Env: "AUTH_ARGON2_PARALLELISM", Default: "4",
			Help:    "lanes of one password hash",
			binding: whole(func(c *Config) *int { return &c.Auth.Argon2.Parallelism }, 1, 255),
		},
	}
}

func limitKeys() []Key {
	return []Key{
		{
			Path: "limits.enabled", Env: "RATE_LIMITS", Default: "on",
			Help:    "off for benches only: no limit of any tier holds",
			binding: toggle(func(c *Config) *bool { return &c.Limits.Enabled }),
		},
		{
			Path: "limits.windowMs", Env: "RATE_LIMIT_WINDOW_MS", Default: "900000",
			Help:    "window of the anonymous limit",
			binding: millis(func(c *Config) *time.Duration { return &c.Limits.Window }, time.Second, day),
		},
		{
			Path: "limits.maxRequests", Env: "RATE_LIMIT_MAX_REQUESTS", Default: "100",
			Help:    "requests of one address in that window",
			binding: whole(func(c *Config) *int { return &c.Limits.MaxRequests }, 1, math.MaxInt32),
		},
	}
}

func realtimeKeys() []Key {
	return []Key{
		{
			Path: "realtime.pingIntervalMs", Env: "WS_PING_INTERVAL", Default: "25000",
			Help:    "between a client's answer and the next ping",
			binding: millis(func(c *Config) *time.Duration { return &c.Realtime.PingInterval }, 100*ms, time.Hour),
		},
		{
			Path: "realtime.pingTimeoutMs", Env: "WS_PING_TIMEOUT", Default: "20000",
			Help:    "for the answer to a ping",
			binding: millis(func(c *Config) *time.Duration { return &c.Realtime.PingTimeout }, 100*ms, time.Hour),
		},
		{
			Path: "realtime.connectTimeoutMs", Env: "WS_CONNECT_TIMEOUT", Default: "45000",
			Help:    "for a new connection to join a namespace",
			binding: millis(func(c *Config) *time.Duration { return &c.Realtime.ConnectTimeout }, 100*ms, time.Hour),
		},
		{
			Path: "realtime.upgradeTimeoutMs", Env: "WS_UPGRADE_TIMEOUT", Default: "10000",
			Help:    "for a WebSocket to take over from polling",
			binding: millis(func(c *Config) *time.Duration { return &c.Realtime.UpgradeTimeout }, 100*ms, time.Hour),
		},
		{
			Path: "realtime.maxPayload", Env: "WS_MAX_PAYLOAD", Default: "1000000",
			Help:    "bytes of one packet from a client",
			binding: whole(func(c *Config) *int { return &c.Realtime.MaxPayload }, 1024, 100<<20),
		},
		{
			Path: "realtime.transports", Env: "WS_TRANSPORTS", Default: "polling,websocket",
			Help:    "several nodes need sticky sessions, or websocket alone",
			binding: list(func(c *Config) *[]string { return &c.Realtime.Transports }, "polling, websocket or both", readTransport),
		},
		{
			Path: "realtime.recoveryWindowMs", Env: "WS_RECOVERY_WINDOW", Default: "120000",
			Help:    "how long a lost connection can be taken up again; 0 never",
			binding: millis(func(c *Config) *time.Duration { return &c.Realtime.RecoveryWindow }, 0, day),
		},
		{
			Path: "realtime.recoveryMaxBytes", Env: "WS_RECOVERY_MAX_BYTES", Default: "67108864",
			Help:    "bytes of a node's memory for that",
			binding: whole(func(c *Config) *int { return &c.Realtime.RecoveryMaxBytes }, 0, anyBytes),
		},
		{
			Path: "realtime.outboxSoft", Env: "WS_OUTBOX_SOFT", Default: "262144",
			Help:    "bytes waiting for one socket before deltas are dropped for it",
			binding: whole(func(c *Config) *int { return &c.Realtime.OutboxSoft }, 1024, anyBytes),
		},
		{
			Path: "realtime.outboxHard", Env: "WS_OUTBOX_HARD", Default: "4194304",
			Help:    "bytes waiting for one socket before it is closed",
			binding: whole(func(c *Config) *int { return &c.Realtime.OutboxHard }, 1024, anyBytes),
		},
	}
}

func aiKeys() []Key {
	return []Key{
		{
			Path: "ai.openaiApiKey", Env: "OPENAI_API_KEY", Secret: true, Unset: "the built-in coach answers",
			Help:    "key of an OpenAI-compatible provider",
			binding: hidden(func(c *Config) *Secret { return &c.AI.OpenAIKey }),
		},
		{
			Path: "ai.openaiModel", Env: "OPENAI_MODEL", Unset: "gpt-4o-mini at OpenAI",
			Help:    "model that answers",
			binding: text(func(c *Config) *string { return &c.AI.OpenAIModel }),
		},
		{
			Path: "ai.openaiBaseUrl", Env: "OPENAI_BASE_URL", Unset: "OpenAI's own",
			Help:    "endpoint of the provider",
			binding: checked(func(c *Config) *string { return &c.AI.OpenAIBaseURL }, "http(s) URL", readWebURL),
		},
		{
			Path: "ai.models", Env: "AI_MODELS", Unset: "OPENAI_MODEL, then the built-in coach",
			Help:    "models in the order in which they are tried, with commas between them",
			binding: list(func(c *Config) *[]string { return &c.AI.Models }, "model names", func(s string) (string, error) { return s, nil }),
		},
		{
			Path: "ai.policies", Env: "AI_POLICIES", Unset: "as the model's name tells",
			Help:    "what single models can do and cost, with commas between them; docs/models.md has the settings",
			binding: policies(func(c *Config) *[]ModelPolicy { return &c.AI.Policies }),
		},
		{
			Path: "ai.prompts", Env: "AI_PROMPTS", Unset: "the prompts built in",
			Help:    "folder of prompts for the models",
			binding: text(func(c *Config) *string { return &c.AI.Prompts }),
		},
		{
			Path: "ai.firstToken", Env: "AI_FIRST_TOKEN_TIMEOUT", Default: "30s",
			Help:    "how long a model may take to its first token",
			binding: span(func(c *Config) *time.Duration { return &c.AI.FirstToken }, 100*ms, 10*time.Minute),
		},
		{
			Path: "ai.idle", Env: "AI_IDLE_TIMEOUT", Default: "20s",
			Help:    "how long a model may be silent between two tokens",
			binding: span(func(c *Config) *time.Duration { return &c.AI.Idle }, 100*ms, 10*time.Minute),
		},
		{
			Path: "ai.total", Env: "AI_TOTAL_TIMEOUT", Default: "2m",
			Help:    "how long an answer may take in all",
			binding: span(func(c *Config) *time.Duration { return &c.AI.Total }, time.Second, time.Hour),
		},
		{
			Path: "ai.workers", Env: "AI_WORKERS", Default: "64",
			Help:    "answers that this node writes at once",
			binding: whole(func(c *Config) *int { return &c.AI.Workers }, 1, 10_000),
		},
		{
			Path: "ai.lease", Env: "AI_LEASE", Default: "15s",
			Help:    "how long an answer waits for a worker that is gone",
			binding: span(func(c *Config) *time.Duration { return &c.AI.Lease }, time.Second, time.Hour),
		},
	}
}

func uploadKeys() []Key {
	return []Key{
		{
			Path: "upload.dir", Env: "UPLOAD_DIR", Unset: "uploads in the data folder",
			Help:    "folder of images, and of those under way to Cloudinary; several nodes share one, or use Cloudinary",
			binding: text(func(c *Config) *string { return &c.Upload.Dir }),
		},
		{
			Path: "upload.bytesPerUser", Env: "UPLOAD_BYTES_PER_USER", Default: "1073741824",
			Help:    "bytes of images that one person may have stored",
			binding: whole(func(c *Config) *int { return &c.Upload.Share }, 1<<20, 1<<40),
		},
		{
			Path: "upload.maxPixels", Env: "UPLOAD_MAX_PIXELS", Default: "40000000",
			Help:    "pixels of one image",
			binding: whole(func(c *Config) *int { return &c.Upload.MaxPixels }, 1_000_000, 100_000_000),
		},
		{
			Path: "upload.modelEdge", Env: "UPLOAD_MODEL_EDGE", Default: "2048",
			Help:    "pixels of the longest side of what a language model is shown",
			binding: whole(func(c *Config) *int { return &c.Upload.ModelEdge }, 512, 8192),
		},
		{
			Path: "upload.loose", Env: "UPLOAD_LOOSE", Default: "1d",
			Help:    "how long an image is kept that no message shows",
			binding: span(func(c *Config) *time.Duration { return &c.Upload.Loose }, 5*time.Minute, 365*day),
		},
		{
			Path: "cloudinary.url", Env: "CLOUDINARY_URL", Secret: true, Unset: "images stay on the local disk",
			Help:    "cloudinary://key:secret@cloud, instead of the three below",
			binding: hiddenURL(func(c *Config) *SecretURL { return &c.Upload.Cloudinary.URL }, "cloudinary:// URL", checkCloudinaryURL),
		},
		{
			Path: "cloudinary.cloudName", Env: "CLOUDINARY_CLOUD_NAME",
			Help:    "cloud of the account",
			binding: text(func(c *Config) *string { return &c.Upload.Cloudinary.CloudName }),
		},
		{
			Path: "cloudinary.apiKey", Env: "CLOUDINARY_API_KEY",
			Help:    "key of the account",
			binding: text(func(c *Config) *string { return &c.Upload.Cloudinary.APIKey }),
		},
		{
			Path: "cloudinary.apiSecret", Env: "CLOUDINARY_API_SECRET", Secret: true,
			Help:    "secret of the account",
			binding: hidden(func(c *Config) *Secret { return &c.Upload.Cloudinary.APISecret }),
		},
	}
}

func clusterKeys() []Key {
	return []Key{
		{
			Path: "cluster.redisUrl", Env: "REDIS_URL", Secret: true, Unset: "no Redis",
			Help:    "redis://user:password@host/0, shared by the nodes",
			binding: hiddenURL(func(c *Config) *SecretURL { return &c.Cluster.RedisURL }, "redis:// URL", checkRedisURL),
		},
		{
			Path: "cluster.bus", Env: "BUS", Default: "auto",
			Help:    "how nodes hear each other; auto is Redis if REDIS_URL is set, Postgres if the database is, else memory",
			binding: oneOf(func(c *Config) *string { return &c.Cluster.Bus }, "auto", "memory", "redis", "postgres"),
		},
	}
}

func logKeys() []Key {
	return []Key{
		{
			Path: "log.level", Env: "LOG_LEVEL", Flag: "log-level", Default: "info",
			Help:    "least severe line that is written",
			binding: oneOf(func(c *Config) *string { return &c.Log.Level }, "debug", "info", "warn", "error"),
		},
		{
			Path: "log.format", Env: "LOG_FORMAT", Flag: "log-format", Default: "auto",
			Help:    "auto is text on a terminal and JSON elsewhere",
			binding: oneOf(func(c *Config) *string { return &c.Log.Format }, "auto", "json", "text"),
		},
	}
}

func backupKeys() []Key {
	return []Key{
		{
			Path: "backup.dir", Env: "BACKUP_DIR", Unset: "backups in the data folder",
			Help:    "folder that backups are kept in; another disk is the better place",
			binding: text(func(c *Config) *string { return &c.Backup.Dir }),
		},
		{
			Path: "backup.every", Env: "BACKUP_EVERY", Default: "0s",
			Help:    "time between the backups that a running server makes; 0s for none",
			binding: span(func(c *Config) *time.Duration { return &c.Backup.Every }, 0, 90*day),
		},
		{
			Path: "backup.keep", Env: "BACKUP_KEEP", Default: "7",
			Help:    "how many of them are kept",
			binding: whole(func(c *Config) *int { return &c.Backup.Keep }, 1, 10_000),
		},
	}
}

func housekeepingKeys() []Key {
	return []Key{
		{
			Path: "housekeeping.every", Env: "HOUSEKEEPING_EVERY", Default: "5m",
			Help:    "between two rounds of removing what has had its day",
			binding: span(func(c *Config) *time.Duration { return &c.Housekeeping.Every }, time.Second, day),
		},
		{
			Path: "housekeeping.keepSessions", Env: "KEEP_SESSIONS", Default: "7d",
			Help:    "how long a session that ended is kept, with its address; 0s for ever",
			binding: span(func(c *Config) *time.Duration { return &c.Housekeeping.Sessions }, 0, 3650*day),
		},
		{
			Path: "housekeeping.keepAudit", Env: "KEEP_AUDIT", Default: "365d",
			Help:    "how long the log of what operators did is kept; 0s for ever",
			binding: span(func(c *Config) *time.Duration { return &c.Housekeeping.Audit }, 0, 3650*day),
		},
		{
			Path: "housekeeping.diskReserveMiB", Env: "DISK_RESERVE_MIB", Default: "100",
			Help:    "MiB that stay free on the disk of the data: with less, writes are refused; 0 for no bound",
			binding: whole(func(c *Config) *int { return &c.Housekeeping.DiskReserveMiB }, 0, 1<<24),
		},
	}
}
