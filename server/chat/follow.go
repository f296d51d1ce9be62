package chat

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// followDepth bounds what waits for one follower; one that falls behind
	// further is given the whole text anew.
	followDepth = 256
	// followCheck is how often a follower looks into the store by itself, in
	// case an event was lost on the way.
	followCheck = 2 * time.Second
)

// Position is how far a follower of an answer has read: Offset UTF-16 units of
// this attempt. The zero position is the beginning.
type Position struct{ Attempt, Offset int }

// Followed is one step of an answer, as its room is told, and where the
// follower stands after it.
type Followed struct {
	Events   []ClientEvent
	Position Position
}

// Follow yields an answer from a position on: what is written already, what
// follows, and at last the finished row. It ends after that, with ctx, or with
// an error.
func (s *Service) Follow(ctx context.Context, a auth.Actor, id string, from Position) iter.Seq2[Followed, error] {
	return func(yield func(Followed, error) bool) {
		f := &follower{chat: s, id: id, name: "follow:" + storage.NewID(), at: from, events: make(chan bus.Event, followDepth)}
		if err := f.run(ctx, a, yield); err != nil {
			yield(Followed{Position: f.at}, err)
		}
	}
}

// follower is the state of one Follow.
type follower struct {
	chat   *Service
	id     string
	name   string // under which it asks for the whole text
	at     Position
	synced bool // the deltas that come continue what was yielded
	events chan bus.Event
}

func (f *follower) run(ctx context.Context, a auth.Actor, yield func(Followed, error) bool) error {
	row, err := f.chat.readable(ctx, a, f.id)
	if err != nil {
		return err
	}
	if row.Type != TypeAI {
		return fault.New(fault.Validation, "Only an answer of the coach can be followed.")
	}
	cancel := f.chat.bus.Subscribe(ConversationTopic(row.ConversationID), f.receive)
	defer cancel()
	check := time.NewTicker(followCheck)
	defer check.Stop()
	for {
		// The row is read after the subscription, so nothing falls between.
		if row, err = f.chat.readable(ctx, a, f.id); err != nil {
			return err
		}
		if !open(row) {
			f.finish(row, yield)
			return nil
		}
		if !f.synced {
			f.chat.AskFull(ctx, f.id, f.name)
		}
		if again, err := f.listen(ctx, check.C, yield); !again {
			return err
		}
	}
}

// receive runs on the bus: it must not wait. What does not fit is lost, which
// the follower sees by the hole.
func (f *follower) receive(e bus.Event) {
	select {
	case f.events <- e:
	default:
	}
}

// listen yields what comes until the store should be looked at again.
func (f *follower) listen(ctx context.Context, check <-chan time.Time, yield func(Followed, error) bool) (again bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-check:
			return true, nil
		case e := <-f.events:
			switch e.Name {
			case bus.Gap:
				f.synced = false
				return true, nil
			case EventFinished:
				return true, nil
			case EventDelta, EventFull:
				wasSynced := f.synced
				d, ok := f.piece(e)
				if wasSynced && !f.synced {
					return true, nil // ask for the whole
				}
				if !ok {
					continue
				}
				f.at = Position{d.Attempt, d.Offset + Units(d.Text)}
				if !yield(Followed{Events: []ClientEvent{{"ai_delta", encode(d)}}, Position: f.at}, nil) {
					return false, nil
				}
			}
		}
	}
}

// piece takes from an event what continues the follower's text.
func (f *follower) piece(e bus.Event) (Delta, bool) {
	var full Full
	d := &full.Delta
	var err error
	if e.Name == EventDelta {
		err = json.Unmarshal(e.Data, d)
	} else {
		err = json.Unmarshal(e.Data, &full)
	}
	if err != nil || d.MessageID != f.id || d.Attempt < f.at.Attempt {
		return Delta{}, false
	}
	if e.Name == EventFull {
		if full.For != f.name || f.synced {
			return Delta{}, false
		}
		f.synced = true
		return f.rest(*d), true
	}
	switch {
	case d.Offset == 0:
		f.synced = true
	case d.Attempt != f.at.Attempt || d.Offset > f.at.Offset:
		f.synced = false // what comes before it was lost
	}
	return *d, f.synced
}

// rest cuts from a whole text what the follower has read already.
func (f *follower) rest(d Delta) Delta {
	if d.Attempt != f.at.Attempt {
		return d
	}
	if text, ok := AfterUnit(d.Text, f.at.Offset); ok {
		d.Offset, d.Text = f.at.Offset, text
	}
	return d
}

// finish yields what of the text is missing and the finished row.
func (f *follower) finish(row storage.Message, yield func(Followed, error) bool) {
	d := f.rest(Delta{ConversationID: row.ConversationID, MessageID: row.ID, Attempt: row.Attempt, Text: row.Content})
	var events []ClientEvent
	if d.Text != "" {
		f.at = Position{d.Attempt, d.Offset + Units(d.Text)}
		events = append(events, ClientEvent{"ai_delta", encode(d)})
	}
	last, err := ClientEvents(rowEvent(row))
	if err != nil {
		yield(Followed{Position: f.at}, err)
		return
	}
	yield(Followed{Events: append(events, last...), Position: f.at}, nil)
}
