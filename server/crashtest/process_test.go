//go:build unix

package crashtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// site is where servers of one test keep their records: what one leaves
// behind, the next one finds.
type site struct {
	t    testing.TB
	env  map[string]string
	wrap []string // a command that starts the server, before its own name
}

// newSite makes a place with no limits and cheap passwords, on the database at
// url ("" is SQLite in the data folder). env holds name=value pairs.
func newSite(t testing.TB, url string, env ...string) *site {
	t.Helper()
	p := &site{t: t, env: map[string]string{
		"COACH_DATA_DIR": t.TempDir(), "HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", "RATE_LIMITS": "off",
		"AUTH_ARGON2_MEMORY_KIB": "8192", "AUTH_ARGON2_ITERATIONS": "1", "DRAIN_TIMEOUT": "2s", "AI_LEASE": "1s",
		// A race ends the server with a code of its own, at once.
		"GORACE": "halt_on_error=1 exitcode=66",
	}}
	if url != "" {
		p.env["DATABASE_URL"] = url
	}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		p.env[name] = value
	}
	return p
}

// process is one server.
type process struct {
	t     testing.TB
	base  string // http://host:port
	cmd   *exec.Cmd
	log   *logBook
	ended chan struct{} // closed when the process has ended
	err   error         // how, after that

	killed bool
}

// start runs a server until it listens, and kills it when the test ends.
func (p *site) start() *process {
	p.t.Helper()
	s := p.launch()
	select {
	case s.base = <-s.log.listening:
	case <-s.ended:
		p.t.Fatalf("the server did not start: %v\n%s", s.err, s.log)
	case <-time.After(patience):
		p.t.Fatalf("the server does not listen\n%s", s.log)
	}
	return s
}

// launch runs a server and does not wait for it.
func (p *site) launch() *process {
	p.t.Helper()
	s := &process{t: p.t, log: newLogBook(), ended: make(chan struct{})}
	argv := append(append([]string{}, p.wrap...), os.Getenv(binaryVariable), "serve", "--migrate")
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = p.t.TempDir(), s.log, s.log
	for name := range maps.Keys(p.env) {
		s.cmd.Env = append(s.cmd.Env, name+"="+p.env[name])
	}
	if err := s.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	p.t.Cleanup(s.kill)
	return s
}

// kill ends the process as kill -9 does, and waits until it is gone. Of one that
// came to a bad end by itself it shows the log.
func (s *process) kill() {
	select {
	case <-s.ended:
		if s.err != nil && s.t.Failed() && !s.killed {
			s.t.Logf("the server ended by itself: %v\n%s", s.err, s.log)
		}
	default:
	}
	s.killed = true
	_ = s.cmd.Process.Kill()
	<-s.ended
}

func (s *process) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// wait gives the exit code; -1 is an end by a signal.
func (s *process) wait(within time.Duration) int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(within):
		s.t.Fatalf("the process did not end within %s\n%s", within, s.log)
	}
	var exit *exec.ExitError
	if s.err != nil && !errors.As(s.err, &exit) {
		s.t.Fatal(s.err)
	}
	return s.cmd.ProcessState.ExitCode()
}

// unharmed fails the test unless the process runs, and never panicked or raced.
func (s *process) unharmed() {
	s.t.Helper()
	select {
	case <-s.ended:
		s.t.Fatalf("the server ended: %v\n%s", s.err, s.log)
	default:
	}
	for _, word := range []string{"panic", "fatal error", "DATA RACE", "goroutine "} {
		for _, line := range s.log.containing(word) {
			// The one panic that is expected: the WebSocket library's, over a
			// frame whose length is negative, caught and told of by engineio.
			if !strings.Contains(line, "a malformed WebSocket frame ended its connection") {
				s.t.Errorf("the log has %q:\n%s", word, line)
			}
		}
	}
}

// memory is the most memory that the process ever held, in bytes; 0 where the
// system does not tell.
func (s *process) memory() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// logBook keeps what a process writes, line by line.
type logBook struct {
	listening chan string // the address, once

	mu    sync.Mutex
	rest  []byte
	lines []string
}

func newLogBook() *logBook { return &logBook{listening: make(chan string, 1)} }

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		l.lines = append(l.lines, string(line))
		var entry struct{ Msg, URL string }
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "listening" {
			select {
			case l.listening <- strings.Replace(entry.URL, "localhost", "127.0.0.1", 1):
			default:
			}
		}
	}
}

// containing lists the lines that hold a text.
func (l *logBook) containing(text string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// String is the end of the log.
func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 60
	return strings.Join(l.lines[max(0, len(l.lines)-most):], "\n") + string(l.rest)
}
