package upload

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestRestore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		st := newStudio(t, s)
		then := st.now.Add(-1000 * time.Hour)
		u := storage.Upload{ID: storage.NewID(), UserID: st.ann.UserID, Name: "../chart.png", ConversationID: storage.NewID(), MessageID: storage.NewID(), CreatedAt: then}
		kept, err := st.Restore(t.Context(), u, bytes.NewReader(pngOf(t, picture(80, 60, 7))))
		if err != nil || kept.Name != "chart.png" || kept.File.Width != 80 {
			t.Fatalf("%+v, %v", kept, err)
		}
		st.sweep() // an old time of its own is no reason to take it away
		found, err := st.Find(t.Context(), st.ann, u.ID)
		if err != nil || found.MessageID != u.MessageID || found.ConversationID != u.ConversationID || !found.CreatedAt.Equal(then) {
			t.Errorf("%+v, %v", found, err)
		}
		// What comes out goes in again unchanged.
		p, err := st.Open(t.Context(), st.ann, u.ID, Original)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }()
		out, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		second := u
		second.ID = storage.NewID()
		again, err := st.Restore(t.Context(), second, bytes.NewReader(out))
		if err != nil || again.File.Bytes != int64(len(out)) {
			t.Errorf("%+v, %v", again, err)
		}
		for name, c := range map[string]struct {
			id, bytes string
			code      fault.Code
		}{
			"Empty":    {storage.NewID(), "", fault.Validation},
			"NoImage":  {storage.NewID(), "MZ, a program", fault.UnsupportedMediaType},
			"TooLarge": {storage.NewID(), strings.Repeat("x", MaxImage+1), fault.PayloadTooLarge},
			"Taken":    {u.ID, string(out), fault.Conflict},
		} {
			t.Run(name, func(t *testing.T) {
				bad := u
				bad.ID = c.id
				if _, err := st.Restore(t.Context(), bad, strings.NewReader(c.bytes)); !fault.Is(err, c.code) {
					t.Errorf("%v, want %s", err, c.code)
				}
			})
		}
	})
}
