package chat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
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

// However many changes lie between two looks, and whichever messages they
// concern, a newest page that was brought up to date is the one that is read.
func TestAKeptPageIsBroughtUpToDate(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("off")
		random := rand.New(rand.NewPCG(1, 2))
		var sent []string
		for range 60 {
			for range random.IntN(20) { // up to more than a page is brought forward by
				d.change(id, &sent, random)
			}
			d.page(id, chat.MessageQuery{Limit: 5})
			d.page(id, chat.MessageQuery{Limit: 40})
		}
	})
}

// change does one of what may happen to a conversation.
func (d *desk) change(id string, sent *[]string, random *rand.Rand) {
	d.t.Helper()
	what, n := random.IntN(4), len(*sent)
	if n == 0 || what < 2 {
		*sent = append(*sent, d.say(id, fmt.Sprintf("message %d", n), "").Message.ID)
		return
	}
	var err error
	if which := (*sent)[random.IntN(n)]; what == 2 {
		_, err = d.Edit(d.t.Context(), d.owner, which, fmt.Sprintf("edited <%d>", random.Int()))
	} else {
		_, err = d.DeleteMessage(d.t.Context(), d.owner, which)
	}
	if err != nil && !fault.Is(err, fault.Conflict) { // a deleted one cannot be edited
		d.t.Fatal(err)
	}
}

// What is read to bring a page up to date is what changed, not the page.
func TestAKeptPageIsCarriedOver(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("off")
		for range 3 {
			d.say(id, "before", "")
		}
		d.page(id, chat.MessageQuery{Limit: 50})
		sent := d.say(id, "after", "")
		if !d.Keeps(id, 50, sent.Message.Rev) {
			t.Error("a newest page is not carried over a new message")
		}
		for range 17 {
			sent = d.say(id, "long after", "")
		}
		if d.Keeps(id, 50, sent.Message.Rev) {
			t.Error("a page was brought forward by more changes than are read for it")
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
