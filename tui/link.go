package tui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// linkState says how it stands between the screen and the server.
type linkState int

const (
	linkOpening linkState = iota // following was asked for, nothing came yet
	linkLive
	linkLost    // a next try is due
	linkRefused // the server says no, and would say it again
)

// link follows the server: it opens the stream of events, takes a snapshot
// only then (so that nothing falls between the two), and when the stream
// breaks begins anew after a while.
type link struct {
	state   linkState
	number  int       // of this try; what belongs to former ones is dropped
	tries   int       // in vain, since it was live
	since   time.Time // when it was lost
	retryAt time.Time
	err     error
	stop    context.CancelFunc
}

// The bounds of a stream: events that wait between the one that reads and the
// one that draws, and for how long events are gathered into one drawing.
const (
	eventsWaiting = 256
	gathering     = 100 * time.Millisecond
)

// occurred is what came over the stream of that number.
type occurred struct {
	number int
	events []api.Event
	err    error // why it ended, if it did
	rest   <-chan happening
}

type happening struct {
	event api.Event
	err   error
}

// snapped is an answer to a snapshot.
type snapped struct {
	number int
	shot   api.Snapshot
	err    error
}

// follow opens the stream anew.
func (m *Model) follow() tea.Cmd {
	if m.link.stop != nil {
		m.link.stop()
	}
	ctx, stop := context.WithCancel(m.work.ctx)
	m.link.number++
	m.link.state, m.link.stop = linkOpening, stop
	number, happenings := m.link.number, make(chan happening, eventsWaiting)
	return tea.Batch(
		m.work.do(func(_ context.Context, s Source) tea.Msg { return read(ctx, s, happenings) }),
		m.work.do(func(context.Context, Source) tea.Msg { return gather(ctx, number, happenings) }),
	)
}

// read hands the stream over until it ends, one way or the other.
func read(ctx context.Context, s Source, to chan<- happening) tea.Msg {
	defer close(to)
	for event, err := range s.Events(ctx) {
		select {
		case to <- happening{event, err}:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// gather waits for an event, and for those that follow it closely: a busy log
// is drawn ten times a second, not for each line.
func gather(ctx context.Context, number int, from <-chan happening) tea.Msg {
	found := occurred{number: number, rest: from}
	h, open := <-from
	enough := time.NewTimer(gathering)
	defer enough.Stop()
	for open && h.err == nil {
		found.events = append(found.events, h.event)
		select {
		case h, open = <-from:
		case <-enough.C:
			return found
		case <-ctx.Done():
			return found
		}
	}
	found.err = h.err
	if found.err == nil {
		found.err = fmt.Errorf("%w: it ended the stream", api.ErrUnreachable)
	}
	return found
}

// happen takes what came over the stream in.
func (m *Model) happen(o occurred) tea.Cmd {
	if o.number != m.link.number {
		return nil // a stream that was given up
	}
	for _, e := range o.events {
		m.hear(e)
	}
	if o.err != nil {
		m.lose(o.err)
		return nil
	}
	next := m.work.do(func(ctx context.Context, _ Source) tea.Msg { return gather(ctx, o.number, o.rest) })
	if m.link.state != linkOpening {
		return next
	}
	m.link.state, m.link.tries, m.link.err = linkLive, 0, nil
	return tea.Batch(next, m.snap(Source.SnapshotWithHistory), m.pullNow())
}

func (m *Model) snap(how func(Source, context.Context) (api.Snapshot, error)) tea.Cmd {
	number := m.link.number
	return m.work.do(func(ctx context.Context, s Source) tea.Msg {
		shot, err := how(s, ctx)
		return snapped{number, shot, err}
	})
}

// lose says that the server is away, and when it is tried again.
func (m *Model) lose(err error) {
	if m.link.stop != nil {
		m.link.stop()
	}
	m.link.number++ // what is still on its way counts no more
	m.link.err = err
	if m.link.tries == 0 {
		m.link.since = m.now()
	}
	if refused(err) {
		m.link.state = linkRefused
		return
	}
	m.link.state = linkLost
	m.link.retryAt = m.now().Add(backoff(m.link.tries))
	m.link.tries++
}

// backoff is the wait before the next try: 1, 2, 4, 8 and then 15 seconds.
func backoff(tries int) time.Duration {
	return min(15*time.Second, time.Second<<min(tries, 4))
}

// broken reports whether an error says something about the connection, and
// not about what was asked.
func broken(err error) bool {
	return errors.Is(err, api.ErrUnreachable) || errors.Is(err, api.ErrNoOperators) || refused(err)
}

// refused reports whether the server does not take who asks for an operator,
// or knows no operators: asking again does not help.
func refused(err error) bool {
	var no *api.RefusedError
	return errors.Is(err, api.ErrNoOperators) || errors.As(err, &no) && no.Status == http.StatusUnauthorized
}

// plainly is an error in words for the one who looks.
func plainly(err error) string {
	var no *api.RefusedError
	if errors.As(err, &no) {
		return clean(no.Failure.Error)
	}
	var wrong *api.FilterError
	if errors.As(err, &wrong) {
		return clean(wrong.Message)
	}
	return clean(err.Error())
}
