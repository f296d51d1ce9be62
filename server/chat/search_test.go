package chat_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// find is the contents that a search finds, newest first, over all pages.
func (d *desk) find(a auth.Actor, q chat.SearchQuery) []string {
	d.t.Helper()
	if q.Limit == 0 {
		q.Limit = 3 // more than one page, most of the time
	}
	contents := []string{}
	for {
		list, err := d.Search(d.t.Context(), a, q)
		if err != nil {
			d.t.Fatalf("search for %q: %v", q.Text, err)
		}
		for _, f := range list.Items {
			contents = append(contents, f.Message.Content)
			checkExcerpt(d.t, f)
		}
		if !list.HasMore {
			return contents
		}
		q.Cursor = list.NextCursor
	}
}

func checkExcerpt(t *testing.T, f chat.Found) {
	t.Helper()
	text, hit := "", false
	for _, p := range f.Excerpt {
		text, hit = text+p.Text, hit || p.Hit
	}
	if !hit || !strings.Contains(f.Message.Content, text) {
		t.Errorf("the excerpt of %q is %+v", f.Message.Content, f.Excerpt)
	}
}

func (d *desk) finds(a auth.Actor, text string, want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), d.find(a, chat.SearchQuery{Text: text})); diff != "" {
		d.t.Errorf("%q (-want +found):\n%s", text, diff)
	}
}

// The vocabulary of the corpus: each entry is a word of its own, and the ones
// that are alike under another spelling stand beside each other.
var vocabulary = [][]string{
	{"long", "LONG", "Long,"},
	{"short", "short;"},
	{"6000.25", "6,000.25", "(6000.25)"},
	{"6000"},
	{"25"},
	{"$SPX", "spx", "SPX."},
	{"🔥"},
	{"💀"},
	{"止"},
	{"résumé", "RESUME", "re\u0301sume\u0301"},
	{"1.5"},
	{"2R", "+2r"},
	{"MES"},
	{"AND", "and"},
	{"OR"},
	{"NOT"},
	{"NEAR"},
	{"стоп", "СТОП!"},
	{"-5", "5%"},
	{"plan"},
	{"half"},
	{"trend"},
	{"breakout"},
	{"fomo"},
}

// Two hundred questions are asked of the same messages on both databases, and
// of a loop that knows nothing of an index: a message is a set of vocabulary
// words, and is found by a question that is a part of it.
func TestSearchIsTheSameOnBothDatabases(t *testing.T) {
	type message struct {
		text string
		has  map[int]bool
	}
	dice := rand.New(rand.NewPCG(20, 26))
	compose := func(n int) message {
		m := message{has: map[int]bool{}}
		for range n {
			w := dice.IntN(len(vocabulary))
			m.has[w] = true
			m.text += vocabulary[w][dice.IntN(len(vocabulary[w]))] + " "
		}
		m.text = fmt.Sprintf("%s#%d", m.text, dice.Uint32())
		return m
	}
	corpus, questions := make([]message, 150), make([]message, 200)
	for i := range corpus {
		corpus[i] = compose(2 + dice.IntN(8))
	}
	for i := range questions {
		questions[i] = compose(1 + dice.IntN(3))
		questions[i].text, _, _ = strings.Cut(questions[i].text, "#")
	}
	hits := 0
	onBoth(t, func(t *testing.T, d *desk) {
		rooms := []string{d.conversation(chat.CoachOff), d.conversation(chat.CoachOff)}
		for i, m := range corpus {
			d.say(rooms[i%2], m.text, "")
		}
		for _, q := range questions {
			want := []string{}
			for i := len(corpus) - 1; i >= 0; i-- {
				if contains(corpus[i].has, q.has) {
					want = append(want, corpus[i].text)
				}
			}
			hits += len(want)
			got := d.find(d.owner, chat.SearchQuery{Text: q.text, Limit: 20})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q (-the loop +the index):\n%s", q.text, diff)
			}
		}
	})
	if hits < 1000 {
		t.Errorf("the questions found only %d messages: they ask too much", hits)
	}
}

func contains(all, part map[int]bool) bool {
	for w := range part {
		if !all[w] {
			return false
		}
	}
	return true
}

func TestSearchTakesAnyText(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation(chat.CoachOff)
		d.say(id, "moved my stop-loss to 6000.25 on $SPX, MES AND ES 🔥 止损位", "")
		for _, text := range []string{
			"stop-loss", "stop", "6000.25", "$SPX", "MES AND", "🔥", "止损", "位", `"stop"`, "stop*", "(mes", "mes OR", "words: mes", "mes:*", "mes & es", "mes | es",
			"-stop", "NEAR", "mes\\", "mes'", "stop/loss",
		} {
			want := 1
			if text == "NEAR" || text == "mes OR" || text == "words: mes" {
				want = 0 // words that the message does not have
			}
			if got := d.find(d.owner, chat.SearchQuery{Text: text}); len(got) != want {
				t.Errorf("%q found %d messages, want %d", text, len(got), want)
			}
		}
		for _, text := range []string{`"`, "'", "*", "%", "()", "\\", "--", "AND OR NOT", "_" + strings.ReplaceAll(id, "-", ""), strings.Repeat("x", chat.MaxQuery), strings.Repeat("a ", 499)} {
			d.finds(d.owner, text)
		}
		for name, text := range map[string]string{"Empty": "", "Blank": " \n", "NUL": "a\x00b", "BrokenUTF8": "\xff", "TenThousand": strings.Repeat("字", 10_000)} {
			_, err := d.Search(t.Context(), d.owner, chat.SearchQuery{Text: text, Limit: 10})
			f := fault.From(err)
			if f.Code != fault.Validation || len(f.Details) == 0 || f.Details[0].Field != "q" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, cursor := range []string{"x", "!!", "MTIz"} {
			if _, err := d.Search(t.Context(), d.owner, chat.SearchQuery{Text: "a", Limit: 10, Cursor: cursor}); !fault.Is(err, fault.Validation) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}

func TestSearchKeepsStep(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation(chat.CoachAlways)
		sent := d.say(id, "the quiet plan", "")
		d.finds(d.owner, "quiet", "the quiet plan")
		if _, err := d.Edit(t.Context(), d.owner, sent.Message.ID, "the loud plan"); err != nil {
			t.Fatal(err)
		}
		d.finds(d.owner, "quiet")
		d.finds(d.owner, "loud", "the loud plan")
		if _, err := d.DeleteMessage(t.Context(), d.owner, sent.Message.ID); err != nil {
			t.Fatal(err)
		}
		d.finds(d.owner, "loud")

		d.say(id, "and now?", "")
		jobs, err := d.Claim(t.Context(), "w", time.Minute, 10)
		if err != nil || len(jobs) != 1 {
			t.Fatal(jobs, err)
		}
		if _, err := d.Checkpoint(t.Context(), jobs[0], "a half answer", time.Minute); err != nil {
			t.Fatal(err)
		}
		d.finds(d.owner, "half")
		if err := d.Finish(t.Context(), jobs[0], chat.Outcome{Status: chat.StatusCompleted, Text: "a whole answer"}); err != nil {
			t.Fatal(err)
		}
		d.finds(d.owner, "whole", "a whole answer")
		if err := d.Delete(t.Context(), d.owner, id); err != nil {
			t.Fatal(err)
		}
		d.finds(d.owner, "whole")
	})
}

func TestSearchFindsOnlyWhatOneMayRead(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		guest, stranger := d.person("guest"), d.person("stranger")
		shared, own := d.conversation(chat.CoachOff), d.conversation(chat.CoachOff)
		d.say(shared, "a shared plan", "")
		d.say(own, "an own plan", "")
		d.finds(guest, "plan")
		if _, _, err := d.Invite(t.Context(), d.owner, shared, "guest", chat.RoleViewer); err != nil {
			t.Fatal(err)
		}
		d.finds(guest, "plan", "a shared plan")
		d.finds(stranger, "plan")
		d.finds(d.owner, "plan", "an own plan", "a shared plan")
		if got := d.find(d.owner, chat.SearchQuery{Text: "plan", ConversationID: own}); len(got) != 1 || got[0] != "an own plan" {
			t.Errorf("in one conversation: %q", got)
		}
		for who, a := range map[string]auth.Actor{"stranger": stranger, "guest": guest} {
			if _, err := d.Search(t.Context(), a, chat.SearchQuery{Text: "plan", ConversationID: own, Limit: 1}); !fault.Is(err, fault.NotFound) {
				t.Errorf("a %s searched a conversation of others: %v", who, err)
			}
		}
		if err := d.Remove(t.Context(), d.owner, shared, guest.UserID); err != nil {
			t.Fatal(err)
		}
		d.finds(guest, "plan")
	})
}

// Somebody in so many conversations that they are not named to the engine
// still finds nothing of others.
func TestSearchOfOneInVeryManyConversations(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		other := d.person("other")
		c, err := d.Create(t.Context(), other, chat.NewConversation{Coach: chat.CoachOff})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Send(t.Context(), other, chat.Draft{ConversationID: c.ID, Content: "somebody else's plan"}); err != nil {
			t.Fatal(err)
		}
		var last string
		for i := range 201 {
			if i == 199 {
				d.say(last, "the plan of the last", "")
				d.finds(d.owner, "plan", "the plan of the last") // named, all of them
			}
			last = d.conversation(chat.CoachOff)
		}
		d.finds(d.owner, "plan", "the plan of the last")
	})
}

// What was stored before there was an index is indexed by the server beside
// its work, and by whoever searches.
func TestWhatWasThereBeforeIsIndexed(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation(chat.CoachOff)
		for i := range 230 { // three steps
			d.say(id, fmt.Sprintf("old plan %d", i), "")
		}
		if behind, err := d.store.Unindexed(t.Context(), 10); err != nil || len(behind) != 1 {
			t.Fatalf("before: %v, %v", behind, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		for deadline := time.Now().Add(20 * time.Second); ; {
			behind, err := d.store.Unindexed(t.Context(), 10)
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("still to be indexed: %v, %v", behind, err)
			}
			if len(behind) == 0 {
				break
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := d.find(d.owner, chat.SearchQuery{Text: "plan", Limit: 100}); len(got) != 230 || got[0] != "old plan 229" {
			t.Errorf("%d found", len(got))
		}
	})
}

// onEachURL is for a test that opens its database more than once.
func onEachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, storagetest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, storagetest.PostgresURL(t)) })
}

func TestPurgedMessagesLeaveTheIndex(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		d := newDesk(t, storagetest.Open(t, url), chat.Options{})
		id := d.conversation(chat.CoachOff)
		d.say(id, "a plan", "")
		d.finds(d.owner, "plan", "a plan")
		if err := d.Delete(t.Context(), d.owner, id); err != nil {
			t.Fatal(err)
		}
		err := d.store.Tx(t.Context(), func(tx *storage.Tx) error {
			_, err := tx.PurgeDeleted(t.Context(), 10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var left int
		if err := storagetest.Open(t, url).DB().QueryRowContext(t.Context(), `SELECT count(*) FROM message_fts`).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows are left in the index, %v", left, err)
		}
	})
}

func TestTheListOfConversationsTakesAnyText(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		if _, err := d.Create(t.Context(), d.owner, chat.NewConversation{Title: `100% "stop_loss" \ ÜBER`}); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]int{
			"100%": 1, `"`: 1, "_": 1, `\`: 1, "über": 1, "stop_": 1, "%": 1, "'": 0, "stop-": 0, "1_0": 0, `\\`: 0, "止": 0, strings.Repeat("x", 200): 0,
		} {
			list, err := d.Conversations(t.Context(), d.owner, chat.ConversationQuery{Query: text, Limit: 10})
			if err != nil || len(list.Items) != want {
				t.Errorf("%s found %d, want %d, %v", url.QueryEscape(text), len(list.Items), want, err)
			}
		}
	})
}
