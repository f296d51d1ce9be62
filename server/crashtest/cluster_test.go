//go:build unix

package crashtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/elite-trading-coach/coach/server/needs"
)

// cluster is a Postgres of a test's own, which may be stopped.
type cluster struct {
	t    *testing.T
	bin  string // folder of initdb and pg_ctl
	dir  string
	port int
	// as is who runs it, nil for whoever runs the tests: Postgres refuses root.
	as *syscall.Credential
}

// newCluster makes and starts one; it is gone when the test ends.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	dir, err := openFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &cluster{t: t, dir: dir}
	c.find()
	c.port = freePort(t)
	c.run("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-D", c.data())
	t.Cleanup(func() { _ = c.command("pg_ctl", "-D", c.data(), "-m", "immediate", "stop").Run() })
	c.start()
	return c
}

// openFolder makes a temporary folder that another user can come through,
// which a test's own is not.
func openFolder() (string, error) {
	dir, err := os.MkdirTemp("", "coach-crashtest")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// find looks for the programs, and for the user to run them as.
func (c *cluster) find() {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	i := slices.IndexFunc(folders, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "pg_ctl"))
		return err == nil
	})
	if i < 0 {
		c.missing("there is no initdb with a pg_ctl beside it")
		return
	}
	c.bin = folders[i]
	if os.Getuid() != 0 {
		return
	}
	postgres, err := user.Lookup("postgres")
	if err != nil {
		c.missing("Postgres refuses to run as root, and there is no user postgres")
		return
	}
	uid, _ := strconv.Atoi(postgres.Uid)
	gid, _ := strconv.Atoi(postgres.Gid)
	c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(c.dir, uid, gid); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) missing(why string) {
	c.t.Helper()
	needs.Absent(c.t, "postgres", "no Postgres of one's own here: "+why)
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

func (c *cluster) start() {
	c.t.Helper()
	options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off", c.port, c.dir)
	c.run("pg_ctl", "-w", "-D", c.data(), "-l", filepath.Join(c.dir, "log"), "-o", options, "start")
}

// stop ends it as a crash would: nobody is told, nothing is finished.
func (c *cluster) stop() {
	c.t.Helper()
	c.run("pg_ctl", "-w", "-D", c.data(), "-m", "immediate", "stop")
}

func (c *cluster) run(name string, args ...string) {
	c.t.Helper()
	// Not through a pipe: Postgres would hold it open.
	said, err := os.Create(filepath.Join(c.t.TempDir(), name))
	if err != nil {
		c.t.Fatal(err)
	}
	defer said.Close()
	cmd := c.command(name, args...)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		c.t.Fatalf("%s: %v\n%s%s", name, err, text, log)
	}
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	// The test's context ends before its cleanups run.
	cmd := exec.CommandContext(context.WithoutCancel(c.t.Context()), filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	return cmd
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
