package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/configs"
)

// selfSigned writes a certificate for localhost with this number.
func selfSigned(t *testing.T, dir string, number int64) configs.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := configs.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	for path, block := range map[string]*pem.Block{files.CertFile: {Type: "CERTIFICATE", Bytes: cert}, files.KeyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func number(t *testing.T, p *keyPair) int64 {
	t.Helper()
	c, err := p.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.SerialNumber.Int64()
}

func TestRenewedCertificatesAreReadAndBadOnesRefused(t *testing.T) {
	dir := t.TempDir()
	files := selfSigned(t, dir, 1)
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p, err := openKeyPair(files, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.watch(t.Context()) }()
		synctest.Wait()
		selfSigned(t, dir, 22)
		time.Sleep(certificatesEvery) // the bubble's clock
		synctest.Wait()
		if n := number(t, p); n != 22 {
			t.Errorf("the certificate is number %d", n)
		}
		if err := os.WriteFile(files.KeyFile, []byte("half a fi"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(certificatesEvery)
		synctest.Wait()
		if n := number(t, p); n != 22 || !strings.Contains(log.String(), "refused") {
			t.Errorf("after a bad file it is number %d; the log:\n%s", n, log.String())
		}
	})
}

func TestBadCertificateFilesAreNamed(t *testing.T) {
	_, err := openKeyPair(configs.TLS{CertFile: "/nowhere/cert.pem", KeyFile: "/nowhere/key.pem"}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "TLS_CERT_FILE") || !strings.Contains(err.Error(), "/nowhere/cert.pem") {
		t.Errorf("%v", err)
	}
}

func TestRedirectKeepsThePlaceAndNamesThePort(t *testing.T) {
	for name, c := range map[string]struct {
		server       configs.Server
		host, target string
	}{
		"the port of TLS":           {configs.Server{Port: 8443}, "example.com:8080", "https://example.com:8443/a/b?c=d"},
		"the usual port":            {configs.Server{Port: 443}, "example.com", "https://example.com/a/b?c=d"},
		"the name the world knows":  {configs.Server{Port: 3001, PublicURL: "https://coach.example.com"}, "10.0.0.1", "https://coach.example.com/a/b?c=d"},
		"an address of version six": {configs.Server{Port: 3001}, "[::1]:80", "https://[::1]:3001/a/b?c=d"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/a/b?c=d", nil)
			r.Host = c.host
			w := httptest.NewRecorder()
			redirectTo(c.server).ServeHTTP(w, r)
			if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != c.target {
				t.Errorf("%d to %s, want %s", w.Code, got, c.target)
			}
		})
	}
}

func TestTLSOldVersionsAreRefused(t *testing.T) {
	s := &Server{log: slog.New(slog.DiscardHandler)}
	by, err := s.secureBy(configs.Server{TLS: selfSigned(t, t.TempDir(), 1)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", by.config)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	done := make(chan error, 1)
	go func() { done <- web.Serve(l) }()
	t.Cleanup(func() {
		_ = web.Close()
		<-done
	})
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}
