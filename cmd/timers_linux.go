package cmd

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// timerSlack is by how much timers of a server may be late. While something
	// happens, a thread of Go's runtime looks after the others every 20 µs, and
	// each time it wakes costs a change of thread: a tenth of a server's CPU.
	timerSlack = 500 * time.Microsecond
	// kernelSlack is what Linux gives a process of which nobody said anything.
	kernelSlack = 50 * time.Microsecond
	// timersSet keeps a process from beginning anew for ever where the kernel
	// does not keep what it was told.
	timersSet = "_COACH_TIMERS_SET"
)

// lateTimers lets the process's timers be late by [timerSlack] (prctl(2),
// PR_SET_TIMERSLACK), unless it was started with another slack than the
// kernel's own. A thread gets it from the one that makes it, and the runtime has
// made its own before any code of ours runs: so the process begins anew, as
// itself, with its first thread told. Where that cannot be, timers stay punctual.
func lateTimers() {
	if os.Getenv(timersSet) != "" {
		_ = os.Unsetenv(timersSet)
		return
	}
	program, err := os.Executable()
	if err != nil {
		return
	}
	runtime.LockOSThread() // it is this thread that execve keeps
	defer runtime.UnlockOSThread()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || time.Duration(slack) != kernelSlack {
		return
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0); err != nil {
		return
	}
	beginAnew(program)
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // 0: as it was at first
}

// beginAnew runs the program again as this process. It returns only where that
// failed, and leaves the limit of open files as the runtime had raised it, which
// [syscall.Exec] takes back.
func beginAnew(program string) {
	var files unix.Rlimit
	known := unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	_ = syscall.Exec(program, os.Args, append(os.Environ(), timersSet+"=1")) //nolint:gosec // it is itself that it begins
	if known == nil {
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &files)
	}
}
