package chat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
)

// page holds a page that is given encoded to the same one as it is read.
func (d *desk) page(id string, q chat.MessageQuery) []byte {
	d.t.Helper()
	got, err := d.EncodedMessages(d.t.Context(), d.owner, id, q, func(*chat.Upload) {})
	if err != nil {
		d.t.Fatal(err)
	}
	want, err := d.Messages(d.t.Context(), d.owner, id, q)
	if err != nil {
		d.t.Fatal(err)
	}
	rows, err := json.Marshal(want.Messages)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Equal(got.Messages, rows) || got.HasMore != want.HasMore || got.NextBefore != want.NextBefore || got.Conversation.LastRev != want.Conversation.LastRev {
		d.t.Fatalf("given %s\nread %s", got.Messages, rows)
	}
	return got.Messages
}

// Whatever happens to a conversation, no reader is given a page of before.
func TestAKeptPageIsNeverOld(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("always")
		asks := []chat.MessageQuery{{Limit: 4}, {Limit: 100}, {Limit: 2, Before: 4}, {Limit: 2, After: 2}, {Limit: 3, Offset: 1}}
		look := func(after string) {
			t.Helper()
			for range 2 { // the second look finds what the first one kept
				for _, q := range asks {
					d.page(id, q)
				}
			}
			if t.Failed() {
				t.Fatal("after " + after)
			}
		}
		look("nothing")
		sent := d.say(id, "long 2 MES at 6000", "")
		look("a message with an open answer")
		jobs, err := d.Claim(t.Context(), "w", time.Minute, 1)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%d jobs, %v", len(jobs), err)
		}
		look("a claim, which has no revision")
		if _, err := d.Checkpoint(t.Context(), jobs[0], "half of it", time.Minute); err != nil {
			t.Fatal(err)
		}
		look("a checkpoint, which has none either")
		if err := d.Finish(t.Context(), jobs[0], chat.Outcome{Status: chat.StatusCompleted, Text: "all of it"}); err != nil {
			t.Fatal(err)
		}
		look("the end of the answer")
		if _, err := d.Edit(t.Context(), d.owner, sent.Message.ID, "short 1 ES <at> 6000"); err != nil {
			t.Fatal(err)
		}
		look("an edit")
		if _, err := d.MarkRead(t.Context(), d.owner, id, 1); err != nil {
			t.Fatal(err)
		}
		look("a read mark")
		if _, err := d.DeleteMessage(t.Context(), d.owner, sent.Message.ID); err != nil {
			t.Fatal(err)
		}
		look("a deletion")
		if a, b := d.page(id, asks[1]), d.page(id, asks[1]); &a[0] != &b[0] {
			t.Error("a page that did not change was made anew")
		}
	})
}

// A member who was removed gets nothing of what is kept.
func TestAKeptPageIsForMembers(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("off")
		d.say(id, "between us", "")
		d.page(id, chat.MessageQuery{Limit: 50})
		_, err := d.EncodedMessages(t.Context(), d.person("stranger"), id, chat.MessageQuery{Limit: 50}, func(*chat.Upload) {})
		wantCode(t, err, "NOT_FOUND")
	})
}

func TestKeptPagesAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("off")
		for i := range 12 {
			d.say(id, fmt.Sprintf("%d %s", i, bytes.Repeat([]byte("x"), 9900)), "")
		}
		for before := range int64(400) { // some 100 KB each, of 16 MB in all
			d.page(id, chat.MessageQuery{Limit: 10, Before: 13 + before})
		}
		if kept := d.KeptBytes(); kept > 16<<20 || kept < 8<<20 {
			t.Errorf("%d bytes are kept", kept)
		}
	})
}
