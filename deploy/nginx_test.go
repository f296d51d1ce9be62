package deploy_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/needs"
)

// TestNginx puts our nginx.conf before a coach, with a certificate of its own, and has the unmodified clients come in
// through it: polling, WebSocket, the upgrade between them, refusals.
func TestNginx(t *testing.T) {
	needs.Program(t, "nginx", "nginx")
	needs.Node(t, "socket.io-client-3")
	coach := startCoach(t)
	dir := t.TempDir()
	cert := selfSigned(t, dir)
	plain, secure := freePort(t), freePort(t)
	conf := strings.NewReplacer(
		"listen 80;", "listen 127.0.0.1:"+plain+";",
		"listen 443 ssl http2;", "listen 127.0.0.1:"+secure+" ssl http2;",
		"/etc/letsencrypt/live/coach.example.com/fullchain.pem", cert,
		"/etc/letsencrypt/live/coach.example.com/privkey.pem", filepath.Join(dir, "key.pem"),
		"server 127.0.0.1:3001;", "server "+coach+";",
	).Replace(read(t, "nginx", "coach.conf"))
	startNginx(t, dir, conf, secure)
	script, err := filepath.Abs(filepath.Join("..", "testdata", "node", "e2e", "connect.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "--test", script)
	node.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+cert, "COACH_E2E_URL=https://127.0.0.1:"+secure, "COACH_E2E_STAGE=none")
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// startCoach serves until the test ends, and gives the address.
func startCoach(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "coach")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	serve := exec.Command(binary, "serve", "--port", "0", "--log-format", "json", "--data-dir", t.TempDir())
	serve.Dir = t.TempDir()
	serve.Env = []string{"RATE_LIMITS=off", "TRUSTED_PROXIES=127.0.0.1", "AUTH_ARGON2_MEMORY_KIB=8192"}
	log, err := serve.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		defer close(address)
		for lines := bufio.NewScanner(log); lines.Scan(); { // to the end, so that coach never waits for its log
			var line struct{ Msg, URL string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
				_, port, _ := net.SplitHostPort(strings.TrimPrefix(line.URL, "http://"))
				address <- "127.0.0.1:" + port
			}
		}
	}()
	t.Cleanup(func() {
		_ = serve.Process.Kill()
		for range address { // until the log has ended
		}
		_ = serve.Wait()
	})
	select {
	case a, ok := <-address:
		if ok {
			return a
		}
	case <-time.After(30 * time.Second):
	}
	t.Fatal("coach does not listen")
	return ""
}

// startNginx runs nginx until the test ends; it returns when its port answers.
func startNginx(t *testing.T, dir, conf, port string) {
	t.Helper()
	whole := "daemon off; master_process off; pid " + dir + "/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n" +
		"client_body_temp_path " + dir + "/body; proxy_temp_path " + dir + "/proxy; fastcgi_temp_path " + dir + "/f; uwsgi_temp_path " + dir + "/u; scgi_temp_path " + dir + "/s;\n" +
		conf + "}\n"
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	nginx := exec.Command("nginx", "-p", dir, "-c", path)
	nginx.Stderr = &said
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = nginx.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = nginx.Process.Kill()
		<-ended
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(20 * time.Second); ; {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("nginx ended:\n%s", said.String())
		case <-limit:
			t.Fatal("nginx does not listen")
		case <-tick.C:
		}
	}
}

// freePort is a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// selfSigned writes cert.pem and key.pem for 127.0.0.1 into dir, and gives the certificate's path.
func selfSigned(t *testing.T, dir string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem")
}
