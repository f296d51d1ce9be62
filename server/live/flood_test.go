package live_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// What a flood is told is not kept for recovery: one client that sends without
// end would push out of the log what everybody else has missed.
func TestAFloodDoesNotFillTheRecoveryLog(t *testing.T) {
	d := newDesk(t, setup{limited: true, socket: socketio.Options{
		Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20},
	}})
	v := d.person("trader").connect(nil)
	if first := v.next("connected"); first.Offset == "" {
		t.Fatal("recovery is off, so this test shows nothing")
	}
	for range 50 {
		v.ask("update_status", map[string]string{"status": "away"})
	}
	if told := v.next("rate_limited"); told.Offset != "" {
		t.Errorf("rate_limited has the offset %q, so it is kept", told.Offset)
	}
}

// Each message of a flood that is refused is told to be, by its own id, and
// none of that is kept either.
func TestEachMessageOfAFloodIsAnswered(t *testing.T) {
	d := newDesk(t, setup{limited: true, socket: socketio.Options{
		Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20},
	}})
	p := d.person("trader")
	id := p.conversation("off")
	v := p.connect(nil)
	for n := range 50 {
		mine := fmt.Sprint("mine-", n)
		sent := v.ask("send_message", map[string]string{"conversationId": id, "content": "x", "clientMessageId": mine})
		e := v.next("message_sent", "message_error")
		if sent.Success {
			continue
		}
		told := read[struct{ Code, ClientMessageID string }](t, e.Data)
		if e.Name != "message_error" || told.Code != sent.Code || told.ClientMessageID != mine || e.Offset != "" {
			t.Fatalf("message %d was refused, and told was %s %s, kept as %q", n, e.Name, e.Data, e.Offset)
		}
		return
	}
	t.Error("nothing was refused")
}

// Coming and going costs more than an event and is counted too: one token does
// not keep the server busy with greetings. Who comes too often is cut off as if
// the line were bad, and comes back by itself.
func TestComingAndGoingIsCounted(t *testing.T) {
	d := newDesk(t, setup{limited: true})
	p := d.person("trader")
	for n := range 200 {
		c, err := socketiotest.Dial(t.Context(), d.base, map[string]any{"token": p.token})
		if err == nil {
			c.Close()
			continue
		}
		if n < 30 {
			t.Errorf("only %d connections in a row were let in: %v", n, err)
		}
		if refused := (*socketiotest.RefusedError)(nil); errors.As(err, &refused) {
			t.Errorf("refused for good: %v", err)
		}
		d.person("other").connect(nil)
		return
	}
	t.Error("200 connections in a row were let in")
}
