//go:build linux || darwin

package doctor

import "syscall"

// OpenFiles is how many files, sockets among them, a process started here may
// have open; false where that cannot be told.
func OpenFiles() (uint64, bool) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return r.Cur, true
}
