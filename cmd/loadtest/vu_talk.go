package loadtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// ackTimeout is how long a socket waits for an acknowledgement before it sends
// again, with the same clientMessageId.
const ackTimeout = 10 * time.Second

// idea is what the coach is asked.
const idea = "@coach long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"

// plan means to send a message; a writer sends it.
func (v *vu) plan(n int, intended time.Time) {
	s := &sending{id: fmt.Sprintf("%s-%d-%d", v.crowd.name, v.index, n), by: v.index, intended: intended}
	s.content = fmt.Sprintf("message %d of socket %d", n, v.index)
	if every := v.role.asksEvery; every > 0 && (n+v.index)%every == 0 {
		s.asks, s.content = true, fmt.Sprintf("%s (%d)", idea, n)
	}
	v.conv.plan(s)
	v.mu.Lock()
	v.pending = append(v.pending, s)
	v.mu.Unlock()
	v.crowd.write(v)
}

// flush sends what is pending and has not left by this connection, in order.
func (v *vu) flush() {
	v.writing.Lock()
	defer v.writing.Unlock()
	for {
		s, l := v.next()
		if s == nil {
			return
		}
		payload := map[string]string{"conversationId": v.conv.id, "content": s.content, "clientMessageId": s.id}
		if err := l.client.Emit("send_message", payload, func(args []json.RawMessage) { v.acknowledged(s, args) }); err != nil {
			return // it is sent again by the next connection
		}
	}
}

// next takes the next message that may leave.
func (v *vu) next() (*sending, *link) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.link == nil || v.written >= len(v.pending) {
		return nil, nil
	}
	s := v.pending[v.written]
	v.written++
	if v.written == 1 {
		v.writtenAt = time.Now()
	}
	v.crowd.rec.sent.Add(1)
	if v.since.Before(s.intended) { // else it waited for the connection, not for us
		v.crowd.rec.time(metricLag, time.Since(s.intended))
	}
	return s, v.link
}

// acknowledged takes the answer to send_message.
func (v *vu) acknowledged(s *sending, args []json.RawMessage) {
	var a struct {
		Success     bool
		Error, Code string
		Message     row
	}
	if len(args) == 0 || json.Unmarshal(args[0], &a) != nil {
		v.crowd.failed(fmt.Errorf("send_message was answered with what cannot be read"))
		return
	}
	v.done(s)
	if !a.Success {
		if v.conv.settle(s, refused, row{}) {
			v.crowd.rec.refused.Add(1)
			v.crowd.failed(fmt.Errorf("send_message was refused: %s (%s)", a.Error, a.Code))
		}
		return
	}
	if v.conv.settle(s, acked, a.Message) {
		v.crowd.rec.acked.Add(1)
		v.crowd.rec.time(metricAck, time.Since(s.intended))
	}
}

// done takes a message off the pending ones.
func (v *vu) done(s *sending) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, p := range v.pending {
		if p != s {
			continue
		}
		v.pending = append(v.pending[:i:i], v.pending[i+1:]...)
		if i < v.written {
			v.written--
		}
		v.writtenAt = time.Now() // the next one's turn
		return
	}
}

// remind sends again what has waited too long for its acknowledgement.
func (v *vu) remind(now time.Time) {
	v.mu.Lock()
	late := v.link != nil && v.written > 0 && now.Sub(v.writtenAt) > ackTimeout
	if late {
		v.crowd.rec.ackTimeouts.Add(1)
		v.written = 0
	}
	v.mu.Unlock()
	if late {
		v.crowd.write(v)
	}
}

// Event implements socketio.ClientHandler.
func (l *link) Event(name string, args []json.RawMessage) {
	v := l.v
	v.crowd.rec.events.Add(1)
	if len(args) == 0 || v.ears == nil {
		return
	}
	switch name {
	case "new_message", "ai_thinking", "ai_response", "message_updated":
		var e struct{ Message row }
		if err := json.Unmarshal(args[0], &e); err != nil {
			v.crowd.failed(fmt.Errorf("%s cannot be read: %w", name, err))
			return
		}
		v.durable(e.Message)
	case "ai_delta":
		var e struct{ MessageID string }
		if json.Unmarshal(args[0], &e) == nil {
			v.spoke(e.MessageID)
		}
	}
}

// durable takes a changed row, in its turn.
func (v *vu) durable(m row) {
	if m.ConversationID != v.conv.id {
		v.crowd.found.say(faultForged, v.conv.id, fmt.Sprintf("socket %d was given %s of another conversation", v.index, m.ID))
		return
	}
	what := v.ears.hear(m)
	switch what {
	case doubled:
		v.crowd.found.say(faultDoubled, v.conv.id, fmt.Sprintf("socket %d was given %s (seq %d) twice", v.index, m.ID, m.Seq))
	case reordered:
		v.crowd.found.say(faultReordered, v.conv.id, fmt.Sprintf("socket %d was given %s (rev %d) after a later one", v.index, m.ID, m.Rev))
	case fresh:
	}
	if m.isAnswer() {
		v.noteAnswer(m)
		return
	}
	s, problem := v.conv.heard(m)
	if problem != "" {
		v.crowd.found.say(faultForged, v.conv.id, problem)
	}
	if s != nil && what == fresh {
		v.crowd.rec.delivered.Add(1)
		v.crowd.rec.time(metricDelivery, time.Since(s.intended))
	}
}

// noteAnswer times answers, where this socket asked.
func (v *vu) noteAnswer(m row) {
	if !m.isAnswer() {
		return
	}
	v.conv.pending(m)
	if m.open() {
		return
	}
	v.spoke(m.ID)
	s, first := v.conv.ends(m.ID, v.index)
	switch {
	case !first:
	case m.Status == "completed":
		v.crowd.rec.answered.Add(1)
		v.crowd.rec.time(metricAnswer, time.Since(s.intended))
	default:
		v.crowd.rec.answersFailed.Add(1)
	}
}

func (v *vu) spoke(answer string) {
	if s, first := v.conv.speaks(answer, v.index); first {
		v.crowd.rec.time(metricFirstToken, time.Since(s.intended))
	}
}
