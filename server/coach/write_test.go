package coach

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
)

// TestAPieceWaitsForWhatIsLeft has a model speak at given moments, and holds
// against them when the room is told: at once, or deltaEvery after the last
// time, with all that came meanwhile. The moments are those of the bubble's own
// clock: nothing waits in truth.
func TestAPieceWaitsForWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type said struct {
			at   time.Duration
			text string
		}
		var told []said
		began := time.Now()
		events := bus.NewMemory()
		ctx, cancel := context.WithCancel(t.Context())
		running := make(chan error, 1)
		go func() { running <- events.Run(ctx) }()
		defer func() { cancel(); <-running }()
		job := chat.Job{ID: "answer", ConversationID: "room"}
		defer events.Subscribe(chat.ConversationTopic(job.ConversationID), func(e bus.Event) {
			if e.Name != chat.EventDelta {
				return
			}
			var d chat.Delta
			if err := json.Unmarshal(e.Data, &d); err != nil {
				t.Error(err)
			}
			told = append(told, said{time.Since(began), d.Text})
		})()
		a := &writing{
			w: NewWorker(Options{Chat: chat.New(chat.Options{Bus: events}), Bus: events}), job: job,
			text: newManuscript(), asks: make(chan string),
		}
		done := make(chan result)
		ended := make(chan struct{})
		go func() { a.relay(ctx, done); close(ended) }()
		for _, piece := range []said{
			{0, "the first "},
			{10 * time.Millisecond, "and "},
			{30 * time.Millisecond, "two more "},
			{200 * time.Millisecond, "after a while "},
			{230 * time.Millisecond, "soon "},
			{240 * time.Millisecond, "later "},
		} {
			time.Sleep(piece.at - time.Since(began))
			a.text.add(piece.text)
		}
		// One who asks for everything is told at once, and with him the room.
		time.Sleep(400*time.Millisecond - time.Since(began))
		a.text.add("one more ")
		time.Sleep(10 * time.Millisecond)
		a.text.add("before the question ")
		a.asks <- "somebody"
		time.Sleep(time.Millisecond)
		a.text.add("after it ")
		time.Sleep(100 * time.Millisecond)
		done <- result{}
		<-ended
		synctest.Wait()
		want := []said{
			{0, "the first "},
			{deltaEvery, "and two more "},
			{200 * time.Millisecond, "after a while "},
			{200*time.Millisecond + deltaEvery, "soon "},
			{200*time.Millisecond + 2*deltaEvery, "later "},
			{400 * time.Millisecond, "one more "},
			{410 * time.Millisecond, "before the question "},
			{410*time.Millisecond + deltaEvery, "after it "},
		}
		if !slices.Equal(told, want) {
			t.Errorf("the room was told %v, want %v", told, want)
		}
	})
}

// TestWhatWasTakenIsNotDueAgain has a piece that was due at once taken by
// another, as one who asks for everything does: the next one waits its time.
func TestWhatWasTakenIsNotDueAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManuscript()
		began := time.Now()
		m.add("one ")
		m.untold()
		time.Sleep(time.Millisecond)
		m.add("two ")
		select {
		case <-m.now:
		case <-m.later.C:
		}
		if offset, text := m.untold(); offset != 4 || text != "two " || time.Since(began) != deltaEvery {
			t.Errorf("%q from %d was due after %s, want %s", text, offset, time.Since(began), deltaEvery)
		}
	})
}
