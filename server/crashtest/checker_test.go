//go:build unix

package crashtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sound is a ledger of two senders and the rows that a good server has of it;
// the last message of each was not acknowledged, and only one of them is there.
func sound() (ledger, []row) {
	l := newLedger(2)
	var rows []row
	seq := int64(0)
	store := func(s *sender, e *entry) row {
		seq++
		r := row{ID: "m-" + e.id, Type: "user", Content: e.content, Status: "sent", Seq: seq, Rev: seq, ClientMessageID: e.id}
		rows = append(rows, r)
		if e.asks {
			seq++
			rows = append(rows, row{ID: "a-" + e.id, Type: "ai", Status: "completed", Seq: seq, Rev: seq + 100, ParentMessageID: r.ID})
		}
		return r
	}
	for i := range 4 {
		for _, s := range l {
			s.add("here", fmt.Sprint("text ", i), i == 1)
			e := s.entries[i]
			switch {
			case i < 3:
				s.note(e, store(s, e))
			case s == l[0]:
				store(s, e)
			}
		}
	}
	l[0].add("elsewhere", "of no concern", false)
	return l, rows
}

func TestCheckerFindsNothingInASoundConversation(t *testing.T) {
	l, rows := sound()
	if problems := l.check("here", rows); len(problems) > 0 {
		t.Fatal(strings.Join(problems, "\n"))
	}
	if n := l.acked(); n != 6 {
		t.Fatalf("%d acknowledged", n)
	}
}

func TestCheckerCatches(t *testing.T) {
	at := func(rows []row, id string) int {
		return slices.IndexFunc(rows, func(r row) bool { return r.ClientMessageID == id })
	}
	renumber := func(rows []row) []row {
		for i := range rows {
			rows[i].Seq = int64(i) + 1
		}
		return rows
	}
	for name, c := range map[string]struct {
		spoil func(rows []row) []row
		want  string
	}{
		"ALostMessage": {func(rows []row) []row {
			i := at(rows, "s1-000002")
			return renumber(slices.Delete(rows, i, i+1))
		}, "s1-000002 was acknowledged with seq 8 and is lost"},
		"ALostMessageThatLeftAGap": {func(rows []row) []row {
			i := at(rows, "s1-000002")
			return slices.Delete(rows, i, i+1)
		}, "row 8 has seq 9"},
		"ADoubledMessage": {func(rows []row) []row {
			r := rows[at(rows, "s0-000000")]
			r.ID, r.Seq, r.Rev = "another", int64(len(rows))+1, 1000
			return append(rows, r)
		}, `message "s0-000000" is there twice, at seq 1 and 10`},
		"ADoubledMessageWithoutAnID": {func(rows []row) []row {
			return append(rows, row{ID: "another", Type: "user", Seq: int64(len(rows)) + 1, Rev: 1000})
		}, "nobody sent "},
		"AReorderedMessage": {func(rows []row) []row {
			i, j := at(rows, "s0-000000"), at(rows, "s0-000002")
			rows[i], rows[j] = rows[j], rows[i]
			return renumber(rows)
		}, "s0-000002 has seq 1, and what was sent before it"},
		"AMovedMessage": {func(rows []row) []row {
			i, j := at(rows, "s0-000000"), at(rows, "s1-000000")
			rows[i], rows[j] = rows[j], rows[i]
			return renumber(rows)
		}, "s0-000000 is m-s0-000000 at seq 2, and was acknowledged as m-s0-000000 at 1"},
		"AChangedMessage": {func(rows []row) []row {
			rows[0].Content = "something else"
			return rows
		}, `s0-000000 says "something else" instead of "text 0"`},
		"ARevGivenTwice": {func(rows []row) []row {
			rows[1].Rev = rows[0].Rev
			return rows
		}, "rev 1 of m-s1-000000 is also that of"},
		"AnAnswerLeftOpen": {func(rows []row) []row {
			rows[3].Status = "streaming"
			return rows
		}, "answer a-s0-000001 is streaming"},
		"AnAnswerThatFailed": {func(rows []row) []row {
			rows[3].Status = "failed"
			return rows
		}, "answer a-s0-000001 is failed"},
		"AMissingAnswer": {func(rows []row) []row {
			return renumber(slices.Delete(rows, 3, 4))
		}, "s0-000001 has an answer: false, want true"},
		"ADoubledAnswer": {func(rows []row) []row {
			r := rows[3]
			r.ID, r.Seq, r.Rev = "another", int64(len(rows))+1, 1000
			return append(rows, r)
		}, `answer to "m-s0-000001" is there twice, at seq 4 and 10`},
	} {
		t.Run(name, func(t *testing.T) {
			l, rows := sound()
			problems := strings.Join(l.check("here", c.spoil(rows)), "\n")
			if !strings.Contains(problems, c.want) {
				t.Fatalf("it says\n%s\nwant %s", problems, c.want)
			}
		})
	}
}
