package loadtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// Spawn starts a server for the run, with no limits, in a folder that is
// removed afterwards.
type Spawn struct {
	Binary  string   // the program to run
	Environ []string // its environment; what places the data is replaced
	// Postgres makes an empty database and gives its URL and what removes it;
	// nil: the server keeps its records in the folder, on SQLite.
	Postgres func(ctx context.Context) (url string, drop func(context.Context) error, err error)
}

// startPatience is how long a server may take to become ready.
const startPatience = 30 * time.Second

// process is a server of our own, through its lives.
type process struct {
	spawn  Spawn
	folder string
	port   string
	url    string
	// database is the URL of its Postgres, "" for SQLite; drop removes it.
	database string
	drop     func(context.Context) error

	cmd   *exec.Cmd
	ended chan struct{} // closed when this life is over
	spent usage         // in the lives before: CPU, and the peak
}

func newProcess(ctx context.Context, s Spawn) (*process, error) {
	folder, err := os.MkdirTemp("", "coach-loadtest-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the server: %w", err)
	}
	port, err := freePort()
	if err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	p := &process{spawn: s, folder: folder, port: port, url: "http://127.0.0.1:" + port}
	if s.Postgres == nil {
		return p, nil
	}
	if p.database, p.drop, err = s.Postgres(ctx); err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	return p, nil
}

func freePort() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// engine names the database.
func (p *process) engine() string {
	if p.database == "" {
		return "SQLite"
	}
	return "Postgres"
}

// socket is the path of the server's admin socket.
func (p *process) socket() string { return filepath.Join(p.folder, "admin.sock") }

// operator speaks over it; nil where the system has no such sockets.
func (p *process) operator() *api.Client {
	if _, err := os.Stat(p.socket()); err != nil {
		return nil
	}
	return api.OverSocket(p.socket())
}

// environ keeps the server from touching anybody else's data.
func (p *process) environ() []string {
	ours := []string{
		"COACH_DATA_DIR=" + p.folder, "DATABASE_URL=" + p.database, "REDIS_URL=", "BUS=memory", "HOST=127.0.0.1", "PORT=" + p.port,
		"ADMIN_SOCKET=" + p.socket(), "COACH_ENV=development", "NODE_ENV=development", "LOG_FORMAT=json", "LOG_LEVEL=warn",
	}
	env := []string{"RATE_LIMITS=off"} // unless the caller says otherwise
	for _, pair := range p.spawn.Environ {
		if name, _, _ := strings.Cut(pair, "="); !slices.Contains(notForServers(), name) {
			env = append(env, pair)
		}
	}
	return append(env, ours...) // of a name given twice the last one holds
}

// notForServers would bring somebody's data in again, or is not known to them.
func notForServers() []string {
	return []string{"DATABASE_URL_FILE", "REDIS_URL_FILE", "COACH_ADMIN_URL", "COACH_ADMIN_TOKEN", "COACH_ADMIN_TOKEN_FILE"}
}

// start runs the server until it is ready.
func (p *process) start(ctx context.Context) error {
	log := filepath.Join(p.folder, "server.log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the server's log: %w", err)
	}
	defer out.Close()
	// Not CommandContext: an interrupt ends the run first, and then the server.
	cmd := exec.Command(p.spawn.Binary, "serve", "--no-web", "--migrate")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.folder, p.environ(), out, out
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() { _ = cmd.Wait(); close(ended) }()
	if err := p.ready(ctx); err != nil {
		p.kill()
		return fmt.Errorf("%w; its last words:\n%s", err, tail(log))
	}
	return nil
}

func (p *process) ready(ctx context.Context) error {
	client := &api.Client{BaseURL: p.url, Timeout: time.Second}
	gone := false
	ready := waitFor(ctx, startPatience, func() bool {
		select {
		case <-p.ended:
			gone = true
			return true
		default:
		}
		h, err := client.Health(ctx, "ready")
		return err == nil && h.Status == api.StatusOK
	})
	switch {
	case gone:
		return errors.New("the server ended as soon as it was started")
	case !ready && ctx.Err() != nil:
		return ctx.Err()
	case !ready:
		return fmt.Errorf("the server was not ready within %s", startPatience)
	}
	return nil
}

// kill ends the server without a chance to say anything, and waits.
func (p *process) kill() {
	p.spent = p.usage()
	_ = p.cmd.Process.Kill() // gone already is as good
	<-p.ended
}

// stop ends the server and removes what it wrote.
func (p *process) stop() error {
	if p.cmd != nil {
		p.kill()
	}
	err := os.RemoveAll(p.folder)
	if p.drop == nil {
		return err
	}
	// An interrupt does not leave it behind.
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	return errors.Join(err, p.drop(ctx))
}

// usage is what a server has used, of CPU through all its lives.
type usage struct {
	CPU  time.Duration
	RSS  int64 // bytes, now
	Peak int64 // bytes, the most in any life
}

func (p *process) usage() usage {
	u, _ := processUsage(p.cmd.Process.Pid) // zero where the system does not tell
	u.CPU += p.spent.CPU
	u.Peak = max(u.Peak, p.spent.Peak)
	return u
}

// tail is the end of a file, for a person to read.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	const most = 2000
	return string(bytes.TrimSpace(data[max(0, len(data)-most):]))
}
