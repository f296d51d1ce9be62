package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/configs"
)

// certificatesEvery is how soon a renewed certificate file is in use.
const certificatesEvery = 10 * time.Second

// secure is how this node speaks TLS: its configuration, what answers on the
// port without TLS, and what keeps certificates fresh, if anything must.
type secure struct {
	config   *tls.Config
	plain    http.Handler
	keeps    func(ctx context.Context) error
	reloaded func() error // reads certificate files again; nil where there are none
}

// secureBy makes what the configuration asks for; nil: TLS is somebody else's.
func (s *Server) secureBy(c configs.Server) (*secure, error) {
	switch {
	case c.TLS.CertFile != "":
		pair, err := openKeyPair(c.TLS, s.log)
		if err != nil {
			return nil, err
		}
		return &secure{
			config: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get, NextProtos: []string{"h2", "http/1.1"}},
			plain:  redirectTo(c), keeps: pair.watch, reloaded: pair.load,
		}, nil
	case len(c.TLS.ACMEDomains) > 0:
		return s.acme(c)
	}
	return nil, nil
}

// keyPair is a certificate and its key from files, which whoever renews them
// replaces while the server runs.
type keyPair struct {
	files configs.TLS
	log   *slog.Logger
	now   atomic.Pointer[tls.Certificate]
}

func openKeyPair(files configs.TLS, log *slog.Logger) (*keyPair, error) {
	p := &keyPair{files: files, log: log}
	return p, p.load()
}

func (p *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.now.Load(), nil }

// load reads the files. What cannot be used leaves the older pair in place.
func (p *keyPair) load() error {
	pair, err := tls.LoadX509KeyPair(p.files.CertFile, p.files.KeyFile)
	if err != nil {
		return fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %w", err)
	}
	if pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter) {
		p.log.Warn("the TLS certificate has expired; renew it", "file", p.files.CertFile, "expired", pair.Leaf.NotAfter)
	}
	p.now.Store(&pair)
	return nil
}

// watch reads the files again when they have changed.
func (p *keyPair) watch(ctx context.Context) error {
	tick := time.NewTicker(certificatesEvery)
	defer tick.Stop()
	seen := p.stamp()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		stamp := p.stamp()
		if stamp == seen {
			continue
		}
		seen = stamp
		if err := p.load(); err != nil {
			p.log.Warn("a changed TLS certificate was refused; the one before stays", "err", err)
			continue
		}
		p.log.Info("the TLS certificate was read again", "file", p.files.CertFile)
	}
}

// stamp tells files apart from what they were.
func (p *keyPair) stamp() string {
	text := ""
	for _, path := range []string{p.files.CertFile, p.files.KeyFile} {
		if info, err := os.Stat(path); err == nil {
			text += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return text
}

// redirectTo sends callers to the same place over https.
func redirectTo(c configs.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "https://"+secureHost(c, r.Host)+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // PUBLIC_URL, or the host that the caller asked for
	})
}

// secureHost is where https is: as the world knows it, else as the caller does.
func secureHost(c configs.Server, asked string) string {
	if u, err := url.Parse(c.PublicURL); err == nil && u.Scheme == "https" {
		return u.Host
	}
	if host, _, err := net.SplitHostPort(asked); err == nil {
		asked = host
	}
	if c.Port == 443 {
		return asked
	}
	return net.JoinHostPort(asked, strconv.Itoa(c.Port))
}

// startTLS takes the port over, and opens the one without TLS.
func (s *Server) startTLS(ctx context.Context, l net.Listener) (net.Listener, error) {
	by, err := s.secureBy(s.Config.Server)
	if err != nil || by == nil {
		return l, err
	}
	if by.keeps != nil {
		s.stages.start("certificates", by.keeps)
	}
	s.reloadCertificates = by.reloaded
	if port := s.Config.Server.TLS.RedirectPort; port != 0 {
		plain := s.Config.Server
		plain.Port = port
		pl, err := listen(ctx, plain)
		if err != nil {
			return l, errors.Join(fmt.Errorf("TLS_REDIRECT_PORT cannot be used: %w", err), l.Close())
		}
		web := newHTTP(by.plain, s.log)
		web.ReadTimeout, web.WriteTimeout = 10*time.Second, 10*time.Second
		s.stages.start("redirect", func(ctx context.Context) error { return serveHTTP(ctx, web, pl) })
	}
	return tls.NewListener(l, by.config), nil
}
