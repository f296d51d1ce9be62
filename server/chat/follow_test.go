package chat_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestAFollowerIsNeverGivenAHole(t *testing.T) {
	d := newDesk(t, storagetest.NewSQLite(t), chat.Options{})
	id := d.conversation("")
	d.say(id, "q", "")
	jobs, err := d.Claim(t.Context(), "w", time.Minute, 1)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%+v, %v", jobs, err)
	}
	piece := func(attempt, offset int, text string) chat.Delta {
		return chat.Delta{ConversationID: id, MessageID: jobs[0].ID, Attempt: attempt, Offset: offset, Text: text}
	}
	// A worker of which only the asks reach the test.
	asks := make(chan string, 16)
	defer d.bus.Subscribe(chat.AnswerTopic(jobs[0].ID), func(e bus.Event) {
		var ask chat.Ask
		if e.Name == chat.EventAsk && json.Unmarshal(e.Data, &ask) == nil {
			asks <- ask.For
		}
	})()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	deltas := make(chan chat.Delta, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(deltas)
		for step, err := range d.Follow(ctx, d.owner, jobs[0].ID, chat.Position{}) {
			if err != nil {
				return
			}
			for _, e := range step.Events {
				var got chat.Delta
				if e.Name == "ai_delta" && json.Unmarshal(e.Payload, &got) == nil {
					deltas <- got
				}
			}
		}
	}()
	want := func(offset int, text string) {
		t.Helper()
		if got := <-deltas; got.Offset != offset || got.Text != text {
			t.Fatalf("given %q at %d, want %q at %d", got.Text, got.Offset, text, offset)
		}
	}
	asked := func() (whom string) {
		t.Helper()
		select {
		case whom = <-asks:
		case <-ctx.Done():
			t.Fatal("the follower did not ask for the whole")
		}
		return whom
	}
	whom := asked()
	d.PublishFull(t.Context(), chat.Full{For: whom, Delta: piece(1, 0, "abc")})
	want(0, "abc")
	// "defg" is lost on the way.
	d.PublishDelta(t.Context(), piece(1, 7, "hij"))
	asked()
	d.PublishFull(t.Context(), chat.Full{For: whom, Delta: piece(1, 0, "abcdefghij")})
	want(3, "defghij")
	// Of a new attempt the beginning is lost.
	d.PublishDelta(t.Context(), piece(2, 5, "late"))
	asked()
	d.PublishFull(t.Context(), chat.Full{For: whom, Delta: piece(2, 0, "anewlate")})
	want(0, "anewlate")
	cancel()
	<-done
}
