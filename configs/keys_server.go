package configs

import (
	"net/netip"
	"time"
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
