package loadtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sound is a conversation of two sockets and the rows that a good server has
// of it. Socket 0's second message asks; socket 1's last one was not
// acknowledged, and is not stored.
func sound() (*conversation, []row) {
	c := newConversation("here")
	var stored []row
	store := func(m row) row {
		m.Seq = int64(len(stored)) + 1
		m.Rev = m.Seq
		stored = append(stored, m)
		return m
	}
	for _, socket := range []int{0, 1} {
		c.ears = append(c.ears, &listener{socket: socket, began: true})
	}
	for n := range 3 {
		for socket := range 2 {
			s := &sending{id: fmt.Sprintf("s%d-%d", socket, n), content: fmt.Sprint("text ", n), by: socket, asks: socket == 0 && n == 1}
			c.plan(s)
			if socket == 1 && n == 2 {
				continue
			}
			m := store(row{ID: "m-" + s.id, Type: "user", Content: s.content, Status: "sent", ClientMessageID: s.id})
			c.settle(s, acked, m)
			if s.asks {
				store(row{ID: "answer", Type: "ai", Status: "completed", ParentMessageID: m.ID})
			}
		}
	}
	stored[3].Rev = 7 // the answer was finished after all others
	for _, l := range c.ears {
		for _, m := range stored {
			if m.isAnswer() {
				l.hear(row{Seq: m.Seq, Rev: 4, Type: "ai", Status: "pending"})
				continue
			}
			l.hear(m)
		}
		l.hear(stored[3])
	}
	return c, stored
}

func everybody(int) bool { return true }

func TestCheckFindsNothingInASoundConversation(t *testing.T) {
	c, stored := sound()
	f := newFindings()
	f.check(c, stored, everybody)
	if len(f.list) > 0 {
		t.Errorf("it found %v", f.list)
	}
}

func TestCheckCatches(t *testing.T) {
	at := func(stored []row, id string) int {
		return slices.IndexFunc(stored, func(r row) bool { return r.ClientMessageID == id })
	}
	renumber := func(stored []row) []row {
		for i := range stored {
			stored[i].Seq = int64(i) + 1
		}
		return stored
	}
	for name, c := range map[string]struct {
		spoil func(c *conversation, stored []row) []row
		kind  string
		says  string
	}{
		"a lost message": {func(_ *conversation, stored []row) []row {
			i := at(stored, "s0-2")
			return slices.Delete(stored, i, i+1)
		}, faultLost, "s0-2 was acknowledged with seq 6 and is not stored"},
		"a message that never reached a socket": {func(c *conversation, stored []row) []row {
			c.ears[1].seen[0] &^= 1 << 2
			return stored
		}, faultLost, "socket 1 was never given m-s1-0 (seq 2)"},
		"an answer whose end never reached a socket": {func(c *conversation, stored []row) []row {
			c.ears[0].finished = nil
			return stored
		}, faultLost, "socket 0 was never given the end of answer answer"},
		"a doubled message": {func(_ *conversation, stored []row) []row {
			twice := stored[0]
			twice.ID, twice.Seq, twice.Rev = "another", 7, 9
			return append(stored, twice)
		}, faultDoubled, `"s0-0" is stored twice, at seq 1 and 7`},
		"a doubled answer": {func(_ *conversation, stored []row) []row {
			twice := stored[3]
			twice.ID, twice.Seq, twice.Rev = "another", 7, 9
			return append(stored, twice)
		}, faultDoubled, `"m-s0-1" is stored twice`},
		"a reordered message": {func(c *conversation, stored []row) []row {
			i, j := at(stored, "s0-0"), at(stored, "s0-2")
			stored[i], stored[j] = stored[j], stored[i]
			return renumber(stored)
		}, faultReordered, "s0-1 has seq 3, and what its socket sent before it 6"},
		"a message in another place than was acknowledged": {func(_ *conversation, stored []row) []row {
			i, j := at(stored, "s0-0"), at(stored, "s1-0")
			stored[i], stored[j] = stored[j], stored[i]
			return renumber(stored)
		}, faultReordered, "s0-0 is stored with seq 2, and was acknowledged with 1"},
		"a forged message": {func(_ *conversation, stored []row) []row {
			return append(stored, row{ID: "alien", Type: "user", Seq: 7, Rev: 9, ClientMessageID: "nobody"})
		}, faultForged, "alien at seq 7 is stored and nobody sent it"},
		"a changed message": {func(_ *conversation, stored []row) []row {
			stored[0].Content = "other"
			return stored
		}, faultForged, "s0-0 is stored with another text than was sent"},
		"another message than was acknowledged": {func(_ *conversation, stored []row) []row {
			stored[0].ID = "other"
			return stored
		}, faultForged, "s0-0 is stored as other, and was acknowledged as m-s0-0"},
		"a gap": {func(_ *conversation, stored []row) []row {
			stored[len(stored)-1].Seq = 9
			return stored
		}, faultGap, "the message in place 6 has seq 9"},
		"a rev given twice": {func(_ *conversation, stored []row) []row {
			stored[1].Rev = stored[0].Rev
			return stored
		}, faultGap, "rev 1 of m-s1-0 is also that of m-s0-0"},
	} {
		t.Run(name, func(t *testing.T) {
			conv, stored := sound()
			stored = c.spoil(conv, stored)
			f := newFindings()
			f.check(conv, stored, everybody)
			if f.of(c.kind) == 0 {
				t.Fatalf("no %s among %v", c.kind, f.list)
			}
			if !slices.ContainsFunc(f.list, func(x Finding) bool { return x.Kind == c.kind && strings.Contains(x.Text, c.says) }) {
				t.Errorf("it says %v, want %q", f.list, c.says)
			}
		})
	}
}

func TestASocketThatIsAwayIsOwedNothingYet(t *testing.T) {
	c, stored := sound()
	c.ears[1].seen = nil
	f := newFindings()
	f.check(c, stored, func(socket int) bool { return socket == 0 })
	if len(f.list) > 0 {
		t.Errorf("it found %v", f.list)
	}
}

func TestListener(t *testing.T) {
	message := func(seq, rev int64) row { return row{Type: "user", Status: "sent", Seq: seq, Rev: rev} }
	answer := func(seq, rev int64, status string) row { return row{Type: "ai", Status: status, Seq: seq, Rev: rev} }
	fresh1 := []row{message(1, 1), message(2, 2), answer(3, 3, "pending"), message(4, 4), answer(3, 5, "completed")}
	for name, c := range map[string]struct {
		then row
		want hearing
	}{
		"fresh":                      {message(5, 6), fresh},
		"fresh over a hole":          {message(5, 9), fresh},
		"a message twice":            {message(2, 2), doubled},
		"the end of an answer twice": {answer(3, 5, "completed"), doubled},
		"something older":            {message(5, 4), reordered},
	} {
		t.Run(name, func(t *testing.T) {
			l := &listener{}
			l.caughtUp(changes{Complete: true})
			for _, m := range fresh1 {
				if got := l.hear(m); got != fresh {
					t.Fatalf("%+v was heard as %d", m, got)
				}
			}
			if got := l.hear(c.then); got != c.want {
				t.Errorf("%+v was heard as %d, want %d", c.then, got, c.want)
			}
		})
	}
	t.Run("a catch-up in several steps", func(t *testing.T) {
		l := &listener{}
		l.caughtUp(changes{Complete: true})
		l.hear(message(1, 1))
		if again := l.caughtUp(changes{Messages: []row{message(2, 2), message(3, 3)}, LastSeq: 5, LastRev: 5}); again != 3 {
			t.Errorf("it asks again from %d, want 3", again)
		}
		if got := l.hear(message(6, 6)); got != fresh {
			t.Errorf("what came meanwhile was heard as %d", got)
		}
		if again := l.caughtUp(changes{Messages: []row{message(4, 4), message(5, 5), message(6, 6)}, LastSeq: 6, LastRev: 6, Complete: true}); again != -1 {
			t.Errorf("it asks again from %d though nothing is missing", again)
		}
		var all []row
		for n := range int64(6) {
			all = append(all, message(n+1, n+1))
		}
		if missing := l.misses(all); len(missing) > 0 {
			t.Errorf("it misses %v", missing)
		}
		if got := l.hear(message(6, 6)); got != doubled {
			t.Errorf("a doubled one was heard as %d", got)
		}
	})
	t.Run("who came later is not owed what was before", func(t *testing.T) {
		l := &listener{}
		l.caughtUp(changes{LastSeq: 2, LastRev: 2, Complete: true})
		if missing := l.misses([]row{message(1, 1), message(2, 2)}); len(missing) > 0 {
			t.Errorf("it misses %v", missing)
		}
	})
}

// TestCheckOwesNoPlaceToWhatWasRefused: a message that was sent again before
// the no to it came may be stored behind later ones of its socket.
func TestCheckOwesNoPlaceToWhatWasRefused(t *testing.T) {
	for as, want := range map[state]int64{refused: 0, acked: 1} {
		c := newConversation("here")
		for n, seq := range []int64{2, 1} {
			s := &sending{id: fmt.Sprint("s", n), content: "text"}
			c.plan(s)
			m := row{ID: s.id, Type: "user", Content: "text", ClientMessageID: s.id, Seq: seq, Rev: seq}
			if n == 0 {
				c.settle(s, as, m)
			} else {
				c.settle(s, acked, m)
			}
		}
		f := newFindings()
		f.check(c, []row{
			{ID: "s1", Type: "user", Content: "text", ClientMessageID: "s1", Seq: 1, Rev: 1},
			{ID: "s0", Type: "user", Content: "text", ClientMessageID: "s0", Seq: 2, Rev: 2},
		}, everybody)
		if got := f.of(faultReordered); got != want {
			t.Errorf("in state %d: %d reordered, want %d: %v", as, got, want, f.list)
		}
	}
}
