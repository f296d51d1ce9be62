package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAServersTimersMayBeLate looks at what the process that was started has
// become, and at every thread of it where the system lets it.
func TestAServersTimersMayBeLate(t *testing.T) {
	for name, c := range map[string]struct{ given, want time.Duration }{
		"nobody said anything": {kernelSlack, timerSlack},
		"who started it did":   {70 * time.Microsecond, 70 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWithSlack(t, c.given)
			if anew := beganAnew(t, s.cmd.Process.Pid); anew != (c.given == kernelSlack) {
				t.Errorf("it began anew: %t", anew)
			}
			for thread, slack := range slackOfThreads(t, s.cmd.Process.Pid) {
				if slack != c.want {
					t.Errorf("timers of thread %s may be %s late, want %s", thread, slack, c.want)
				}
			}
			s.signal(t)
			if exit := s.wait(t); exit != nil {
				t.Errorf("exit %v, want 0\n%s", exit, s.stderr)
			}
		})
	}
}

// TestWhatCannotBeginAnewGoesOn has nothing to begin, and is left with as many
// files as Go had raised its limit to: in a process that was started with few.
func TestWhatCannotBeginAnewGoesOn(t *testing.T) {
	const few = "COACH_TEST_FEW_FILES"
	if os.Getenv(few) == "" {
		again := exec.Command("sh", "-c", `ulimit -Sn 100 && exec "$0" -test.run "^$1$"`, os.Args[0], t.Name())
		again.Env = append(os.Environ(), few+"=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	var before, after unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil || before.Cur == 100 {
		t.Fatal("Go did not raise the limit of open files: nothing can be seen here", err)
	}
	beginAnew(filepath.Join(t.TempDir(), "no-such-program"))
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &after); err != nil || after != before {
		t.Errorf("it may open %d files, before %d (%v)", after.Cur, before.Cur, err)
	}
}

// startWithSlack starts a server from a thread whose timers may be that late.
func startWithSlack(t *testing.T, slack time.Duration) *started {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // 0: as it was at first
	return startServer(t)
}

// beganAnew reads what the process was begun with.
func beganAnew(t *testing.T, pid int) bool {
	t.Helper()
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(environ), timersSet+"=1")
}

// slackOfThreads is nil where nobody may look.
func slackOfThreads(t *testing.T, pid int) map[string]time.Duration {
	t.Helper()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]time.Duration{}
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join("/proc", thread.Name(), "timerslack_ns"))
		if errors.Is(err, unix.EPERM) {
			t.Log("not at its threads: another process's timers are told to who has CAP_SYS_NICE")
			return nil
		}
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // a thread that has ended meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		ns, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		found[thread.Name()] = time.Duration(ns)
	}
	if len(found) == 0 {
		t.Fatal("no thread was looked at")
	}
	return found
}
