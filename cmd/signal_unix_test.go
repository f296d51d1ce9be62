//go:build unix

package cmd

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// started is coach serving in a process of its own.
type started struct {
	cmd    *exec.Cmd
	addr   string
	stderr *bytes.Buffer
	ended  chan error // one value, when the process has ended
}

func startServer(t *testing.T) *started {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &started{addr: "127.0.0.1:" + port, stderr: &bytes.Buffer{}, ended: make(chan error, 1)}
	s.cmd = &exec.Cmd{
		Path: exe, Args: []string{"coach", "serve", "--port", port}, Dir: t.TempDir(), Stderr: s.stderr,
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
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
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
