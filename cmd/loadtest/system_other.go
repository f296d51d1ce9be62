//go:build !unix

package loadtest

import (
	"os/exec"
	"time"
)

// openFiles is not told here.
func openFiles() (limit uint64, known bool) { return 0, false }

// ownCPU is not told here.
func ownCPU() time.Duration { return 0 }

// apart does nothing here.
func apart(*exec.Cmd) {}
