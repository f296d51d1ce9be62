package loadtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc, USER_HZ: 100 a second on every
// Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// processUsage reads /proc (proc(5)); it fails where there is none.
func processUsage(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, err
	}
	return readUsage(string(stat), string(status)), nil
}

func readUsage(stat, status string) (u usage) {
	// The second field is the program's name, which may hold spaces and brackets.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	for _, field := range []int{11, 12} { // utime, stime: 14 and 15 of the whole line
		if field < len(fields) {
			ticks, _ := strconv.ParseInt(fields[field], 10, 64)
			u.CPU += time.Duration(ticks) * clockTick
		}
	}
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			u.RSS = kib << 10
		case "VmHWM":
			u.Peak = kib << 10
		}
	}
	return u
}

// spareFiles is what the run opens beside its sockets.
const spareFiles = 128

// checkFiles says before the run, and not in the middle of it, that the system
// would not let so many sockets be opened.
func checkFiles(connections int) error {
	limit, known := openFiles()
	need := uint64(connections) + spareFiles
	if !known || limit >= need {
		return nil
	}
	return &FlagError{"connections", fmt.Sprintf(
		"%d sockets need %d open files and this process may have %d; raise that with `ulimit -n %d` in this shell first (and where the server runs), or ask for %d",
		connections, need, limit, need, max(1, int64(limit)-spareFiles))}
}
