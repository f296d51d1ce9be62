package server

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// stages are the rooms that run, in the order they were started.
type stages struct {
	list []*stage
	fail chan error
}

// stage is one running room.
type stage struct {
	name   string
	cancel context.CancelFunc
	done   chan error
}

// start runs a room until stop. Its own end before that is a failure of all.
func (l *stages) start(name string, run func(ctx context.Context) error) {
	l.failed()
	ctx, cancel := context.WithCancel(context.Background())
	st := &stage{name: name, cancel: cancel, done: make(chan error, 1)}
	l.list = append(l.list, st)
	go func() {
		err := run(ctx)
		if ctx.Err() == nil {
			select {
			case l.fail <- fmt.Errorf("%s ended: %w", name, orEnded(err)):
			default: // another one failed first
			}
		}
		st.done <- err
	}()
}

// failed tells of a room that ended by itself.
func (l *stages) failed() <-chan error {
	if l.fail == nil {
		l.fail = make(chan error, 1)
	}
	return l.fail
}

// stop ends the rooms from the last to the first, each before the next.
func (l *stages) stop() error {
	var errs []error
	for i := len(l.list) - 1; i >= 0; i-- {
		st := l.list[i]
		st.cancel()
		if err := <-st.done; err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, fmt.Errorf("stop %s: %w", st.name, err))
		}
	}
	return errors.Join(errs...)
}

func orEnded(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// phase is where in its life the server is.
type phase struct{ now atomic.Int32 }

const (
	starting int32 = iota
	ready
	draining
)

func (p *phase) set(to int32)       { p.now.Store(to) }
func (p *phase) is(what int32) bool { return p.now.Load() == what }
