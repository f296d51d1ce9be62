package loadtest

import (
	"fmt"
	"sync"
	"time"
)

// row is what matters here of a message as the server shows it.
type row struct {
	ID, ConversationID, Type, Content, Status string
	Seq, Rev                                  int64
	ClientMessageID, ParentMessageID          string
}

func (r row) isAnswer() bool { return r.Type == "ai" }

// open answers are still being written.
func (r row) open() bool { return r.Status == "pending" || r.Status == "streaming" }

// state is what became of a message that a user meant to send.
type state int

const (
	underway state = iota // whether it is stored is not known
	acked                 // the server said yes
	refused               // the server said no
)

// sending is one message that a user meant to send.
type sending struct {
	id       string // clientMessageId
	content  string
	by       int // which socket
	intended time.Time
	asks     bool // the coach

	// Guarded by the conversation's mutex.
	state           state
	message         string // its id, as acknowledged
	seq             int64  // likewise
	spoken, settled bool   // the answer has begun, has ended
}

// conversation is one conversation and all that was said in it.
type conversation struct {
	id string

	mu      sync.Mutex
	log     []*sending          // as they were meant
	sent    map[string]*sending // by clientMessageId
	asked   map[string]*sending // by the id of a message that asks
	answers map[string]*sending // by the id of the answer
	ears    []*listener
}

func newConversation(id string) *conversation {
	return &conversation{id: id, sent: map[string]*sending{}, asked: map[string]*sending{}, answers: map[string]*sending{}}
}

// plan writes down a message before it leaves.
func (c *conversation) plan(s *sending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, s)
	c.sent[s.id] = s
}

// settle writes down an acknowledgement; it reports whether it was the first.
func (c *conversation) settle(s *sending, as state, m row) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.state != underway {
		return false
	}
	s.state, s.message, s.seq = as, m.ID, m.Seq
	return true
}

// heard finds what a delivered message of a person was meant to be; problem is
// what is wrong with it.
func (c *conversation) heard(m row) (s *sending, problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s = c.sent[m.ClientMessageID]
	switch {
	case s == nil:
		return nil, fmt.Sprintf("message %s at seq %d was delivered and nobody sent it", m.ID, m.Seq)
	case s.content != m.Content:
		return s, fmt.Sprintf("%s was delivered with another text than was sent", s.id)
	case s.asks:
		c.asked[m.ID] = s
	}
	return s, ""
}

// pending notes which question an answer belongs to.
func (c *conversation) pending(answer row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.asked[answer.ParentMessageID]; s != nil {
		c.answers[answer.ID] = s
	}
}

// speaks reports whether this is the first text of an answer to who asked.
func (c *conversation) speaks(answer string, socket int) (s *sending, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s = c.answers[answer]
	if s == nil || s.by != socket || s.spoken {
		return nil, false
	}
	s.spoken = true
	return s, true
}

// ends reports whether this is the end of an answer, heard by who asked.
func (c *conversation) ends(answer string, socket int) (s *sending, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s = c.answers[answer]
	if s == nil || s.by != socket || s.settled {
		return nil, false
	}
	s.settled = true
	return s, true
}

// undecided counts what was sent and not acknowledged.
func (c *conversation) undecided() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.log {
		if s.state == underway {
			n++
		}
	}
	return n
}
