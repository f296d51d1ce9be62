// Command coach is a trading coach one can talk to: a chat server with a
// built-in coach, and the tools to run it. Everything is in package cmd.
package main

import (
	"os"
	_ "time/tzdata" // plans name time zones, and not every machine knows them

	"github.com/elite-trading-coach/coach/cmd"
)

// The linker sets these: -ldflags "-X main.version=…". Without it, what the Go
// toolchain noted in the binary counts.
var version, commit, date string

func main() {
	os.Exit(cmd.Main(cmd.Process{
		Args:    os.Args[1:],
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Environ: os.Environ(),
		Stamps:  cmd.Stamps{Version: version, Commit: commit, Date: date},
	}))
}
