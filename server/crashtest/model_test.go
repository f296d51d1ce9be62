//go:build unix

package crashtest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestKillInTheMiddleOfAModelsAnswer kills the server while a language model
// is in the middle of a sentence. Whoever comes next writes the answer anew, in
// its place: one answer, whole, and none of the words that were lost.
func TestKillInTheMiddleOfAModelsAnswer(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 10)
			var calls atomic.Int64
			model := httptest.NewServer(openaitest.New(func(openaitest.Request) openaitest.Reply {
				asked <- struct{}{}
				if calls.Add(1) == 1 {
					return openaitest.Reply{Pieces: []string{"this half is lo"}, Stall: make(chan struct{})}
				}
				return openaitest.Says("the whole ", "answer")
			}))
			defer model.Close()
			place := newSite(t, url(t), "OPENAI_BASE_URL="+model.URL+"/v1", "OPENAI_MODEL=stub", "AI_POLICIES=stub price=1000000/1000000")
			server := place.start()
			who := register(t, server.base, "trader")
			room := who.conversation("always")
			socket := who.dial()
			if a, err := socket.ask("send_message", map[string]string{"conversationId": room, "content": "long 2 MES at 6000, stop 5994", "clientMessageId": "one"}); err != nil || !a.Success {
				t.Fatalf("%+v, %v", a, err)
			}
			deltaOf(t, socket)
			server.kill()
			socket.Close()
			server = place.start()
			who.moveTo(server)
			// Who followed the answer comes back with the place they had got to.
			told := follow(t, who, who.rows(room)[1].ID, "1:4")
			answersEnd(t, who, []string{room})
			rows := who.rows(room)
			if len(rows) != 2 || rows[1].Type != "ai" || rows[1].Status != "completed" || rows[1].Content != "the whole answer" {
				t.Errorf("the conversation is %+v", rows)
			}
			if got := strings.Count(told, "event: ai_response"); got != 1 || !strings.Contains(told, `"the whole answer"`) || strings.Contains(told, "this half") {
				t.Errorf("the stream ended %d times and told\n%s", got, told)
			}
			if len(asked) != 2 {
				t.Errorf("the model was asked %d times, want 2", len(asked))
			}
			server.unharmed()
		})
	}
}

// follow reads the stream of an answer to its end, from an event's id on.
func follow(t *testing.T, who *person, answer, lastEventID string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, who.client.BaseURL+"/api/messages/"+answer+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+who.client.Token)
	req.Header.Set("Last-Event-ID", lastEventID)
	res, err := who.client.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the stream: %d, %v\n%s", res.StatusCode, err, text)
	}
	return string(text)
}

// deltaOf waits until something of an answer is shown.
func deltaOf(t *testing.T, s *socket) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case e := <-s.Events:
			if e.Name == "ai_delta" {
				return
			}
		case <-s.Closed:
			t.Fatal("the socket closed before anything was shown")
		case <-timeout:
			t.Fatal("nothing of the answer was shown")
		}
	}
}
