package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// startDesk opens the admin socket. Where it cannot be, the server goes on
// without: operators have tokens, too.
func (s *Server) startDesk(ctx context.Context) {
	path := s.Config.Server.AdminSocket
	if path == "" {
		return
	}
	l, err := listenDesk(ctx, path)
	if err != nil {
		s.log.Warn("the admin socket is off; operators need a token", "path", path, "err", err)
		return
	}
	web := newHTTP(s.desk, s.log)
	s.stages.start("admin socket", func(ctx context.Context) error { return serveDesk(ctx, web, named{l}) })
}

// lastWords is how long a reply on the admin socket may take when all else has
// stopped: it may be the one that says so.
const lastWords = 500 * time.Millisecond

// serveDesk serves the admin socket until ctx ends. Whoever follows what
// happens is cut off then; an answer under way is not.
func serveDesk(ctx context.Context, web *http.Server, l net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve the admin socket: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if web.Shutdown(last) != nil {
		_ = web.Close() // somebody follows the stream, which has no end
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the admin socket: %w", err)
	}
	return nil
}

// maxSocketPath is what the system takes, in bytes: 108 on Linux, 104 on BSDs,
// the final NUL included.
const maxSocketPath = 103

// listenDesk listens on a Unix socket in a folder that is the owner's alone,
// made if it is not there. A socket that nobody listens on was left by a
// server that was killed, and is removed; one that somebody does is theirs.
func listenDesk(ctx context.Context, path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path has %d bytes, and a Unix socket's at most %d; set ADMIN_SOCKET to a shorter one", len(path), maxSocketPath)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make its folder: %w", err)
	}
	if err := private(folder); err != nil {
		return nil, err
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("keep it private: %w", err), l.Close())
	}
	return l, nil
}

// private makes sure that nobody else may enter the folder: who reaches the
// socket is an operator. A folder that others share is left as it is, and
// refused.
func private(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("look at its folder: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("others may enter its folder %s (mode %04o); `chmod 700` it, or set ADMIN_SOCKET to a path in a folder of its own", folder, info.Mode().Perm())
}

// removeStale takes away what a killed server left, and nothing else.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at what is there: %w", err)
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return errors.New("something that is no socket is there already; set ADMIN_SOCKET to another path")
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
		return errors.New("another server listens on it; give this one its own data folder, or ADMIN_SOCKET")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("ask who listens on it: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the stale one: %w", err)
	}
	return nil
}

// named says of each connection who is at its other end, as its remote
// address: that is what the audit log gets.
type named struct{ net.Listener }

// Accept implements net.Listener.
func (l named) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return peer{conn, person("socket:" + peerLogin(conn))}, nil
}

type peer struct {
	net.Conn
	who person
}

// RemoteAddr implements net.Conn.
func (p peer) RemoteAddr() net.Addr { return p.who }

// person is a login as an address.
type person string

// Network implements net.Addr.
func (person) Network() string { return "unix" }

func (p person) String() string { return string(p) }
