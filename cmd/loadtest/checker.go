package loadtest

import (
	"fmt"
	"sync"
)

// The kinds of faults.
const (
	faultLost      = "lost"      // acknowledged and gone, or never given to a socket that was there
	faultDoubled   = "doubled"   // stored or delivered twice
	faultReordered = "reordered" // not in the order of sending, or of revisions
	faultForged    = "forged"    // nobody sent it, or not like this
	faultGap       = "gap"       // places do not count from 1 by one, or a revision is given twice
)

// maxFindings is how many faults are told in words; all are counted.
const maxFindings = 50

// Finding is one fault, in words.
type Finding struct {
	Kind         string `json:"kind"` // lost, doubled, reordered, forged, gap
	Conversation string `json:"conversation"`
	Text         string `json:"text"`
}

// findings collects faults.
type findings struct {
	mu    sync.Mutex
	count map[string]int64
	list  []Finding
}

func newFindings() *findings { return &findings{count: map[string]int64{}} }

func (f *findings) say(kind, conversation, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count[kind]++
	if len(f.list) < maxFindings {
		f.list = append(f.list, Finding{Kind: kind, Conversation: conversation, Text: text})
	}
}

func (f *findings) of(kind string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[kind]
}

// told is the faults in words, none as an empty list.
func (f *findings) told() []Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Finding{}, f.list...)
}

// checker holds one conversation's rows, in rising seq, against what was sent
// and heard.
type checker struct {
	*findings
	c    *conversation
	byID map[string]row // messages of people, by clientMessageId
}

// check finds what is wrong with a conversation. here says which sockets are
// there in the end: who is away is owed what he asks for when he comes back.
func (f *findings) check(c *conversation, rows []row, here func(socket int) bool) {
	k := &checker{findings: f, c: c, byID: map[string]row{}}
	k.places(rows)
	k.collect(rows)
	k.ledger()
	for _, l := range c.ears {
		if !here(l.socket) {
			continue
		}
		for _, problem := range l.misses(rows) {
			k.tell(faultLost, problem)
		}
	}
}

func (k *checker) tell(kind, text string) { k.say(kind, k.c.id, text) }

// places checks that seq counts from 1 without a gap and that no rev is given
// twice.
func (k *checker) places(rows []row) {
	revs := map[int64]string{}
	for i, r := range rows {
		if want := int64(i) + 1; r.Seq != want {
			k.tell(faultGap, fmt.Sprintf("the message in place %d has seq %d", want, r.Seq))
			break // all behind it are shifted
		}
		if other, taken := revs[r.Rev]; taken {
			k.tell(faultGap, fmt.Sprintf("rev %d of %s is also that of %s", r.Rev, r.ID, other))
		}
		revs[r.Rev] = r.ID
	}
}

// collect finds each message of people, which is there once and was sent.
func (k *checker) collect(rows []row) {
	answered := map[string]row{}
	for _, r := range rows {
		key, seen := r.ClientMessageID, k.byID
		switch {
		case r.isAnswer():
			key, seen = r.ParentMessageID, answered
		case k.c.sent[key] == nil:
			k.tell(faultForged, fmt.Sprintf("%s at seq %d is stored and nobody sent it", r.ID, r.Seq))
			continue
		}
		if first, twice := seen[key]; twice {
			k.tell(faultDoubled, fmt.Sprintf("%q is stored twice, at seq %d and %d", key, first.Seq, r.Seq))
			continue
		}
		seen[key] = r
	}
}

// ledger checks what was sent against what is stored. What was not
// acknowledged may be there or not, but not out of order, unless it was refused.
func (k *checker) ledger() {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	before := map[int]int64{} // the seq of a socket's message before
	for _, s := range k.c.log {
		r, stored := k.byID[s.id]
		if !stored {
			if s.state == acked {
				k.tell(faultLost, fmt.Sprintf("%s was acknowledged with seq %d and is not stored", s.id, s.seq))
			}
			continue
		}
		k.same(s, r)
		if s.state == refused {
			continue // it was sent again behind others before the no came, and that one went through
		}
		if r.Seq <= before[s.by] {
			k.tell(faultReordered, fmt.Sprintf("%s has seq %d, and what its socket sent before it %d", s.id, r.Seq, before[s.by]))
		}
		before[s.by] = max(before[s.by], r.Seq)
	}
}

func (k *checker) same(s *sending, r row) {
	switch {
	case r.Content != s.content:
		k.tell(faultForged, fmt.Sprintf("%s is stored with another text than was sent", s.id))
	case s.state == acked && r.ID != s.message:
		k.tell(faultForged, fmt.Sprintf("%s is stored as %s, and was acknowledged as %s", s.id, r.ID, s.message))
	case s.state == acked && r.Seq != s.seq:
		k.tell(faultReordered, fmt.Sprintf("%s is stored with seq %d, and was acknowledged with %d", s.id, r.Seq, s.seq))
	}
}
