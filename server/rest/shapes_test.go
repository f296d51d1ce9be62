package rest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
)

// messagePage and conversationPage are the pages as clients read them.
type messagePage struct {
	Messages     []chat.Message    `json:"messages"`
	Conversation chat.Conversation `json:"conversation"`
	HasMore      bool              `json:"hasMore"`
	NextBefore   *int64            `json:"nextBefore"`
	Total        *int64            `json:"total,omitempty"`
}

type conversationPage struct {
	Items      []chat.Conversation `json:"items"`
	Pagination struct {
		Total   *int64 `json:"total,omitempty"`
		Limit   int    `json:"limit"`
		Offset  *int   `json:"offset,omitempty"`
		HasMore bool   `json:"hasMore"`
	} `json:"pagination"`
	NextCursor *string `json:"nextCursor"`
}

// The pages are written by hand; what is written is what encoding/json writes
// of the shape.
func TestPagesAreWrittenInTheirShape(t *testing.T) {
	five, seven, zero, at, cursor := int64(5), int64(7), 0, chat.Time(time.UnixMicro(1_790_000_000_000_000)), "MTc5MA"
	c := chat.Conversation{ID: "c", OwnerID: "o", Role: "owner", Title: "<a> \"b\" é", Mode: "analysis", Coach: "off", LastReadSeq: &five, CreatedAt: at, UpdatedAt: at}
	messages, err := json.Marshal([]chat.Message{{ID: "m", Content: "one & two"}, {ID: "n"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []messagesReply{
		{EncodedMessages: chat.EncodedMessages{Messages: []byte(`[]`), Conversation: c}},
		{EncodedMessages: chat.EncodedMessages{Messages: messages, Conversation: c, HasMore: true, NextBefore: 7}, Total: &five},
	} {
		sameShape(t, m.appendTo(nil), &messagePage{})
		var read messagePage
		if err := json.Unmarshal(m.appendTo(nil), &read); err != nil {
			t.Fatal(err)
		}
		if (read.NextBefore != nil) != m.HasMore || m.HasMore && *read.NextBefore != seven || read.HasMore != m.HasMore || (read.Total == nil) != (m.Total == nil) {
			t.Errorf("%+v was written as %s", m, m.appendTo(nil))
		}
	}
	items, err := json.Marshal([]chat.Conversation{c, c})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []conversationsReply{
		{Items: []byte(`[]`), Pagination: pagination{Limit: 20}},
		{Items: items, Pagination: pagination{&five, 20, &zero, true}, NextCursor: cursor},
	} {
		sameShape(t, l.appendTo(nil), &conversationPage{})
	}
}

// sameShape reads text into a shape and writes it again: nothing is missing,
// nothing too much, and the order is the same.
func sameShape(t *testing.T, text []byte, shape any) {
	t.Helper()
	if err := json.Unmarshal(text, shape); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(shape)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(text) {
		t.Errorf("written %s\nin its shape %s", text, again)
	}
}
