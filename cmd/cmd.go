// Package cmd is coach's command line: one file per command, each a function
// that returns the command.
//
// [Main] is the whole program but for its exit: it is handed what a process
// has (arguments, streams, environment) and returns the exit code, so that
// tests run commands without a process. Commands reach everything below only
// through package server; they load the configuration, call, and print. What
// goes wrong is said once, here, in a sentence that begins with "coach:".
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

// Process is what Main is handed.
type Process struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string // name=value pairs
	Stamps  Stamps
}

// The exit codes. Commands that promise others say so in their help.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs the command that p asks for and returns the exit code. The first
// interrupt (SIGINT or SIGTERM) ends the command gracefully, the second one
// ends the process at once.
func Main(p Process) int {
	if slices.Contains(p.Args, "serve") {
		lateTimers() // before signals are listened for: one that comes meanwhile would be lost
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Without a handler the second signal does what signals do.
	defer context.AfterFunc(ctx, stop)()
	return run(ctx, &app{Process: p, below: theServer()})
}

// app is what commands share.
type app struct {
	Process
	below backend
}

func run(ctx context.Context, a *app) int {
	root := newRoot(a)
	root.SetArgs(a.Args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	var failed *failure
	if errors.As(err, &failed) {
		a.say(failed.err)
		return failed.code
	}
	tell(a.Stderr, "coach: "+usageText(called, err)+"\nRun `"+called.CommandPath()+" --help` for how to use it.\n")
	return exitUsage
}

// say tells the person at the terminal what went wrong; a failure that was
// shown already has no error.
func (a *app) say(err error) {
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		tell(a.Stderr, "coach: stopped before it was done.\n")
	default:
		tell(a.Stderr, "coach: "+withoutCode(err.Error())+"\n")
		a.sayFields(server.Problems(err))
	}
}

// sayFields lists what is wrong where; of one field the sentence tells it.
func (a *app) sayFields(problems []api.Detail) {
	if len(problems) < 2 {
		return
	}
	for _, p := range problems {
		tell(a.Stderr, "  "+p.Field+": "+p.Message+"\n")
	}
}

// tell writes for a person to read; where nobody can, there is nobody to tell.
func tell(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// failure is the end of a command that ran; errors that are none come from
// cobra and mean that the command line is wrong.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// marked makes every error that a command returns a failure, so that cobra's
// own stand apart.
func marked(c *cobra.Command) {
	for _, child := range c.Commands() {
		marked(child)
	}
	inner := c.RunE
	if inner == nil {
		return
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		err := inner(c, args)
		var failed *failure
		var usage *usageError
		if err == nil || errors.As(err, &failed) || errors.As(err, &usage) {
			return err
		}
		return &failure{code: exitFailed, err: err}
	}
}

// usageError is a mistake on the command line that a command itself found.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// usageText says what is wrong with a command line, with the name that was
// probably meant.
func usageText(c *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err.Error()
	}
	var known []string
	collect := func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	}
	c.Flags().VisitAll(collect)
	c.InheritedFlags().VisitAll(collect)
	if near := configs.Nearest(unknown.GetSpecifiedName(), known); near != "" {
		return err.Error() + "; did you mean --" + near + "?"
	}
	return err.Error()
}

// withoutCode drops the code that a refusal begins with (CONFLICT: …): codes
// are for programs, and its sentence says the same.
func withoutCode(text string) string {
	code, rest, found := strings.Cut(text, ": ")
	if found && code != "" && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return rest
	}
	return text
}
