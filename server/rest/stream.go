package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	streamPath = "/api/messages/:id/stream"
	// patience is how long one write to a reader may take.
	patience = 10 * time.Second
	// comeBack is how soon EventSource asks again, in milliseconds.
	comeBack = 1000
)

// streamAnswer tells an answer as server-sent events (WHATWG HTML, 9.2): what
// is written already, what follows, and at last the finished row. What can be
// refused is refused before the stream begins; what goes wrong later ends it,
// and the client comes back with Last-Event-ID, to here or to another node.
func (s *site) streamAnswer(c *call) error {
	from, err := lastEvent(c.Request())
	if err != nil {
		return err
	}
	answer, err := s.Chat.Message(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	if answer.Type != chat.TypeAI {
		return fault.New(fault.Validation, "Only an answer of the coach can be followed.")
	}
	end, err := s.beginStream(c)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancel(c.Request().Context())
	steps := follow(ctx, s.Chat, c, from)
	defer func() {
		cancel()
		for range steps { // until the follower has ended
		}
	}()
	w := newEventWriter(c)
	defer s.boundConnection(c, 0)
	if err := w.begin(); err != nil {
		return nil // the reader has gone
	}
	return s.tell(c, w, steps)
}

// step is one yield of [chat.Service.Follow].
type step struct {
	chat.Followed
	err error
}

// follow runs Follow beside the handler, which has clocks to watch too. The
// channel holds nothing: what the reader has not taken waits in Follow, which
// knows how to catch up.
func follow(ctx context.Context, rooms *chat.Service, c *call, from chat.Position) <-chan step {
	steps := make(chan step)
	actor, id := c.actor, c.Param("id")
	go func() {
		defer close(steps)
		for followed, err := range rooms.Follow(ctx, actor, id, from) {
			select {
			case steps <- step{followed, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return steps
}

// tell writes what comes until the answer is finished, the reader goes, the
// sign-in ends or the server does.
func (s *site) tell(c *call, w *eventWriter, steps <-chan step) error {
	alive, recheck := time.NewTicker(s.keepAlive), time.NewTicker(s.recheck)
	defer alive.Stop()
	defer recheck.Stop()
	for {
		var err error
		select {
		case st, more := <-steps:
			switch {
			case !more:
				return nil
			case st.err != nil && c.Request().Context().Err() == nil:
				return st.err
			case st.err != nil:
				return nil
			}
			err = w.events(st.Followed)
		case <-alive.C:
			err = w.comment("alive")
		case <-recheck.C:
			if s.Draining() || s.signedOut(c) {
				return nil
			}
		}
		if err != nil {
			return nil // the reader has gone
		}
	}
}

// signedOut reports whether the reader's sign-in is over. A database that does
// not answer is no reason to think so.
func (s *site) signedOut(c *call) bool {
	_, err := s.identify(c)
	return err != nil && theirs(err)
}

var eventID = regexp.MustCompile(`^(\d{1,9}):(\d{1,9})$`)

// lastEvent is where a reader who comes back had got to, attempt:offset.
func lastEvent(r *http.Request) (chat.Position, error) {
	const header = "Last-Event-ID"
	id := r.Header.Get(header)
	if id == "" {
		return chat.Position{}, nil
	}
	found := eventID.FindStringSubmatch(id)
	if found == nil {
		return chat.Position{}, fault.Invalid(header, "The last event's id must be one this server gave: attempt:offset.")
	}
	attempt, err := strconv.Atoi(found[1])
	offset, err2 := strconv.Atoi(found[2])
	return chat.Position{Attempt: attempt, Offset: offset}, errors.Join(err, err2)
}

// eventWriter writes server-sent events and sends each on its way.
type eventWriter struct {
	c       *call
	control *http.ResponseController
	buffer  bytes.Buffer
}

func newEventWriter(c *call) *eventWriter {
	return &eventWriter{c: c, control: http.NewResponseController(c.raw)}
}

func (w *eventWriter) begin() error {
	_ = w.control.SetReadDeadline(time.Time{}) // a stream lasts as long as it must; see flush
	h := w.c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies that gather replies would hold the words back
	w.c.Response().WriteHeader(http.StatusOK)
	fmt.Fprintf(&w.buffer, "retry: %d\n\n", comeBack)
	return w.flush()
}

// events writes a step; its events share the position after it.
func (w *eventWriter) events(f chat.Followed) error {
	for _, e := range f.Events {
		fmt.Fprintf(&w.buffer, "event: %s\nid: %d:%d\n", e.Name, f.Position.Attempt, f.Position.Offset)
		for line := range bytes.SplitSeq(e.Payload, []byte("\n")) {
			fmt.Fprintf(&w.buffer, "data: %s\n", line)
		}
		w.buffer.WriteByte('\n')
	}
	return w.flush()
}

// comment is a line that clients skip: it shows both ends that the other is there.
func (w *eventWriter) comment(text string) error {
	fmt.Fprintf(&w.buffer, ": %s\n\n", text)
	return w.flush()
}

func (w *eventWriter) flush() error {
	_ = w.control.SetWriteDeadline(time.Now().Add(patience)) // a test's recorder has none
	_, err := w.buffer.WriteTo(w.c.Response())
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return w.control.Flush()
}
