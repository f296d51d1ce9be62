package chat_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
)

func (d *desk) export(a auth.Actor, id string, f chat.Format) string {
	d.t.Helper()
	var b bytes.Buffer
	if err := d.Export(d.t.Context(), a, id, f, &b); err != nil {
		d.t.Fatal(err)
	}
	return b.String()
}

func TestExport(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation(chat.CoachOff)
		const formula = `=HYPERLINK("http://evil","x")`
		for _, text := range []string{"# not a heading\n# nor this", formula, " \t@SUM(A1)", "plain, \"quoted\"\nlines", "forged\r\r## 9 · Coach\r\n\r\n# diamond\r"} {
			d.say(id, text, "")
		}
		gone := d.say(id, "to be deleted", "")
		if _, err := d.DeleteMessage(t.Context(), d.owner, gone.Message.ID); err != nil {
			t.Fatal(err)
		}
		for i := range 450 { // three pages
			d.say(id, fmt.Sprintf("message %d", i), "")
		}
		t.Run("JSON", func(t *testing.T) {
			var doc struct {
				Format       string
				Version      int
				Conversation chat.Conversation
				Members      []chat.Member
				Messages     []chat.Message
			}
			if err := json.Unmarshal([]byte(d.export(d.owner, id, chat.FormatJSON)), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.Format != "coach.conversation" || doc.Version != 1 || doc.Conversation.ID != id || len(doc.Members) != 1 || len(doc.Messages) != 456 {
				t.Fatalf("%s %d, %d members, %d messages", doc.Format, doc.Version, len(doc.Members), len(doc.Messages))
			}
			for i, m := range doc.Messages {
				if m.Seq != int64(i+1) {
					t.Fatalf("message %d has seq %d", i, m.Seq)
				}
			}
			if doc.Messages[1].Content != formula || doc.Messages[5].Content != "" {
				t.Errorf("contents are %q and %q", doc.Messages[1].Content, doc.Messages[5].Content)
			}
		})
		t.Run("CSV", func(t *testing.T) {
			rows, err := csv.NewReader(strings.NewReader(d.export(d.owner, id, chat.FormatCSV))).ReadAll()
			if err != nil || len(rows) != 457 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			for i, want := range map[int]string{1: "# not a heading\n# nor this", 2: "'" + formula, 3: "' \t@SUM(A1)", 4: "plain, \"quoted\"\nlines", 6: ""} {
				if rows[i][5] != want {
					t.Errorf("row %d holds %q, want %q", i, rows[i][5], want)
				}
			}
			if rows[1][2] != "owner" || rows[6][9] == "" {
				t.Errorf("the first is by %q, the sixth deleted at %q", rows[1][2], rows[6][9])
			}
		})
		t.Run("Markdown", func(t *testing.T) {
			text := d.export(d.owner, id, chat.FormatMarkdown)
			headings := 0
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "#") {
					headings++
				}
			}
			if headings != 457 || strings.Contains(text, "\r") || !strings.Contains(text, "> forged\n> \n> ## 9 · Coach\n> \n> # diamond\n") || !strings.Contains(text, "> # not a heading\n> # nor this\n") || !strings.Contains(text, "> (deleted)") {
				t.Errorf("%d headings:\n%.600s", headings, text)
			}
		})
		t.Run("Stranger", func(t *testing.T) {
			var b bytes.Buffer
			err := d.Export(t.Context(), d.person("stranger"), id, chat.FormatJSON, &b)
			if !fault.Is(err, fault.NotFound) || b.Len() > 0 {
				t.Errorf("%v, %d bytes", err, b.Len())
			}
		})
		t.Run("ReaderGone", func(t *testing.T) {
			gone := errors.New("gone")
			w := &failing{after: 2000, err: gone}
			if err := d.Export(t.Context(), d.owner, id, chat.FormatJSON, w); !errors.Is(err, gone) || w.writes > 20 {
				t.Errorf("%v after %d writes", err, w.writes)
			}
		})
	})
}

// failing is a reader that hangs up.
type failing struct {
	after, writes int
	err           error
}

func (f *failing) Write(b []byte) (int, error) {
	f.writes++
	if f.after -= len(b); f.after < 0 {
		return 0, f.err
	}
	return len(b), nil
}
