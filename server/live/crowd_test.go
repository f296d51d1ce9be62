package live_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage"
)

// counting counts what is published, by the event's name.
type counting struct {
	bus.Bus
	mu sync.Mutex
	by map[string]int
}

func (c *counting) Publish(ctx context.Context, e bus.Event) error {
	c.mu.Lock()
	c.by[e.Name]++
	c.mu.Unlock()
	return c.Bus.Publish(ctx, e)
}

func (c *counting) count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[name]
}

// fill gives a conversation so many members who have never been here.
func (d *desk) fill(conversation string, n int) {
	d.t.Helper()
	err := d.store.Tx(d.t.Context(), func(tx *storage.Tx) error {
		for i := range n {
			u := storage.User{
				ID: storage.NewID(), Email: fmt.Sprintf("m%d@example.org", i), Username: fmt.Sprintf("m%d", i), Role: "user", Tier: "free",
				CreatedAt: storage.Now(), LastActiveAt: storage.Now(),
			}
			if err := tx.InsertUser(d.t.Context(), u); err != nil {
				return err
			}
			err := tx.PutMember(d.t.Context(), storage.Member{ConversationID: conversation, UserID: u.ID, Role: chat.RoleMember, JoinedAt: u.CreatedAt})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// In a conversation of 1 000, somebody's coming is told to nobody: each of a
// thousand would hear of each. Who wants to know asks.
func TestInACrowdNobodyHearsOfEach(t *testing.T) {
	t.Parallel()
	c := &counting{by: map[string]int{}}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { c.Bus = b; return c }})
	a, b := d.person("ann"), d.person("bob")
	crowd := a.conversation("off")
	a.invites(b, crowd, chat.RoleMember)
	d.fill(crowd, 998)
	va, vb := a.connect(nil), b.connect(nil)
	if got := va.must("get_online_users", map[string]string{"conversationId": crowd}).Users; len(got) != 1 {
		t.Errorf("asked for, the crowd holds %+v", got)
	}
	vb.must("update_status", map[string]string{"status": "busy"})
	// A small conversation with bob beside it: now ann hears of him, once.
	small := a.conversation("off")
	a.invites(b, small, chat.RoleMember)
	vb.must("update_status", map[string]string{"status": "away"})
	va.next("user_status_changed")
	if told := c.count("live.status"); told > 2 {
		t.Errorf("a status was told %d times", told)
	}
}

// The hundred-and-second who opens a conversation is told to nobody.
func TestACrowdedRoomIsNotToldOfEach(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a run without -short: it opens 105 sockets")
	}
	a, b, id, watcher := heardByAnn(t)
	devices := make([]*device, 100)
	for i := range devices { // of one person, who is told of once
		devices[i] = b.connect(nil)
		devices[i].must("join_conversation", id)
	}
	watcher.next("user_joined_conversation")
	guest := a.d.person("gus")
	a.invites(guest, id, chat.RoleMember)
	late := guest.connect(nil)
	late.must("join_conversation", id)
	late.must("typing_start", map[string]string{"conversationId": id})
	watcher.next("user_typing_start") // behind the joining, on the same way
	late.must("leave_conversation", id)
	for len(watcher.Events) > 0 {
		if e := <-watcher.Events; e.Name == "user_joined_conversation" {
			t.Errorf("told of %s", e.Data)
		}
	}
}

// Members who have a conversation of 1 000 closed are told of its news once a
// second, however much is said in it.
func TestNewsOfACrowdIsToldOnceASecond(t *testing.T) {
	t.Parallel()
	c := &counting{by: map[string]int{}}
	d := newDesk(t, setup{bus: func(b bus.Bus) bus.Bus { c.Bus = b; return c }})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	a.invites(b, id, chat.RoleMember)
	d.fill(id, 998)
	elsewhere := b.connect(nil)
	began := time.Now()
	for i := range 60 {
		a.says(id, fmt.Sprint("message ", i))
	}
	elsewhere.next("conversation_updated")
	for len(elsewhere.Events) > 0 {
		<-elsewhere.Events
	}
	rounds := c.count(chat.EventActivity) / 1000
	if most := int(time.Since(began)/time.Second) + 1; rounds > most {
		t.Errorf("1 000 members were told %d times in %s", rounds, time.Since(began))
	}
}

func TestADeletedAccountIsToldToTheOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, setup{})
	a, b := d.person("ann"), d.person("bob")
	anns, bobs := a.conversation("off"), b.conversation("off")
	a.invites(b, anns, chat.RoleMember)
	b.invites(a, bobs, chat.RoleMember)
	first, second := a.says(bobs, "first of ann"), a.says(bobs, "second of ann")
	vb := b.connect(nil)
	vb.must("join_conversation", anns)
	vb.must("join_conversation", bobs)
	if err := d.auth.DeleteMe(t.Context(), a.actor, "Correct-Horse-9"); err != nil {
		t.Fatal(err)
	}
	// A user's events and a room's keep no order among each other.
	var tombstones []string
	for range 4 {
		switch e := vb.next("conversation_deleted", "member_removed", "message_deleted"); e.Name {
		case "conversation_deleted":
			if v := read[struct{ ConversationID string }](t, e.Data); v.ConversationID != anns {
				t.Errorf("told that %s is gone", v.ConversationID)
			}
		case "member_removed":
			left := read[struct {
				ConversationID string
				Member         struct{ UserID, Username string }
			}](t, e.Data)
			if left.ConversationID != bobs || left.Member.UserID != a.actor.UserID || left.Member.Username != "" {
				t.Errorf("told that %+v left", left)
			}
		default:
			tombstones = append(tombstones, read[struct{ MessageID string }](t, e.Data).MessageID)
		}
	}
	if !slices.Equal(tombstones, []string{first.ID, second.ID}) {
		t.Errorf("emptied were %v", tombstones)
	}
	if got := vb.ask("join_conversation", anns); got.Code != "NOT_FOUND" {
		t.Errorf("joined a conversation of an account that is gone: %s", got.raw)
	}
}
