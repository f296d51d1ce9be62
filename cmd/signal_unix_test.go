//go:build unix

package cmd

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// started is coach serving in a process of its own.
type started struct {
	cmd    *exec.Cmd
	addr   string
	stderr *syncBuffer
	ended  chan error // one value, when the process has ended
}

// syncBuffer is what a process writes, to be read while it does.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func startServer(t *testing.T, args ...string) *started {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &started{addr: "127.0.0.1:" + port, stderr: &syncBuffer{}, ended: make(chan error, 1)}
	s.cmd = &exec.Cmd{
		Path: exe, Args: append([]string{"coach", "serve", "--port", port}, args...), Dir: t.TempDir(), Stderr: s.stderr,
		Env: []string{"DRAIN_TIMEOUT=1m"},
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	if err := waitReady(t.Context(), "http://"+s.addr); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *started) signal(t *testing.T) {
	t.Helper()
	s.send(t, syscall.SIGTERM)
}

func (s *started) send(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wait gives how the process ended.
func (s *started) wait(t *testing.T) *exec.ExitError {
	t.Helper()
	select {
	case err := <-s.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return exit
	case <-time.After(20 * time.Second):
		t.Fatal("the process did not end within 20 s")
		return nil
	}
}

func TestFirstSignalStopsGracefully(t *testing.T) {
	s := startServer(t)
	s.signal(t)
	if exit := s.wait(t); exit != nil {
		t.Errorf("exit %v, want 0\n%s", exit, s.stderr)
	}
	if strings.Contains(s.stderr.String(), "coach: ") {
		t.Errorf("it complained about being stopped:\n%s", s.stderr)
	}
}

// TestSecondSignalQuitsAtOnce keeps a graceful stop busy with a request whose
// body never comes, for a minute if it were left to itself.
func TestSecondSignalQuitsAtOnce(t *testing.T) {
	s := startServer(t)
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("POST /api/auth/login HTTP/1.1\r\nHost: coach\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	// A reply to a later request tells that the first one was accepted too.
	if _, err := (&api.Client{BaseURL: "http://" + s.addr}).Health(t.Context(), "live"); err != nil {
		t.Fatal(err)
	}
	s.signal(t)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		probe, err := net.Dial("tcp", s.addr)
		if err != nil {
			break // the port is closed: the stop has begun
		}
		probe.Close()
		select {
		case err := <-s.ended:
			t.Fatalf("it ended by itself (%v): nothing kept it busy", err)
		case <-tick.C:
		}
	}
	s.signal(t)
	exit := s.wait(t)
	if exit == nil {
		t.Fatalf("exit 0, want an end by signal\n%s", s.stderr)
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended as %v, want by SIGTERM\n%s", exit, s.stderr)
	}
}

// TestHangUpReadsTheConfigurationAgain lets other pages call, and keeps what
// holds when the file is spoilt.
func TestHangUpReadsTheConfigurationAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "coach.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("server:\n  frontendUrl: https://old.example\n")
	s := startServer(t, "--config", file)
	eventually(t, "the page of before may call", func() bool { return mayCall(t, s, "https://old.example") })
	write("server:\n  frontendUrl: https://new.example\nlog:\n  level: debug\n")
	s.send(t, syscall.SIGHUP)
	eventually(t, "only the new page may call", func() bool {
		return mayCall(t, s, "https://new.example") && !mayCall(t, s, "https://old.example")
	})
	write("server:\n  frontendUrl: https://third.example\n  prot: 1\n")
	s.send(t, syscall.SIGHUP)
	eventually(t, "the spoilt file is told of", func() bool { return strings.Contains(s.stderr.String(), "was not taken over") })
	if !mayCall(t, s, "https://new.example") || mayCall(t, s, "https://third.example") {
		t.Error("a spoilt file has changed who may call")
	}
	s.signal(t)
	if exit := s.wait(t); exit != nil {
		t.Errorf("exit %v", exit)
	}
}

// mayCall reports whether a page of an origin may call.
func mayCall(t *testing.T, s *started, origin string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/api/health/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header.Get("Access-Control-Allow-Origin") == origin
}

// eventually waits for what has no signal of its own.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(20 * time.Second); !so(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}
