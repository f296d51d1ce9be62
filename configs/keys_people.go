package configs

import (
	"math"
	"time"
)

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
