package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// list is a conversation's messages over REST.
func (c *caller) list(conversation string) []message {
	c.t.Helper()
	var v struct{ Messages []message }
	c.must(http.MethodGet, "/api/conversations/"+conversation+"/messages", nil).into(c.t, &v)
	return v.Messages
}

func (r reply) message(t testing.TB) message {
	t.Helper()
	var m message
	r.into(t, &m)
	return m
}

func TestOneClientMessageIDOverBothTransportsIsOneMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, base string) {
		c, _ := register(t, base, "trader")
		id := c.quiet()
		s := mustDial(t, base, c.token)
		draft := func(key string) object {
			return object{"conversationId": id, "content": "said once", "clientMessageId": key}
		}

		first := s.must("send_message", draft("socket-first"))
		r := c.must(http.MethodPost, "/api/messages", draft("socket-first"))
		if got := r.message(t); r.status != http.StatusOK || got.ID != first.Message.ID {
			t.Errorf("REST after the socket: %d %+v, want 200 and %s", r.status, got, first.Message.ID)
		}
		r = c.must(http.MethodPost, "/api/messages", draft("rest-first"))
		if r.status != http.StatusCreated {
			t.Errorf("a new message: %d", r.status)
		}
		if again := s.must("send_message", draft("rest-first")); !again.Duplicate || again.Message.ID != r.message(t).ID {
			t.Errorf("the socket after REST: %s", again.raw)
		}

		c.key = "header-key"
		r = c.must(http.MethodPost, "/api/messages", object{"conversationId": id, "content": "said once"})
		again := c.must(http.MethodPost, "/api/messages", object{"conversationId": id, "content": "said once"})
		if again.status != http.StatusOK || again.message(t).ID != r.message(t).ID {
			t.Errorf("the same Idempotency-Key: %d", again.status)
		}
		if a := s.must("send_message", draft("header-key")); !a.Duplicate || a.Message.ID != r.message(t).ID {
			t.Errorf("the Idempotency-Key as clientMessageId: %s", a.raw)
		}
		if won := c.must(http.MethodPost, "/api/messages", draft("body-key")).message(t); won.ClientMessageID == nil || *won.ClientMessageID != "body-key" {
			t.Errorf("clientMessageId did not win over Idempotency-Key: %+v", won)
		}

		other := object{"conversationId": id, "content": "something else", "clientMessageId": "rest-first"}
		if r := c.must(http.MethodPost, "/api/messages", other); r.status != http.StatusConflict || r.Code != "CONFLICT" {
			t.Errorf("another body over REST: %d %s", r.status, r.Code)
		}
		if a, err := s.ask("send_message", other); err != nil || a.Code != "CONFLICT" {
			t.Errorf("another body over the socket: %s, %v", a.raw, err)
		}
		if got := len(c.list(id)); got != 4 {
			t.Errorf("there are %d messages", got)
		}
	})
}

func TestOneClientMessageIDOverBothTransportsAtOnceIsOneMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, base string) {
		c, _ := register(t, base, "trader")
		id := c.quiet()
		sockets := []*socket{mustDial(t, base, c.token), mustDial(t, base, c.token)}
		const messages, tries = 10, 6
		created := make([]int, messages) // one goroutine each
		var wg sync.WaitGroup
		for i := range messages {
			draft := object{"conversationId": id, "content": fmt.Sprint(i), "clientMessageId": fmt.Sprint("key-", i)}
			news := make(chan bool, tries)
			for try := range tries {
				wg.Go(func() {
					if try%2 == 0 {
						r, err := c.do(http.MethodPost, "/api/messages", draft)
						if err != nil || !r.Success {
							t.Errorf("REST: %d %s %v", r.status, r.Code, err)
						}
						news <- r.status == http.StatusCreated
						return
					}
					a, err := sockets[try/2%2].ask("send_message", draft)
					if err != nil || !a.Success {
						t.Errorf("socket: %s %v", a.raw, err)
					}
					news <- a.Success && !a.Duplicate
				})
			}
			wg.Go(func() {
				for range tries {
					if <-news {
						created[i]++
					}
				}
			})
		}
		wg.Wait()
		for i, n := range created {
			if n != 1 {
				t.Errorf("message %d was new to %d of those who sent it", i, n)
			}
		}
		rows := c.list(id)
		seen := map[string]bool{}
		for i, m := range rows {
			if m.Seq != int64(i)+1 || seen[m.Content] {
				t.Errorf("row %d is %q at %d", i, m.Content, m.Seq)
			}
			seen[m.Content] = true
		}
		if len(rows) != messages {
			t.Errorf("there are %d messages", len(rows))
		}
	})
}

// The stream of an answer and its room tell the same, whenever one comes to
// the stream, leaves it, and returns.
func TestTheStreamSaysWhatTheRoomIsTold(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			base, coach, _ := stage(t, config(t, url(t)))
			c, _ := register(t, base, "trader")
			s := mustDial(t, base, c.token)
			s.must("send_message", object{"conversationId": c.conversation(), "content": askSlowly + " what of gold?"})
			thinking := s.await("ai_thinking")
			answer := pendingID(thinking[len(thinking)-1])

			whole, leaving := c.follow(answer, ""), c.follow(answer, "")
			read, at := leaving.until("", slowBeginning)
			leaving.leave()
			coach.pieces <- "It shines 💎, "
			coach.pieces <- "and falls"
			back := c.follow(answer, at)
			read, at = back.until(read, "falls")
			if want := fmt.Sprint("1:", chat.Units(slowBeginning+"It shines 💎, and falls")); at != want {
				t.Errorf("the id after two gems is %s, want %s", at, want)
			}
			late := c.follow(answer, "")
			coach.pieces <- " – like all."
			coach.pieces <- ""

			room, text := s.await("ai_response"), ""
			for _, e := range room {
				if e.Name == "ai_delta" {
					text = apply(text, e.Data)
				}
			}
			finished := room[len(room)-1].Data
			want := slowBeginning + "It shines 💎, and falls – like all."
			if text != want {
				t.Errorf("the room was told %q", text)
			}
			after := c.follow(answer, "")
			for name, v := range map[string]struct {
				stream *stream
				read   string
			}{"FromTheStart": {whole, ""}, "Resumed": {back, read}, "Late": {late, ""}, "After": {after, ""}} {
				got, last := v.stream.last(v.read)
				if got != want {
					t.Errorf("%s: the stream said %q", name, got)
				}
				if last.name != "ai_response" || !sameJSON(t, last.data, finished) {
					t.Errorf("%s: the last event is %s %s, the room's was %s", name, last.name, last.data, finished)
				}
				if name == "FromTheStart" {
					at = last.id
				}
			}
			if got, last := c.follow(answer, at).last(""); got != "" || last.name != "ai_response" {
				t.Errorf("resumed at the end: %q, %s", got, last.name)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return cmp.Equal(x, y)
}

// A failed answer ends its stream as it ends in the room.
func TestTheStreamOfAFailedAnswerSaysSo(t *testing.T) {
	base, _, _ := stage(t, config(t, storagetest.SQLiteURL(t)))
	c, _ := register(t, base, "trader")
	s := mustDial(t, base, c.token)
	s.must("send_message", object{"conversationId": c.conversation(), "content": askFail + " what of gold?"})
	events := s.await("ai_error")
	answer := pendingID(events[len(events)-1])
	var told []string
	stream := c.follow(answer, "")
	for {
		e, ok := stream.next()
		if !ok {
			break
		}
		told = append(told, e.name)
		if e.name == "ai_error" && !sameJSON(t, e.data, events[len(events)-1].Data) {
			t.Errorf("the stream said %s, the room %s", e.data, events[len(events)-1].Data)
		}
	}
	if got := strings.Join(told, " "); got != "ai_delta ai_response ai_error" {
		t.Errorf("the stream said %s", got)
	}
}
