package chat

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

func FuzzNewMessageQuickly(f *testing.F) {
	for _, text := range []string{"", "plain", `"createdAt":"2026-01-02T03:04:05.678Z"`, "\\\"createdAt\":\"", `,"resetsAt":null}`, "\u2028<>&\x00é"} {
		f.Add(text, text, int64(1_790_000_000_123_456))
	}
	f.Fuzz(func(t *testing.T, content, client string, at int64) {
		if at < 0 || at > 200_000_000_000_000_000 {
			return // years that RFC 3339 does not write
		}
		row := storage.Message{
			ID: "m", ConversationID: "c", Seq: 1, Rev: 2, UserID: "u", Type: TypeUser, Content: content, Status: StatusSent,
			ClientMessageID: client, CreatedAt: time.UnixMicro(at), UpdatedAt: time.UnixMicro(at + 7_000_000),
		}
		image, err := json.Marshal([]Upload{{ID: "i", OriginalName: content, CreatedAt: Time(time.UnixMicro(at / 2))}})
		if err != nil {
			t.Fatal(err)
		}
		row.Uploads = image
		e := rowEvent(row)
		quick, ok := newMessageQuickly(e.Data)
		if !ok {
			t.Fatalf("%s is not read quickly", e.Data)
		}
		var read struct {
			Message   json.RawMessage
			CreatedAt Time
		}
		if err := json.Unmarshal(e.Data, &read); err != nil {
			t.Fatal(err)
		}
		var head Message
		if err := json.Unmarshal(read.Message, &head); err != nil {
			t.Fatal(err)
		}
		if want := withTimestamp(read.Message, head.CreatedAt); string(quick) != string(want) {
			t.Errorf("%s\nwant %s", quick, want)
		}
	})
}

func TestOtherFormsAreNotReadQuickly(t *testing.T) {
	for _, data := range []string{
		``, `{}`, `{"message":{}}`, `{"message":{},"resetsAt":null}`, `{"message":{"createdAt":null},"resetsAt":null}`,
		`{"message":{"createdAt":"2026"},"resetsAt":null}`, `{"message":{"createdAt":"2026-01-02T03:04:05.678+"},"resetsAt":null}`,
		`{"message":{"createdAt":"2026-01-02T03:04:05.678Z"},"resetsAt":"2026-01-02T03:04:05.678Z"}`,
		`{"resetsAt":null,"message":{"createdAt":"2026-01-02T03:04:05.678Z"}}`,
	} {
		if got, ok := newMessageQuickly([]byte(data)); ok {
			t.Errorf("%s gave %s", data, got)
		}
	}
}
