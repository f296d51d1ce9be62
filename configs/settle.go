package configs

import (
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
)

// settle fills in what depends on other settings: an empty value that means
// "as the environment asks" becomes the value itself.
func (l *loader) settle(cfg *Config, sources Sources) {
	if cfg.Server.Host == "" && cfg.Environment == Development {
		cfg.Server.Host = "127.0.0.1"
	}
	cfg.DataDir = l.within(cfg.DataDir)
	switch {
	case cfg.Server.AdminSocket == "":
		cfg.Server.AdminSocket = filepath.Join(cfg.DataDir, "admin", "admin.sock")
	case strings.EqualFold(cfg.Server.AdminSocket, "off"):
		cfg.Server.AdminSocket = ""
	default:
		cfg.Server.AdminSocket = l.within(cfg.Server.AdminSocket)
	}
	if cfg.Backup.Dir == "" {
		cfg.Backup.Dir = filepath.Join(cfg.DataDir, "backups")
	} else {
		cfg.Backup.Dir = l.within(cfg.Backup.Dir)
	}
	if cfg.Upload.Dir == "" {
		cfg.Upload.Dir = filepath.Join(cfg.DataDir, "uploads")
	} else {
		cfg.Upload.Dir = l.within(cfg.Upload.Dir)
	}
	switch cfg.Database.SSL {
	case "true":
		cfg.Database.SSL = "verify-full"
	case "false":
		cfg.Database.SSL = "disable"
	}
	l.settleDatabaseURL(cfg, sources)
}

func (l *loader) settleDatabaseURL(cfg *Config, sources Sources) {
	raw := cfg.Database.URL.Reveal()
	if raw == "" {
		cfg.Database.URL = SecretURL("sqlite://" + filepath.ToSlash(filepath.Join(cfg.DataDir, "coach.db")))
		return
	}
	if path, ok := strings.CutPrefix(raw, "sqlite://"); ok {
		cfg.Database.URL = SecretURL("sqlite://" + l.within(path))
		return
	}
	u, err := url.Parse(raw)
	if err != nil {
		return // said already, when the value was read
	}
	query := u.Query()
	said, asked := query.Get("sslmode"), cfg.Database.SSL
	switch {
	case said != "" && asked != "auto" && said != asked:
		l.add("database.ssl", sources["database.ssl"].Where, "says "+asked+", and the sslmode of DATABASE_URL says another; keep one of them")
		return
	case said != "":
		return
	case asked == "auto" && cfg.Environment != Development && !onThisMachine(u):
		// Over a network, a deployed server talks to the right database or to none.
		asked = "verify-full"
	case asked == "auto":
		return
	}
	query.Set("sslmode", asked)
	u.RawQuery = query.Encode()
	cfg.Database.URL = SecretURL(u.String())
}

// onThisMachine reports whether a Postgres URL stays on this machine: a Unix
// socket or a loopback address, where TLS guards nothing.
func onThisMachine(u *url.URL) bool {
	host := u.Hostname()
	if host == "" {
		host = u.Query().Get("host")
	}
	if host == "" || host == "localhost" || strings.HasPrefix(host, "/") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
