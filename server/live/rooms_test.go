package live_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
	"github.com/elite-trading-coach/coach/storage"
)

// topics is a bus that counts who listens to conversations.
type topics struct {
	bus.Bus
	mu   sync.Mutex
	open int
}

func (l *topics) Subscribe(topic string, h bus.Handler) func() {
	cancel := l.Bus.Subscribe(topic, h)
	if !strings.HasPrefix(topic, chat.ConversationTopic("")) {
		return cancel
	}
	l.count(1)
	return func() { cancel(); l.count(-1) }
}

func (l *topics) count(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open += n
	return l.open
}

func TestWhoMayNotEnterLeavesNoRoomOpen(t *testing.T) {
	l := &topics{}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { l.Bus = b; return l }})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	v := b.connect(nil)
	for _, id := range []string{id, storage.NewID(), strings.Repeat("x", 10_000)} {
		if got := v.ask("join_conversation", id); got.Code != "NOT_FOUND" {
			t.Fatalf("join: %s", got.raw)
		}
		if got := v.ask("send_message", map[string]string{"conversationId": id, "content": "x"}); got.Code != "NOT_FOUND" {
			t.Fatalf("send: %s", got.raw)
		}
		v.must("sync", map[string]any{"conversations": []map[string]string{{"id": id}}})
	}
	if n := l.count(0); n != 0 {
		t.Fatalf("%d rooms are open for somebody who may enter none", n)
	}
	a.connect(nil).must("join_conversation", id)
	if n := l.count(0); n != 1 {
		t.Fatalf("%d rooms are open, want the owner's", n)
	}
}

func TestAFinishedAnswerIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	m := &meddler{}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { m.Bus = b; return m }})
	p := d.person("trader")
	id := p.conversation("always")
	for _, text := range []string{"is being answered", "is stopped before", "waits"} {
		p.says(id, text)
	}
	var open []string
	for _, row := range p.connect(nil).must("join_conversation", id).Messages {
		if row.Type == chat.TypeAI {
			open = append(open, row.ID)
		}
	}
	asks := make(chan string, 1024)
	for _, answer := range open[1:] {
		defer m.Bus.Subscribe(chat.AnswerTopic(answer), func(e bus.Event) {
			if e.Name == chat.EventAsk {
				asks <- answer
			}
		})()
	}
	v := p.connect(nil)
	v.must("join_conversation", id)
	if _, err := d.chat.Stop(t.Context(), p.actor, open[1]); err != nil {
		t.Fatal(err)
	}
	v.next("ai_response")
	// Nobody writes the third one yet, so it is asked for each second.
	for waited := 0; waited < 6; {
		select {
		case answer := <-asks:
			if answer == open[2] {
				waited++
			} else if waited > 4 {
				t.Fatal("an answer that is finished is still asked for")
			}
		case <-time.After(socketiotest.Patience):
			t.Fatal("an answer that waits is not asked for")
		}
	}
}

func TestARecoveredDeviceIsSeenToComeBack(t *testing.T) {
	d := newDesk(t, setup{socket: socketio.Options{Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}}})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	a.invites(b, id, chat.RoleMember)
	va, vb := a.connect(nil), b.connect(nil)
	va.must("join_conversation", id)
	vb.must("join_conversation", id)
	va.next("user_joined_conversation")
	offset := vb.next("connected").Offset
	vb.Close()
	va.next("user_left_conversation")
	back := b.connect(map[string]any{"pid": read[struct{ PID string }](t, vb.Connect).PID, "offset": offset})
	if got := read[struct{ Recovered bool }](t, back.next("connected").Data); !got.Recovered {
		t.Fatal("the socket was not recovered")
	}
	va.next("user_joined_conversation")
}

func TestADeviceRecoveredWhileTheDatabaseIsAwayComesAgain(t *testing.T) {
	d := newDesk(t, setup{socket: socketio.Options{Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}}})
	p := d.person("trader")
	id := p.conversation("off")
	v := p.connect(nil)
	v.must("join_conversation", id)
	p.says(id, "seen")
	offset := v.next("new_message").Offset
	v.Close()
	for d.live.Len() != 0 {
		<-time.After(time.Millisecond)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	// Whether the end comes before or after it is let in depends on what auth
	// still remembers; either way it must come again.
	back, err := socketiotest.Dial(t.Context(), d.base, map[string]any{
		"token": p.token, "pid": read[struct{ PID string }](t, v.Connect).PID, "offset": offset,
	})
	if errors.Is(err, socketiotest.ErrClosed) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(back.Close)
	select {
	case <-back.Closed:
	case <-time.After(socketiotest.Patience):
		t.Fatal("a device believes itself in a room that it is not in")
	}
}
