package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// desk is the chat over one store and a running bus.
type desk struct {
	*chat.Service
	t     *testing.T
	store *storage.Store
	bus   *bus.Memory
	owner auth.Actor
}

// onBoth runs a test on a desk over each database.
func onBoth(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) { fn(t, newDesk(t, s, chat.Options{})) })
}

func newDesk(t *testing.T, s *storage.Store, o chat.Options) *desk {
	t.Helper()
	b := bus.NewMemory()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	o.Store, o.Bus = s, b
	d := &desk{Service: chat.New(o), t: t, store: s, bus: b}
	d.owner = d.person("owner")
	return d
}

// person makes an account.
func (d *desk) person(name string) auth.Actor {
	d.t.Helper()
	u := storage.User{ID: storage.NewID(), Email: name + "@example.org", Username: name, Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now()}
	if err := d.store.Tx(d.t.Context(), func(tx *storage.Tx) error { return tx.InsertUser(d.t.Context(), u) }); err != nil {
		d.t.Fatal(err)
	}
	return auth.Actor{UserID: u.ID, SessionID: storage.NewID(), Username: name, Role: u.Role, Tier: u.Tier}
}

func (d *desk) conversation(coach string) string {
	d.t.Helper()
	c, err := d.Create(d.t.Context(), d.owner, chat.NewConversation{Coach: coach})
	if err != nil {
		d.t.Fatal(err)
	}
	return c.ID
}

func (d *desk) say(conversation, text, clientID string) chat.Sent {
	d.t.Helper()
	sent, err := d.Send(d.t.Context(), d.owner, chat.Draft{ConversationID: conversation, Content: text, ClientMessageID: clientID})
	if err != nil {
		d.t.Fatal(err)
	}
	return sent
}

func (d *desk) list(conversation string) []chat.Message {
	d.t.Helper()
	l, err := d.Messages(d.t.Context(), d.owner, conversation, chat.MessageQuery{Limit: 100})
	if err != nil {
		d.t.Fatal(err)
	}
	return l.Messages
}

func wantCode(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("error %v, want %s", err, code)
	}
}

func TestSend(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("")
		t.Run("StoresTheMessageAndItsPendingAnswer", func(t *testing.T) {
			sent := d.say(id, "  long 2 MES at 6000  \nand more", "")
			rows := d.list(id)
			if len(rows) != 2 || rows[0].Seq != 1 || rows[1].Seq != 2 || rows[0].Rev != 1 || rows[1].Rev != 2 {
				t.Fatalf("rows %+v", rows)
			}
			if a := rows[1]; a.Type != "ai" || a.Status != "pending" || *a.ParentMessageID != sent.Message.ID {
				t.Fatalf("answer %+v", a)
			}
			c, err := d.Conversation(t.Context(), d.owner, id)
			if err != nil || c.Title != "long 2 MES at 6000" || c.LastSeq != 2 || c.LastRev != 2 || c.MessageCount != 2 {
				t.Fatalf("conversation %+v, %v", c, err)
			}
		})
		t.Run("TheSameDraftAgainIsTheSameMessage", func(t *testing.T) {
			first := d.say(id, "again?", "c-1")
			second := d.say(id, "again?", "c-1")
			if !second.Duplicate || second.Message.ID != first.Message.ID || first.Duplicate {
				t.Fatalf("first %+v, second %+v", first, second)
			}
			_, err := d.Send(t.Context(), d.owner, chat.Draft{ConversationID: id, Content: "other", ClientMessageID: "c-1"})
			wantCode(t, err, fault.Conflict)
		})
		t.Run("TenAtOnceWithOneIdAreOneMessage", func(t *testing.T) {
			var wg sync.WaitGroup
			ids := make([]string, 10)
			for i := range ids {
				wg.Go(func() { ids[i] = d.say(id, "race", "c-race").Message.ID })
			}
			wg.Wait()
			for _, got := range ids {
				if got != ids[0] {
					t.Fatalf("ids %v", ids)
				}
			}
		})
		t.Run("AStrangerFindsNothing", func(t *testing.T) {
			_, err := d.Send(t.Context(), d.person("stranger"), chat.Draft{ConversationID: id, Content: "hello"})
			wantCode(t, err, fault.NotFound)
		})
		t.Run("PlacesFollowWithoutHolesUnderLoad", func(t *testing.T) {
			id := d.conversation("off")
			var wg sync.WaitGroup
			for i := range 40 {
				wg.Go(func() { d.say(id, fmt.Sprint("m", i), "") })
			}
			wg.Wait()
			for i, m := range d.list(id) {
				if m.Seq != int64(i+1) || m.Rev != int64(i+1) {
					t.Fatalf("row %d has seq %d rev %d", i, m.Seq, m.Rev)
				}
			}
		})
	})
}

func TestSendRefusesUnsoundDrafts(t *testing.T) {
	d := newDesk(t, storagetest.NewSQLite(t), chat.Options{})
	id := d.conversation("")
	for name, c := range map[string]struct {
		draft chat.Draft
		field string
	}{
		"Empty":          {chat.Draft{Content: " \n"}, "content"},
		"TooLong":        {chat.Draft{Content: strings.Repeat("é", chat.MaxContent+1)}, "content"},
		"NUL":            {chat.Draft{Content: "a\x00b"}, "content"},
		"BadUTF8":        {chat.Draft{Content: "a\xff"}, "content"},
		"Mode":           {chat.Draft{Content: "x", Mode: "gambling"}, "mode"},
		"ClientID":       {chat.Draft{Content: "x", ClientMessageID: strings.Repeat("x", 65)}, "clientMessageId"},
		"ControlInID":    {chat.Draft{Content: "x", ClientMessageID: "a\tb"}, "clientMessageId"},
		"UnknownUploads": {chat.Draft{Content: "x", UploadIDs: []string{"u"}}, "uploadIds"},
		"ForeignImage":   {chat.Draft{Content: "x", ImageURL: "https://example.org/x.png"}, "imageUrl"},
	} {
		t.Run(name, func(t *testing.T) {
			c.draft.ConversationID = id
			_, err := d.Send(t.Context(), d.owner, c.draft)
			f := fault.From(err)
			if f == nil || f.Code != fault.Validation || len(f.Details) == 0 || f.Details[0].Field != c.field {
				t.Fatalf("got %+v", f)
			}
		})
	}
	t.Run("ManyUploadsAreCountedBeforeTheyAreCompared", func(t *testing.T) {
		_, err := d.Send(t.Context(), d.owner, chat.Draft{ConversationID: id, UploadIDs: slices.Repeat([]string{"u"}, chat.MaxUploads+1)})
		if f := fault.From(err); f == nil || f.Message != "A message shows at most 5 images." {
			t.Fatalf("got %+v", f)
		}
	})
	t.Run("TheLongestAllowedFits", func(t *testing.T) { d.say(id, strings.Repeat("é", chat.MaxContent), "") })
	t.Run("NoSuchConversation", func(t *testing.T) {
		for _, id := range []string{"x", "00000000-0000-0000-0000-000000000000", "' OR 1=1"} {
			_, err := d.Send(t.Context(), d.owner, chat.Draft{ConversationID: id, Content: "x"})
			wantCode(t, err, fault.NotFound)
		}
	})
}

func TestCoachSetting(t *testing.T) {
	d := newDesk(t, storagetest.NewSQLite(t), chat.Options{})
	for _, c := range []struct {
		coach, text string
		answers     int
	}{
		{"always", "hi", 1},
		{"off", "@coach hi", 0},
		{"mention", "hi", 0},
		{"mention", "hey @Coach, look", 1},
		{"mention", "mail me@coach.org", 0},
		{"mention", "@coaches", 0},
	} {
		t.Run(c.coach+" "+c.text, func(t *testing.T) {
			id := d.conversation(c.coach)
			d.say(id, c.text, "")
			if got := len(d.list(id)) - 1; got != c.answers {
				t.Fatalf("%d answers, want %d", got, c.answers)
			}
		})
	}
}

func TestAnswersOfTheDay(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		d := newDesk(t, s, chat.Options{AnswersPerDay: func(auth.Actor) int { return 1 }})
		id := d.conversation("")
		d.say(id, "one", "")
		d.say(id, "two", "")
		rows := d.list(id)
		if rows[1].Status != "pending" || rows[3].Status != "failed" || rows[3].Error.Code != string(fault.BudgetExhausted) {
			t.Fatalf("answers %+v and %+v", rows[1], rows[3])
		}
		// What nothing came of does not count.
		if _, err := d.Stop(t.Context(), d.owner, rows[1].ID); err != nil {
			t.Fatal(err)
		}
		if used, _, err := d.AnswersToday(t.Context(), d.owner); err != nil || used != 0 {
			t.Fatalf("%d answers used, %v", used, err)
		}
		d.say(id, "three", "")
		jobs, err := d.Claim(t.Context(), "w", time.Minute, 1)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%+v, %v", jobs, err)
		}
		failed := chat.Outcome{Status: chat.StatusFailed, Text: "half", Error: &chat.MessageError{Code: "TIMEOUT", Message: "m"}}
		if err := d.Finish(t.Context(), jobs[0], failed); err != nil {
			t.Fatal(err)
		}
		if used, _, err := d.AnswersToday(t.Context(), d.owner); err != nil || used != 0 {
			t.Fatalf("%d answers used after a failure, %v", used, err)
		}
	})
}

func TestEditAndDelete(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("")
		sent := d.say(id, "first", "")
		answer := d.list(id)[1]
		t.Run("EditRaisesTheRevision", func(t *testing.T) {
			m, err := d.Edit(t.Context(), d.owner, sent.Message.ID, "better")
			if err != nil || m.Content != "better" || m.Rev != 3 || m.Seq != 1 || time.Time(m.EditedAt).IsZero() {
				t.Fatalf("%+v, %v", m, err)
			}
		})
		t.Run("AnAnswerIsNobodysToEdit", func(t *testing.T) {
			_, err := d.Edit(t.Context(), d.owner, answer.ID, "forged")
			wantCode(t, err, fault.Forbidden)
		})
		t.Run("AStrangerFindsNothing", func(t *testing.T) {
			_, err := d.Edit(t.Context(), d.person("stranger"), sent.Message.ID, "x")
			wantCode(t, err, fault.NotFound)
		})
		t.Run("DeleteLeavesATombstoneAndStopsTheAnswer", func(t *testing.T) {
			m, err := d.DeleteMessage(t.Context(), d.owner, sent.Message.ID)
			if err != nil || m.Content != "" || m.Seq != 1 || time.Time(m.DeletedAt).IsZero() {
				t.Fatalf("%+v, %v", m, err)
			}
			rows := d.list(id)
			if rows[1].Status != "stopped" {
				t.Fatalf("answer %+v", rows[1])
			}
			c, _ := d.Conversation(t.Context(), d.owner, id)
			if c.MessageCount != 1 {
				t.Fatalf("count %d", c.MessageCount)
			}
			again, err := d.DeleteMessage(t.Context(), d.owner, sent.Message.ID)
			if err != nil || again.Rev != m.Rev {
				t.Fatalf("deleting twice: %+v, %v", again, err)
			}
			_, err = d.Edit(t.Context(), d.owner, sent.Message.ID, "back?")
			wantCode(t, err, fault.Conflict)
		})
	})
}

// Stop lets only the one who asked, or the owner, end an answer. The one whose
// question is deleted may be neither.
func TestADeletedMessageIsNotAnsweredForSomebodyElse(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("")
		ann, bob := d.person("ann"), d.person("bob")
		d.invite(id, ann, chat.RoleMember)
		d.invite(id, bob, chat.RoleMember)
		sent, err := d.Send(t.Context(), ann, chat.Draft{ConversationID: id, Content: "long?"})
		if err != nil {
			t.Fatal(err)
		}
		first := d.list(id)[1]
		if _, err := d.Stop(t.Context(), ann, first.ID); err != nil {
			t.Fatal(err)
		}
		again, err := d.Regenerate(t.Context(), bob, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.DeleteMessage(t.Context(), ann, sent.Message.ID); err != nil {
			t.Fatal(err)
		}
		if m, err := d.Message(t.Context(), bob, again.ID); err != nil || m.Status != "stopped" {
			t.Errorf("the answer to a deleted message is %s, %v", m.Status, err)
		}
	})
}

func TestSince(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("off")
		for i := range 130 {
			d.say(id, fmt.Sprint("m", i), "")
		}
		since := func(rev *int64) (chat.Changes, []chat.Message) {
			t.Helper()
			changes, err := d.Since(t.Context(), d.owner, id, rev, func(*chat.Upload) {})
			if err != nil {
				t.Fatal(err)
			}
			var rows []chat.Message
			if err := json.Unmarshal(changes.Messages, &rows); err != nil {
				t.Fatalf("%v in %s", err, changes.Messages)
			}
			return changes, rows
		}
		zero := int64(0)
		first, rows := since(&zero)
		if first.Complete || len(rows) != chat.SyncRows {
			t.Fatalf("%d rows, complete %v", len(rows), first.Complete)
		}
		after := rows[len(rows)-1].Rev
		second, rows := since(&after)
		if !second.Complete || len(rows) != 30 || rows[0].Rev != after+1 {
			t.Fatalf("%d rows, complete %v", len(rows), second.Complete)
		}
		_, newest := since(nil)
		if len(newest) != chat.FirstPage || newest[chat.FirstPage-1].Seq != 130 {
			t.Fatalf("newest page %d", len(newest))
		}
		d.say(id, "one more", "")
		if _, newest = since(nil); len(newest) != chat.FirstPage || newest[chat.FirstPage-1].Seq != 131 {
			t.Fatalf("newest page after one more %d", len(newest))
		}
		missed, err := d.Missed(t.Context(), id, 3, 7)
		if err != nil || len(missed) != 3 || missed[0].Rev != 4 || missed[2].Rev != 6 {
			t.Fatalf("missed %+v, %v", missed, err)
		}
	})
}

func TestConversationsPage(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		var ids []string
		for i := range 7 {
			c, err := d.Create(t.Context(), d.owner, chat.NewConversation{Title: fmt.Sprintf("Ünit %d 100%%", i)})
			if err != nil {
				t.Fatal(err)
			}
			ids = append([]string{c.ID}, ids...)
		}
		var got []string
		for cursor := ""; ; {
			l, err := d.Conversations(t.Context(), d.owner, chat.ConversationQuery{Limit: 3, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range l.Items {
				got = append(got, c.ID)
			}
			if cursor = l.NextCursor; !l.HasMore {
				break
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(ids) {
			t.Fatalf("pages gave %v, want %v", got, ids)
		}
		offset := 5
		l, err := d.Conversations(t.Context(), d.owner, chat.ConversationQuery{Limit: 3, Offset: &offset})
		if err != nil || *l.Total != 7 || len(l.Items) != 2 {
			t.Fatalf("offset page %+v, %v", l, err)
		}
		l, err = d.Conversations(t.Context(), d.owner, chat.ConversationQuery{Limit: 3, Query: "ünit 3 100%"})
		if err != nil || len(l.Items) != 1 {
			t.Fatalf("search %+v, %v", l, err)
		}
		for _, bad := range []string{"!", "eHg", "MTIz", strings.Repeat("A", 500)} {
			_, err := d.Conversations(t.Context(), d.owner, chat.ConversationQuery{Limit: 3, Cursor: bad})
			wantCode(t, err, fault.Validation)
		}
	})
}

func TestDeletedConversationIsGoneForEveryVerb(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("")
		sent := d.say(id, "secret", "c-1")
		if err := d.Delete(t.Context(), d.owner, id); err != nil {
			t.Fatal(err)
		}
		_, err := d.Message(t.Context(), d.owner, sent.Message.ID)
		wantCode(t, err, fault.NotFound)
		_, err = d.Messages(t.Context(), d.owner, id, chat.MessageQuery{Limit: 10})
		wantCode(t, err, fault.NotFound)
		if err := d.Delete(t.Context(), d.owner, id); !fault.Is(err, fault.NotFound) {
			t.Fatalf("deleting twice: %v", err)
		}
	})
}
