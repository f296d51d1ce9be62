package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/storage"
)

// acme gets certificates by ACME (RFC 8555) when they are first asked for, and
// renews them 30 days before their end. They are kept in the database, so that
// one node's certificate is every node's.
func (s *Server) acme(c configs.Server) (*secure, error) {
	client, err := authority(c.TLS)
	if err != nil {
		return nil, err
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.TLS.ACMEDomains...),
		Cache: certificates{s.store}, Client: client, Email: c.TLS.ACMEEmail,
	}
	config := m.TLSConfig() // with acme-tls/1, by which the authority may ask on this port
	config.MinVersion = tls.VersionTLS12
	return &secure{config: config, plain: withoutPort(m.HTTPHandler(redirectTo(c)))}, nil
}

// withoutPort takes the port from a request's host: autocert compares it with
// the names it has, and behind a mapped port (80 to 8080) a caller may name it.
func withoutPort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r.Host = host
		}
		next.ServeHTTP(w, r)
	})
}

// authority is the client of the directory that is configured.
func authority(c configs.TLS) (*acme.Client, error) {
	client := &acme.Client{DirectoryURL: c.ACMEDirectory, UserAgent: "coach"}
	if client.DirectoryURL == "" {
		client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	if c.ACMECAFile == "" {
		return client, nil
	}
	pem, err := os.ReadFile(c.ACMECAFile)
	if err != nil {
		return nil, fmt.Errorf("ACME_CA_FILE cannot be used: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ACME_CA_FILE: %s holds no certificate in PEM", c.ACMECAFile)
	}
	client.HTTPClient = &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
		Timeout:   30 * time.Second,
	}
	return client, nil
}

// certificates is autocert's cache in the store.
type certificates struct{ store *storage.Store }

// Get implements autocert.Cache.
func (c certificates) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := c.store.Certificate(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, autocert.ErrCacheMiss
	}
	return data, err
}

// Put implements autocert.Cache.
func (c certificates) Put(ctx context.Context, name string, data []byte) error {
	return c.store.Tx(ctx, func(tx *storage.Tx) error { return tx.PutCertificate(ctx, name, data) })
}

// Delete implements autocert.Cache.
func (c certificates) Delete(ctx context.Context, name string) error {
	return c.store.Tx(ctx, func(tx *storage.Tx) error { return tx.DeleteCertificate(ctx, name) })
}
