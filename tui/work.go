package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// work is where everything that waits happens: Update only makes commands of
// it. It owns the goroutines that Bubble Tea runs commands in, which Bubble
// Tea itself does not wait for.
type work struct {
	// ctx ends with the screen.
	ctx    context.Context
	source Source

	mu      sync.Mutex // guards over, and running's Add against its Wait
	over    bool
	running sync.WaitGroup
}

// do makes a command of f.
func (w *work) do(f func(ctx context.Context, s Source) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !w.enter() {
			return nil
		}
		defer w.running.Done()
		return safely(func() tea.Msg { return f(w.ctx, w.source) })
	}
}

// crashed is a command that panicked. Bubble Tea would print that onto the
// screen that is about to go away.
type crashed struct{ what string }

func safely(f func() tea.Msg) (msg tea.Msg) {
	defer func() {
		if r := recover(); r != nil {
			msg = crashed{fmt.Sprintf("%v\n%s", r, debug.Stack())}
		}
	}()
	return f()
}

// after is a message after a while, unless the screen ends before.
func (w *work) after(d time.Duration, msg tea.Msg) tea.Cmd {
	return w.do(func(ctx context.Context, _ Source) tea.Msg {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return msg
		case <-ctx.Done():
			return nil
		}
	})
}

func (w *work) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return false
	}
	w.running.Add(1)
	return true
}

// wait returns when no command runs any more; its context must have ended.
func (w *work) wait() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.running.Wait()
}
