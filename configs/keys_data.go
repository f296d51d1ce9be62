package configs

import "time"

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
