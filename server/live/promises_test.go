package live_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// inOrder reads n durable events and holds them to rise by one.
func inOrder(t *testing.T, v *device, after int64, n int) {
	t.Helper()
	for i := range n {
		e := v.next("new_message", "ai_thinking", "ai_response", "message_updated")
		if rev := read[row](t, e.Data).Message.Rev; rev != after+int64(i)+1 {
			t.Fatalf("event %d is rev %d, want %d", i, rev, after+int64(i)+1)
		}
	}
}

func TestPublicationsThatOvertakeAreDeliveredInOrder(t *testing.T) {
	m := &meddler{}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { m.Bus = b; return m }})
	p := d.person("trader")
	id := p.conversation("off")
	v := p.connect(nil)
	v.must("join_conversation", id)
	var held []bus.Event
	m.mu.Lock()
	m.rule = func(e bus.Event, publish func(bus.Event)) {
		if held = append(held, e); len(held) == 4 {
			for _, i := range []int{2, 0, 3, 1} {
				publish(held[i])
			}
			held = nil
		}
	}
	m.mu.Unlock()
	for i := range 20 {
		p.says(id, fmt.Sprint(i))
	}
	inOrder(t, v, 0, 20)
}

func TestAPublicationThatIsLostIsReadFromTheStore(t *testing.T) {
	m := &meddler{}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { m.Bus = b; return m }})
	p := d.person("trader")
	id := p.conversation("off")
	v := p.connect(nil)
	v.must("join_conversation", id)
	m.mu.Lock()
	m.rule = func(e bus.Event, publish func(bus.Event)) {
		if e.Rev%10 == 0 {
			publish(e)
		}
	}
	m.mu.Unlock()
	for i := range 30 {
		p.says(id, fmt.Sprint(i))
	}
	inOrder(t, v, 0, 30)
}

func TestAGapOfTheBusIsFilled(t *testing.T) {
	m := &meddler{}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { m.Bus = b; return m }})
	p := d.person("trader")
	id := p.conversation("off")
	v := p.connect(nil)
	v.must("join_conversation", id)
	m.mu.Lock()
	m.rule = func(bus.Event, func(bus.Event)) {}
	m.mu.Unlock()
	for i := range 5 {
		p.says(id, fmt.Sprint(i))
	}
	if err := m.Bus.Publish(t.Context(), bus.Event{Topic: chat.ConversationTopic(id), Name: bus.Gap}); err != nil {
		t.Fatal(err)
	}
	inOrder(t, v, 0, 5)
}

func TestWhoJoinsWhileOthersWriteMissesNothing(t *testing.T) {
	d := newDesk(t, setup{})
	p := d.person("trader")
	id := p.conversation("off")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_, _ = d.chat.Send(t.Context(), p.actor, chat.Draft{ConversationID: id, Content: fmt.Sprint(i)})
			}
		}
	}()
	for range 20 {
		v := p.connect(nil)
		zero := int64(0)
		known := int64(0)
		for {
			a := v.must("join_conversation", map[string]any{"conversationId": id, "afterRev": &zero})
			for _, m := range a.Messages {
				zero = m.Rev
			}
			if known == 0 {
				known = a.LastRev
			}
			if a.Complete {
				break
			}
		}
		inOrder(t, v, known, 10)
		v.Close()
	}
	close(stop)
	<-done
}

func TestADeviceThatJoinsMidAnswerGetsAllOfItOnce(t *testing.T) {
	d := newDesk(t, setup{})
	p := d.person("trader")
	id := p.conversation("always")
	first := p.connect(nil)
	first.must("send_message", map[string]string{"conversationId": id, "content": "go"})
	d.model <- "Half 💎 "
	first.next("ai_delta")
	second := p.connect(nil)
	second.must("join_conversation", id)
	full := read[chat.Delta](t, second.next("ai_delta").Data)
	if full.Offset != 0 || full.Text != "Half 💎 " {
		t.Fatalf("the joiner got %+v", full)
	}
	d.model <- "and half."
	d.model <- ""
	text := full.Text
	for {
		e := second.next("ai_delta", "ai_response")
		if e.Name == "ai_response" {
			if got := read[row](t, e.Data).Message.Content; text != got {
				t.Fatalf("the deltas give %q, the row %q", text, got)
			}
			return
		}
		text = apply(text, read[chat.Delta](t, e.Data))
	}
}

func TestAnAnswerOutlivesTheSocketThatAsked(t *testing.T) {
	d := newDesk(t, setup{})
	p := d.person("trader")
	id := p.conversation("always")
	asker := p.connect(nil)
	asker.must("send_message", map[string]string{"conversationId": id, "content": "go"})
	d.model <- "one "
	asker.next("ai_delta")
	asker.Close()
	d.model <- "two"
	d.model <- ""
	later := p.connect(nil)
	for {
		list := later.must("join_conversation", id).Messages
		if last := list[len(list)-1]; last.Status == chat.StatusCompleted {
			if last.Content != "one two" {
				t.Fatalf("answer %q", last.Content)
			}
			return
		}
		later.next("ai_response")
	}
}

func TestASlowReaderIsSparedThePiecesAndThenGivenTheWhole(t *testing.T) {
	d := newDesk(t, setup{socket: socketio.Options{Engine: engineio.Options{SoftLimit: 32 << 10, HardLimit: 32 << 20}}})
	p := d.person("trader")
	id := p.conversation("always")
	fast, slow := p.connect(nil), p.connect(nil)
	slow.must("join_conversation", id)
	fast.must("send_message", map[string]string{"conversationId": id, "content": "go"})
	d.model <- "begin "
	slow.next("ai_delta")
	slow.Pause()
	// More than the network's own buffers and the outbox hold, one delta each.
	// It is all ASCII, so that offsets are bytes.
	const pieces = 40
	piece := strings.Repeat("x", 64<<10)
	text := []byte("begin ")
	for i := range pieces {
		d.model <- piece
		for len(text) < len("begin ")+(i+1)*len(piece) {
			delta := read[chat.Delta](t, fast.next("ai_delta").Data)
			text = append(text[:delta.Offset], delta.Text...)
		}
	}
	slow.Resume()
	slowText, whole := []byte("begin "), false
	for len(slowText) < len(text) {
		delta := read[chat.Delta](t, slow.next("ai_delta").Data)
		if delta.Offset > len(slowText) {
			t.Fatalf("a piece at %d came when %d was known", delta.Offset, len(slowText))
		}
		whole = whole || delta.Offset == 0
		slowText = append(slowText[:delta.Offset], delta.Text...)
	}
	if !bytes.Equal(text, slowText) || !whole {
		t.Fatalf("the slow reader has %d bytes of %d; the whole was sent: %v", len(slowText), len(text), whole)
	}
	d.model <- ""
	slow.next("ai_response")
}

func TestAClientThatStopsReadingIsClosedAndOthersNeverWait(t *testing.T) {
	d := newDesk(t, setup{socket: socketio.Options{Engine: engineio.Options{SoftLimit: 16 << 10, HardLimit: 256 << 10, WriteTimeout: 30 * time.Second}}})
	p := d.person("trader")
	id := p.conversation("off")
	good, deaf := p.connect(nil), p.connect(nil)
	good.must("join_conversation", id)
	deaf.must("join_conversation", id)
	deaf.Pause()
	text := strings.Repeat("y", 10_000)
	for n := 1; ; n++ {
		p.says(id, text)
		good.next("new_message")
		if d.live.Len() == 1 {
			break
		}
		if n > 5000 {
			t.Fatal("the deaf client is still connected")
		}
	}
	deaf.Resume()
	select {
	case <-deaf.Closed:
	case <-time.After(socketiotest.Patience):
		t.Fatal("the deaf client was not closed")
	}
}
