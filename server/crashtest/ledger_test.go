//go:build unix

package crashtest

import (
	"fmt"
	"slices"
	"sync"
)

// entry is one message that a sender wanted to send.
type entry struct {
	id           string // clientMessageId
	conversation string
	content      string
	asks         bool // the coach

	tried bool // it was sent, whatever became of it
	acked bool
	as    row // the message as it was acknowledged
}

// sender is one socket's part of the ledger, in the order of sending.
type sender struct {
	name    string
	mu      sync.Mutex
	entries []*entry
}

// add plans a message.
func (s *sender) add(conversation, content string, asks bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, &entry{
		id: fmt.Sprintf("%s-%06d", s.name, len(s.entries)), conversation: conversation, content: content, asks: asks,
	})
}

// owed lists what was not acknowledged yet, in order.
func (s *sender) owed() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*entry
	for _, e := range s.entries {
		if !e.acked {
			list = append(list, e)
		}
	}
	return list
}

// try marks a message as sent.
func (s *sender) try(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.tried = true
}

// forgetUntried drops the plans behind the last message that was sent.
func (s *sender) forgetUntried() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool { return !e.tried })
}

// last is the latest message that was acknowledged, or nil.
func (s *sender) last() *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Backward(s.entries) {
		if e.acked {
			return e
		}
	}
	return nil
}

// note writes down an acknowledgement.
func (s *sender) note(e *entry, as row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.acked, e.as = true, as
}

// ledger is what clients sent and what they were told of it.
type ledger []*sender

func newLedger(senders int) ledger {
	l := make(ledger, senders)
	for i := range l {
		l[i] = &sender{name: fmt.Sprintf("s%d", i)}
	}
	return l
}

// acked counts the acknowledged messages.
func (l ledger) acked() int {
	n := 0
	for _, s := range l {
		n += len(s.entries) - len(s.owed())
	}
	return n
}

// check holds the ledger against a conversation's rows as the server has them,
// and says what is wrong. Nobody else wrote into the conversation. A message
// that was not acknowledged may be there or not, but once.
func (l ledger) check(conversation string, rows []row) []string {
	c := &checker{found: map[string]row{}, answered: map[string]row{}}
	c.places(rows)
	c.collect(rows)
	sent := map[string]bool{}
	for _, s := range l {
		c.sender(s, conversation, sent)
	}
	for id := range c.found {
		if !sent[id] {
			c.say("nobody sent %s", id)
		}
	}
	slices.Sort(c.problems)
	return c.problems
}

// checker gathers what is wrong.
type checker struct {
	problems []string
	found    map[string]row // user messages by clientMessageId
	answered map[string]row // answers by the message they answer
}

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// places checks that seq counts from 1 without a gap and that no rev is given
// twice.
func (c *checker) places(rows []row) {
	revs := map[int64]string{}
	for i, r := range rows {
		if r.Seq != int64(i)+1 {
			c.say("row %d has seq %d", i+1, r.Seq)
		}
		if other, taken := revs[r.Rev]; taken || r.Rev < 1 {
			c.say("rev %d of %s is also that of %q", r.Rev, r.ID, other)
		}
		revs[r.Rev] = r.ID
	}
}

// collect finds each user message and each answer, which are there once.
func (c *checker) collect(rows []row) {
	for _, r := range rows {
		kind, key, seen := "message", r.ClientMessageID, c.found
		if r.Type == "ai" {
			kind, key, seen = "answer to", r.ParentMessageID, c.answered
			if r.Status != "completed" {
				c.say("answer %s is %s", r.ID, r.Status)
			}
		}
		if first, doubled := seen[key]; doubled {
			c.say("%s %q is there twice, at seq %d and %d", kind, key, first.Seq, r.Seq)
			continue
		}
		seen[key] = r
	}
}

// sender checks the messages of one sender.
func (c *checker) sender(s *sender, conversation string, sent map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := int64(0)
	for _, e := range s.entries {
		if e.conversation != conversation {
			continue
		}
		sent[e.id] = true
		r, there := c.found[e.id]
		if !there {
			if e.acked {
				c.say("%s was acknowledged with seq %d and is lost", e.id, e.as.Seq)
			}
			continue
		}
		c.same(e, r)
		if r.Seq <= before {
			c.say("%s has seq %d, and what was sent before it %d", e.id, r.Seq, before)
		}
		before = r.Seq
	}
}

// same checks a stored message against what was sent and acknowledged, and
// that its answer is there if and only if it asked for one.
func (c *checker) same(e *entry, r row) {
	if r.Content != e.content {
		c.say("%s says %q instead of %q", e.id, r.Content, e.content)
	}
	if e.acked && (r.ID != e.as.ID || r.Seq != e.as.Seq) {
		c.say("%s is %s at seq %d, and was acknowledged as %s at %d", e.id, r.ID, r.Seq, e.as.ID, e.as.Seq)
	}
	answer, answered := c.answered[r.ID]
	if answered != e.asks {
		c.say("%s has an answer: %t, want %t", e.id, answered, e.asks)
	}
	if answered && answer.Seq != r.Seq+1 {
		c.say("the answer to %s is at seq %d, not behind %d", e.id, answer.Seq, r.Seq)
	}
}
