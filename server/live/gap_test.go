package live_test

import (
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/storage"
)

// secretly changes the store as another node does that cannot be heard.
func (d *desk) secretly(change func(tx *storage.Tx) error) {
	d.t.Helper()
	if err := d.store.Tx(d.t.Context(), change); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) removes(p *person, conversation string) {
	d.t.Helper()
	d.secretly(func(tx *storage.Tx) error { return tx.DeleteMember(d.t.Context(), conversation, p.actor.UserID) })
}

// together is ann and bob in a conversation of ann's, each with a device in it.
type together struct {
	*desk
	m          *meddler
	ann, bob   *person
	id         string
	anns, bobs *device
}

func newTogether(t *testing.T, o setup) *together {
	t.Helper()
	v := &together{m: &meddler{}}
	o.bus = func(b bus.Bus) bus.Bus { v.m.Bus = b; return v.m }
	v.desk = newDesk(t, o)
	v.ann, v.bob = v.person("ann"), v.person("bob")
	v.id = v.ann.conversation("off")
	v.ann.invites(v.bob, v.id, chat.RoleMember)
	v.anns, v.bobs = v.ann.connect(nil), v.bob.connect(nil)
	v.anns.must("join_conversation", v.id)
	v.bobs.must("join_conversation", v.id)
	return v
}

// gap is what the bus says of the conversation after an interruption.
func (v *together) gap() {
	v.t.Helper()
	if err := v.m.Bus.Publish(v.t.Context(), bus.Event{Topic: chat.ConversationTopic(v.id), Name: bus.Gap}); err != nil {
		v.t.Fatal(err)
	}
}

type left struct {
	ConversationID string
	Member         struct{ UserID, Username string }
}

// Whoever is removed while the nodes do not hear each other hears nothing more
// once they do, not even what was said meanwhile.
func TestAfterAGapWhoWasRemovedIsOut(t *testing.T) {
	v := newTogether(t, setup{})
	v.removes(v.bob, v.id)
	v.m.mu.Lock()
	v.m.rule = func(bus.Event, func(bus.Event)) {}
	v.m.mu.Unlock()
	v.ann.says(v.id, "we are alone now")
	v.gap()
	v.anns.next("new_message")
	told := read[left](t, v.bobs.next("member_removed", "new_message").Data)
	if told.ConversationID != v.id || told.Member.UserID != v.bob.actor.UserID || told.Member.Username != "bob" {
		t.Fatalf("bob was told %+v", told)
	}
	if seats := v.live.SeatsIn(v.id); len(seats) != 1 {
		t.Errorf("%d sockets are in the room", len(seats))
	}
	v.bobs.must("update_status", map[string]string{"status": "busy"})
	for len(v.bobs.Events) > 0 {
		if e := <-v.bobs.Events; e.Name == "new_message" {
			t.Errorf("bob heard %s", e.Data)
		}
	}
}

func TestAfterAGapTheEndOfAConversationIsTold(t *testing.T) {
	v := newTogether(t, setup{})
	v.secretly(func(tx *storage.Tx) error { return tx.DeleteConversation(t.Context(), v.id, storage.Now()) })
	v.gap()
	for _, device := range []*device{v.anns, v.bobs} {
		if told := read[left](t, device.next("conversation_deleted").Data); told.ConversationID != v.id {
			t.Errorf("told of %+v", told)
		}
	}
	if seats := v.live.SeatsIn(v.id); len(seats) != 0 {
		t.Errorf("%d sockets are in the room", len(seats))
	}
}

// Who is lost at the moment, and may be recovered, is in the room as well.
func TestAfterAGapWhoWasRemovedDoesNotRecoverTheRoom(t *testing.T) {
	v := newTogether(t, setup{socket: socketio.Options{Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}}})
	offset := v.bobs.next("connected").Offset
	v.bobs.Close()
	v.anns.next("user_left_conversation")
	v.removes(v.bob, v.id)
	v.gap()
	v.ann.says(v.id, "we are alone now")
	v.anns.next("new_message")
	back := v.bob.connect(map[string]any{"pid": read[struct{ PID string }](t, v.bobs.Connect).PID, "offset": offset})
	back.silent("member_removed", "new_message")
	if got := read[struct{ Recovered bool }](t, back.next("connected").Data); !got.Recovered {
		t.Error("the socket was not recovered")
	}
}
