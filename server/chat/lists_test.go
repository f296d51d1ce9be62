package chat_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// listed holds a list that is given encoded to the same one as it is read.
func (d *desk) listed(a auth.Actor, q chat.ConversationQuery) []byte {
	d.t.Helper()
	got, err := d.EncodedConversations(d.t.Context(), a, q)
	if err != nil {
		d.t.Fatal(err)
	}
	want, err := d.Conversations(d.t.Context(), a, q)
	if err != nil {
		d.t.Fatal(err)
	}
	rows, err := json.Marshal(want.Items)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Equal(got.Items, rows) || got.HasMore != want.HasMore || got.NextCursor != want.NextCursor {
		d.t.Fatalf("%s was given %s\nread %s", a.Username, got.Items, rows)
	}
	return got.Items
}

// Whatever happens to conversations, nobody is given a list of before: neither
// who did it nor who else is in them.
func TestAKeptListIsNeverOld(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		guest := d.person("guest")
		asks := []chat.ConversationQuery{{Limit: 2}, {Limit: 100}, {Limit: 100, Archived: true}, {Limit: 10, Mode: "training"}, {Limit: 10, Query: "new"}}
		look := func(after string) {
			t.Helper()
			for range 2 { // the second look finds what the first one kept
				for _, q := range asks {
					d.listed(d.owner, q)
					d.listed(guest, q)
				}
			}
			if t.Failed() {
				t.Fatal("after " + after)
			}
		}
		look("nothing")
		var id string
		var job chat.Job
		for _, step := range []struct {
			what string
			do   func() error
		}{
			{"a beginning", func() error { id = d.conversation("always"); d.conversation("off"); d.conversation("off"); return nil }},
			{"a guest came", func() error { _, _, err := d.Invite(t.Context(), d.owner, id, "guest", "member"); return err }},
			{"a message", func() error { d.say(id, "long 2 MES", ""); return nil }},
			{"an answer", func() error {
				jobs, err := d.Claim(t.Context(), "w", time.Minute, 1)
				if err != nil {
					return err
				}
				job = jobs[0]
				return d.Finish(t.Context(), job, chat.Outcome{Status: chat.StatusCompleted, Text: "yes"})
			}},
			{"the guest wrote", func() error {
				_, err := d.Send(t.Context(), guest, chat.Draft{ConversationID: id, Content: "me too"})
				return err
			}},
			{"the guest read", func() error { _, err := d.MarkRead(t.Context(), guest, id, 3); return err }},
			{"a new title", func() error {
				title := "new <title>"
				_, err := d.Update(t.Context(), d.owner, id, chat.ConversationPatch{Title: &title})
				return err
			}},
			{"a message went", func() error { _, err := d.DeleteMessage(t.Context(), d.owner, job.ParentID); return err }},
			{"it was put aside", func() error { _, err := d.Archive(t.Context(), d.owner, id); return err }},
			{"it came back", func() error { _, err := d.Unarchive(t.Context(), d.owner, id); return err }},
			{"another role", func() error { _, _, err := d.Invite(t.Context(), d.owner, id, "guest", "viewer"); return err }},
			{"the guest went", func() error { return d.Remove(t.Context(), d.owner, id, guest.UserID) }},
			{"the guest is back", func() error { _, _, err := d.Invite(t.Context(), d.owner, id, "guest", "member"); return err }},
			{"it was deleted", func() error { return d.Delete(t.Context(), d.owner, id) }},
			{"another guest", func() error {
				id = d.conversation("off")
				_, _, err := d.Invite(t.Context(), d.owner, id, "guest", "member")
				return err
			}},
			{"the owner's account went", func() error {
				return d.store.Tx(t.Context(), func(tx *storage.Tx) error {
					return tx.DeleteConversationsOf(t.Context(), d.owner.UserID, storage.Now())
				})
			}},
		} {
			if err := step.do(); err != nil {
				t.Fatal(step.what, err)
			}
			look(step.what)
		}
	})
}

func TestAListThatDidNotChangeIsNotReadAgain(t *testing.T) {
	d := newDesk(t, storagetest.NewSQLite(t), chat.Options{})
	d.conversation("off")
	q := chat.ConversationQuery{Limit: 20}
	if a, b := d.listed(d.owner, q), d.listed(d.owner, q); &a[0] != &b[0] {
		t.Error("it was made anew")
	}
}
