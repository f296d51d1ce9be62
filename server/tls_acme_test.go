package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestACME gets a certificate from a real authority, Let's Encrypt's own for
// tests: over the port itself (tls-alpn-01), and over the one without TLS
// (http-01) where the authority cannot reach the other. A second node finds it
// in the database.
func TestACME(t *testing.T) {
	for name, path := range map[string]func(secure, plain int) (tlsPort, httpPort int){
		"tls-alpn-01": func(secure, _ int) (int, int) { return secure, 1 },
		"http-01":     func(_, plain int) (int, int) { return 1, plain },
	} {
		t.Run(name, func(t *testing.T) {
			secure, plain := freePort(t), freePort(t)
			tlsPort, httpPort := path(secure, plain)
			directory, caFile, roots := authority(t, tlsPort, httpPort)
			url := storagetest.PostgresURL(t)
			env := []string{
				"ACME_DOMAINS=coach.example.com", "ACME_EMAIL=ops@example.com", "ACME_DIRECTORY=" + directory, "ACME_CA_FILE=" + caFile,
				"JWT_SECRET=one-secret-for-all-the-nodes-0123456789",
			}
			start(t, config(t, url, append(env, "PORT="+strconv.Itoa(secure), "TLS_REDIRECT_PORT="+strconv.Itoa(plain))...))
			serial := shake(t, secure, roots(t))
			if got := storedCertificates(t, url); got < 2 { // the account's key and the certificate
				t.Errorf("%d things are kept in the database", got)
			}
			// The second node is where the authority never asks, so it can only have the first one's.
			other := freePort(t)
			start(t, config(t, url, append(env, "PORT="+strconv.Itoa(other))...))
			if again := shake(t, other, roots(t)); again != serial {
				t.Errorf("the second node has a certificate of its own: %s and %s", serial, again)
			}
			if _, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(secure)), &tls.Config{ServerName: "other.example.com", RootCAs: roots(t)}); err == nil {
				t.Error("a name that is not ours got a certificate")
			}
		})
	}
}

// shake makes a TLS connection that trusts the roots only, and gives the
// certificate's number.
func shake(t *testing.T, port int, roots *x509.CertPool) string {
	t.Helper()
	conn, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), &tls.Config{ServerName: "coach.example.com", RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func storedCertificates(t *testing.T, url string) int {
	t.Helper()
	var n int
	store := storagetest.Open(t, url)
	if err := store.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM certificates").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// authority runs one that reaches every name at 127.0.0.1 and these ports. It
// gives its directory, what vouches for that, and what it issues.
func authority(t *testing.T, tlsPort, httpPort int) (directory, caFile string, roots func(*testing.T) *x509.CertPool) {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	front := wfe.New(quiet, store, va.New(quiet, httpPort, tlsPort, false, nameServer(t), store), issuer, []string{"ca.example.com"}, false, false, 1, 1)
	web := httptest.NewTLSServer(front.Handler())
	t.Cleanup(web.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return web.URL + wfe.DirectoryPath, caFile, func(t *testing.T) *x509.CertPool {
		pool := x509.NewCertPool()
		pool.AddCert(issuer.GetRootCert(0).Cert)
		return pool
	}
}

// nameServer says that every name is at 127.0.0.1, over TCP, as the authority
// asks (RFC 7766: a length of two bytes goes before each message).
func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(patience))
				_ = answerOne(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

func answerOne(conn net.Conn) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	question := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, question); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	answer, err := m.AppendPack([]byte{0, 0})
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(answer, uint16(len(answer)-2))
	_, err = conn.Write(answer)
	return err
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
