package chat

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func FuzzAppend(f *testing.F) {
	f.Add("", int64(0), uint16(0))
	f.Add("long 2 MES at 6000, stop 5994", int64(1_790_000_000_123_456), uint16(0xffff))
	f.Add("<&> \"\\\u2028\x00\xff é 漢", int64(7), uint16(0b1010_1010_1010_1010))
	f.Fuzz(func(t *testing.T, text string, n int64, there uint16) {
		has := func(bit int) bool { return there>>bit&1 == 1 }
		word := func(bit int) *string {
			if has(bit) {
				return &text
			}
			return nil
		}
		moment := func(bit int) (at Time) {
			if has(bit) {
				at = Time(time.UnixMicro(n % 200_000_000_000_000_000))
			}
			return at
		}
		m := Message{
			ID: text, ConversationID: "c", Seq: n, Rev: -n, UserID: word(0), ParentMessageID: word(1), Type: "user", Content: text, Status: "sent",
			ImageURL: word(2), Verdict: word(3), Mode: text, Model: word(4), ClientMessageID: word(5),
			CreatedAt: moment(6), UpdatedAt: moment(7), EditedAt: moment(8), DeletedAt: moment(9),
		}
		if has(10) {
			m.Uploads = []Upload{}
		}
		if has(11) {
			m.Uploads = []Upload{{ID: text, OriginalName: text, CreatedAt: moment(6), ConversationID: word(1)}, {}}
		}
		if has(12) {
			v := int(n)
			m.Confidence = &v
		}
		if has(13) {
			m.Analysis = encode(map[string]any{text: []any{text, n, nil}})
		}
		if has(14) {
			m.Usage = &Usage{n, n + 1, -n}
		}
		if has(15) {
			m.Error = &MessageError{text, text}
		}
		sameJSON(t, m.AppendJSON(nil), m)
		c := Conversation{
			ID: text, OwnerID: "o", Title: text, Mode: "analysis", Coach: text, Archived: has(0), LastSeq: n, LastRev: n / 2, MessageCount: -n,
			LastMessageAt: moment(1), CreatedAt: moment(2), UpdatedAt: moment(3),
		}
		if has(4) {
			c.Role, c.LastReadSeq = text, &n
		}
		sameJSON(t, c.AppendJSON(nil), c)
	})
}

// A moment is written as time.Format writes it.
func FuzzTimeAppend(f *testing.F) {
	for _, at := range []time.Time{
		{},
		time.Unix(0, 0), time.Unix(-1, 999_999_999), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 2, 3, 4, 5, 6, 7_000_000, time.UTC),
	} {
		f.Add(at.Unix(), int64(at.Nanosecond()))
	}
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64) {
		at := time.Unix(seconds%1_000_000_000_000, nanoseconds%1_000_000_000).In(time.FixedZone("", 5400))
		want := at.UTC().Format(`"` + timeLayout + `"`)
		if at.IsZero() {
			want = "null"
		}
		if got := string(Time(at).append(nil)); got != want {
			t.Errorf("appended %s, formatted %s", got, want)
		}
	})
}

func sameJSON(t *testing.T, got []byte, v any) {
	t.Helper()
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("appended %s\nmarshalled %s", got, want)
	}
}

// Whoever adds a field to one of the shapes must add it to its AppendJSON too:
// with every field set, none is missing.
func TestAppendWritesEveryField(t *testing.T) {
	n, text := int64(3), "t"
	confidence := 5
	now := Time(time.UnixMicro(1_790_000_000_123_456))
	m := Message{
		ID: "i", ConversationID: "c", Seq: 1, Rev: 2, UserID: &text, ParentMessageID: &text, Type: "user", Content: "text", Status: "sent",
		Uploads: []Upload{{ID: "u"}}, ImageURL: &text, Verdict: &text, Confidence: &confidence, Analysis: json.RawMessage(`{"a": [1, 2]}`),
		Mode: "mode", Model: &text, Usage: &Usage{1, 2, 3}, Error: &MessageError{"c", "m"}, ClientMessageID: &text,
		CreatedAt: now, UpdatedAt: now, EditedAt: now, DeletedAt: now,
	}
	for i := range reflect.ValueOf(m).NumField() {
		if reflect.ValueOf(m).Field(i).IsZero() {
			t.Errorf("%s has no value here", reflect.TypeOf(m).Field(i).Name)
		}
	}
	sameJSON(t, m.AppendJSON(nil), m)
	c := Conversation{"i", "o", "owner", "t", "m", "c", true, 1, 2, &n, 3, now, now, now}
	sameJSON(t, c.AppendJSON(nil), c)
}

func BenchmarkAppendMessage(b *testing.B) {
	text, now := "0190a000-0000-7000-8000-000000000000", Time(time.UnixMicro(1_790_000_000_123_456))
	m := Message{ID: text, ConversationID: text, UserID: &text, Type: "user", Status: "sent", Uploads: []Upload{}, Mode: "analysis", Content: "message 17, of the usual length that one has", CreatedAt: now, UpdatedAt: now}
	buf := make([]byte, 0, 4096)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			buf = m.AppendJSON(buf[:0])
		}
	})
	b.Run("marshal", func(b *testing.B) {
		for b.Loop() {
			_ = encode(m)
		}
	})
}
