package chat

import (
	"encoding/json"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// The events on a conversation's topic. The durable ones carry the whole row
// as a client sees it; which client event each becomes, ClientEvents says.
const (
	EventCreated  = "message.created"
	EventUpdated  = "message.updated"
	EventDeleted  = "message.deleted"
	EventPending  = "answer.pending"
	EventFinished = "answer.finished"
	// EventDelta is transient: a piece of an answer, for everybody in the room.
	EventDelta = "answer.delta"
	// EventFull is transient: all of an answer so far, for one who asked; see [Full].
	EventFull = "answer.full"
)

// The events on a user's topic.
const (
	EventConversation = "conversation.updated"
	EventActivity     = "conversation.activity"
	EventGone         = "conversation.deleted"
	EventMemberAdded  = "member.added"
	EventMemberLeft   = "member.removed"
)

// The events on an answer's own topic, for its worker.
const (
	EventAsk  = "answer.ask"
	EventStop = "answer.stop"
)

// Delta is a piece of an answer: replace everything from Offset (UTF-16 code
// units) by Text. A receiver drops a delta of a lower Attempt than it has seen.
type Delta struct {
	ConversationID string `json:"conversationId"`
	MessageID      string `json:"messageId"`
	Attempt        int    `json:"attempt"`
	Offset         int    `json:"offset"`
	Text           string `json:"text"`
}

// Full is a delta at offset 0 for the one who asked for it.
type Full struct {
	For   string `json:"for"`
	Delta Delta  `json:"delta"`
}

// Ask is a wish to get all of an answer so far, as a Full for For.
type Ask struct {
	For string `json:"for"`
}

// ClientEvent is what a client is told: a name of the contract and its payload.
type ClientEvent struct {
	Name    string
	Payload json.RawMessage
}

// rowEvent is the durable event of a row as it stands. It is made anew for a
// row that was missed, so it depends on nothing but the row.
func rowEvent(m storage.Message) bus.Event {
	name := EventCreated
	switch {
	case !m.DeletedAt.IsZero():
		name = EventDeleted
	case m.Type == TypeAI && (m.Status == StatusPending || m.Status == StatusStreaming):
		name = EventPending
	case m.Type == TypeAI:
		name = EventFinished
	case !m.EditedAt.IsZero():
		name = EventUpdated
	}
	return bus.Event{Topic: ConversationTopic(m.ConversationID), Name: name, Rev: m.Rev, Data: rowData(m)}
}

// rowData travels on the bus: {"message", "resetsAt"}, the row, and what of it
// a client sees only in the error event.
func rowData(m storage.Message) json.RawMessage {
	v := messageView(m)
	b := append(make([]byte, 0, 640+len(m.Content)), `{"message":`...)
	b = Time(m.ResetsAt).append(append(v.AppendJSON(b), `,"resetsAt":`...))
	return append(b, '}')
}

// ClientEvents turns the event of a row into what a conversation's clients are
// told, in order. Events that are of no row give none.
func ClientEvents(e bus.Event) ([]ClientEvent, error) {
	switch e.Name {
	case EventCreated, EventUpdated, EventDeleted, EventPending, EventFinished:
	default:
		return nil, nil
	}
	if e.Name == EventCreated {
		if payload, ok := newMessageQuickly(e.Data); ok {
			return []ClientEvent{{"new_message", payload}}, nil
		}
	}
	var row struct {
		Message  json.RawMessage
		ResetsAt Time
	}
	if err := json.Unmarshal(e.Data, &row); err != nil {
		return nil, err
	}
	var head Message
	if err := json.Unmarshal(row.Message, &head); err != nil {
		return nil, err
	}
	switch e.Name {
	case EventCreated:
		return []ClientEvent{{"new_message", withTimestamp(row.Message, head.CreatedAt)}}, nil
	case EventUpdated:
		return []ClientEvent{{"message_updated", withTimestamp(row.Message, head.UpdatedAt)}}, nil
	case EventDeleted:
		return []ClientEvent{{"message_deleted", encode(map[string]any{
			"messageId": head.ID, "conversationId": head.ConversationID, "seq": head.Seq, "rev": head.Rev,
		})}}, nil
	case EventPending:
		return []ClientEvent{{"ai_thinking", encode(map[string]any{
			"message": row.Message, "conversationId": head.ConversationID, "messageId": head.ID, "parentMessageId": head.ParentMessageID,
		})}}, nil
	}
	out := []ClientEvent{{"ai_response", concat(`{"message":`, row.Message, `}`)}}
	if head.Status == StatusFailed && head.Error != nil {
		out = append(out, ClientEvent{"ai_error", aiError(head, row.ResetsAt)})
	}
	return out, nil
}

func aiError(m Message, resetsAt Time) json.RawMessage {
	v := map[string]any{
		"messageId": m.ID, "conversationId": m.ConversationID, "error": m.Error.Message, "code": m.Error.Code,
		"retryable": fault.Code(m.Error.Code).Retryable(),
	}
	if !time.Time(resetsAt).IsZero() {
		v["resetsAt"] = resetsAt
	}
	return encode(v)
}

func withTimestamp(message json.RawMessage, at Time) json.RawMessage {
	return concat(`{"message":`, message, `,"timestamp":`+string(at.append(nil))+`}`)
}

func concat(before string, middle json.RawMessage, after string) json.RawMessage {
	out := make([]byte, 0, len(before)+len(middle)+len(after))
	return append(append(append(out, before...), middle...), after...)
}

// encode cannot fail on the shapes of this package: they hold no channels,
// functions or cycles, and their raw JSON came out of an encoder.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("chat: encode " + err.Error())
	}
	return b
}
