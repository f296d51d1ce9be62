// Package needs is for tests that want more than Go: a program, a service, the
// Node clients. What is not on this machine skips the test and says what it
// waits for; where COACH_TEST_REQUIRE, a comma list of services, names it (as
// .ci/run does), its absence fails the test instead.
package needs

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// redisAddress is where the Redis of a machine that tests coach listens.
const redisAddress = "127.0.0.1:6379"

// Absent ends a test that cannot run without a service: a failure where
// COACH_TEST_REQUIRE names it, else a skip. why says what is missing and, where
// something can be done, what.
func Absent(t testing.TB, service, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("COACH_TEST_REQUIRE"), ","), service) {
		t.Fatalf("COACH_TEST_REQUIRE names %s: %s", service, why)
	}
	t.Skipf("waits for %s: %s", service, why)
}

// Program gives the path of the first of the names that is installed. service
// is the word by which COACH_TEST_REQUIRE knows it.
func Program(t testing.TB, service string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Absent(t, service, "no "+strings.Join(names, ", ")+" in PATH")
	return ""
}

// Node gives the absolute path of testdata/node, where Node is installed and
// the packages are in it.
func Node(t testing.TB, packages ...string) string {
	t.Helper()
	return node(t, "node", packages)
}

// Browser gives the same for tests that drive Chromium.
func Browser(t testing.TB) string {
	t.Helper()
	Program(t, "browser", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	return node(t, "browser", []string{"playwright-core"})
}

func node(t testing.TB, service string, packages []string) string {
	t.Helper()
	Program(t, service, "node")
	folder, err := nodeFolder()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range packages {
		if _, err := os.Stat(filepath.Join(folder, "node_modules", name)); err != nil {
			Absent(t, service, "run npm ci in testdata/node: "+err.Error())
		}
	}
	return folder
}

// nodeFolder looks for testdata/node from the test's folder upwards.
func nodeFolder() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		folder := filepath.Join(dir, "testdata", "node")
		if _, err := os.Stat(filepath.Join(folder, "package.json")); err == nil {
			return folder, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no testdata/node above %s", start)
		}
	}
}

// Redis gives the address of this machine's Redis, which has answered.
func Redis(t testing.TB) string {
	t.Helper()
	if err := ping(t.Context(), redisAddress); err != nil {
		Absent(t, "redis", "no Redis answers on "+redisAddress+": "+err.Error())
	}
	return redisAddress
}

func ping(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 7)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(answer[:n]), "+PONG") {
		return fmt.Errorf("it says %q", answer[:n])
	}
	return nil
}
