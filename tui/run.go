package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// Options say how the screen runs.
type Options struct {
	Source Source
	In     io.Reader // a terminal
	Out    io.Writer // a terminal
	Look   Look
	// LookOnly is a sentence that says why no verb is offered; "" offers them
	// to who may.
	LookOnly string
	// Now is the clock; nil is the machine's. Times are shown in its zone.
	Now func() time.Time
}

func (o Options) now() func() time.Time {
	if o.Now == nil {
		return time.Now
	}
	return o.Now
}

// ErrCrashed says that the screen itself failed; the terminal is as it was.
var ErrCrashed = errors.New("the screen failed; please report it, with what is printed here")

// Run shows the screen until the user leaves it or ctx ends, which is no
// error. Before it takes the terminal it asks the server once; that error is
// one of [Explain]'s.
func Run(ctx context.Context, o Options) error {
	first, err := o.Source.SnapshotWithHistory(ctx)
	if err != nil {
		return Explain(err)
	}
	within, stop := context.WithCancel(ctx)
	w := &work{ctx: within, source: o.Source}
	defer w.wait()
	defer stop()
	m := newModel(w, newTheme(o.Look, o.Out), o, first)
	// Signals are the caller's: it ends ctx.
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithAltScreen(), tea.WithoutSignalHandler())
	_, err = program.Run()
	switch {
	case ctx.Err() != nil:
		return nil
	case m.crash.what != "":
		return fmt.Errorf("%w: %s", ErrCrashed, m.crash.what)
	case errors.Is(err, tea.ErrProgramPanic):
		return ErrCrashed // Bubble Tea has printed why
	case err != nil:
		return fmt.Errorf("show the screen: %w", err)
	}
	return nil
}

// Explain adds to an error of a [Source] what one can do about it.
func Explain(err error) error {
	var no *api.RefusedError
	if !errors.As(err, &no) {
		return err
	}
	switch no.Status {
	case http.StatusUnauthorized:
		return fmt.Errorf("the server does not know this token: %w; `coach token create` beside the server makes one", err)
	case http.StatusForbidden:
		return fmt.Errorf("this account is no operator: %w; `coach token create` beside the server makes an operator token", err)
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", api.ErrNoOperators, err)
	}
	return err
}
