package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestServesTLSItself has the unmodified clients come in over https and wss.
func TestServesTLSItself(t *testing.T) {
	folder := needs.Node(t, "socket.io-client-3")
	certFile, keyFile := certificate(t)
	base := start(t, config(t, storagetest.SQLiteURL(t), "TLS_CERT_FILE="+certFile, "TLS_KEY_FILE="+keyFile))
	if !strings.HasPrefix(base, "https://") {
		t.Fatalf("it says that it is at %s", base)
	}
	t.Run("headers", func(t *testing.T) {
		pem, err := os.ReadFile(certFile)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, DisableKeepAlives: true}}
		res, err := client.Get(base + "/api/health/live")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if hsts := res.Header.Get("Strict-Transport-Security"); res.StatusCode != http.StatusOK || !strings.HasPrefix(hsts, "max-age=") {
			t.Errorf("%d, Strict-Transport-Security %q", res.StatusCode, hsts)
		}
	})
	t.Run("clients", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		node := exec.CommandContext(ctx, "node", "--test", filepath.Join(folder, "e2e", "connect.mjs"))
		url := strings.Replace(base, "localhost", "127.0.0.1", 1)
		node.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+certFile, "COACH_E2E_URL="+url, "COACH_E2E_STAGE=none")
		if out, err := node.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// certificate writes the one that package httptest comes with, for example.com
// and 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	return writePair(t, server.TLS.Certificates[0])
}

func writePair(t *testing.T, pair tls.Certificate) (certFile, keyFile string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
