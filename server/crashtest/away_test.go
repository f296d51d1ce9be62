//go:build unix

package crashtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// chatters are senders who each wait for the answer to a message before the
// next, and try a refused one again, as a patient person's client would.
type chatters struct {
	t       *testing.T
	acked   atomic.Int64
	refused atomic.Int64
	done    sync.WaitGroup
}

// chat has every sender of the ledger deliver what it planned over a socket
// that must last.
func chat(t *testing.T, who *person, book ledger) *chatters {
	t.Helper()
	c := &chatters{t: t}
	for _, s := range book {
		socket := who.dial()
		c.done.Go(func() {
			for _, e := range s.owed() {
				if !c.send(socket, s, e) {
					return
				}
			}
		})
	}
	return c
}

func (c *chatters) send(socket *socket, s *sender, e *entry) bool {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	deadline := time.After(2 * patience)
	for {
		a, err := socket.ask("send_message", e.payload())
		switch {
		case err != nil:
			c.t.Errorf("%s: %v", e.id, err)
			return false
		case a.Success:
			s.note(e, a.Message)
			c.acked.Add(1)
			return true
		}
		plainlyUnavailable(c.t, a)
		c.refused.Add(1)
		select {
		case <-pause.C:
		case <-deadline:
			c.t.Errorf("%s was refused to the end", e.id)
			return false
		}
	}
}

// TestPostgresGoesAwayAndComesBack stops the database under people who chat.
func TestPostgresGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	db := newCluster(t)
	server := newSite(t, db.url()).start()
	who := register(t, server.base, "trader")
	rooms := []string{who.conversation("mention"), who.conversation("off")}
	reader := who.dial()
	if a, err := reader.ask("join_conversation", rooms[0]); err != nil || !a.Success {
		t.Fatalf("join: %+v, %v", a, err)
	}
	book := newLedger(4)
	for i, s := range book {
		for n := range 100 {
			text, asks := fmt.Sprintf("%s says %d", s.name, n), n%5 == 0 && (i+n)%2 == 0
			if asks {
				text += ", @coach what is my risk?"
			}
			s.add(rooms[(i+n)%2], text, asks)
		}
	}

	talk := chat(t, who, book)
	until(t, "they chat", func() bool { return talk.acked.Load() >= 100 })
	db.stop()
	until(t, "all are refused", func() bool { return talk.refused.Load() >= int64(5*len(book)) })
	tokensStayGood(t, who)
	db.start()
	talk.done.Wait()

	healthy(t, who)
	answersEnd(t, who, rooms)
	for _, room := range rooms {
		for _, problem := range book.check(room, who.rows(room)) {
			t.Error(problem)
		}
	}
	heardAll(t, reader, who.rows(rooms[0]))
	// Each change is said once, however the database flickers while it stops
	// and starts, and never each refusal.
	if gone, back := len(server.log.containing("takes no writes")), len(server.log.containing("takes writes again")); gone != 1 || back != 1 {
		t.Errorf("%d refusals, and the log says %d times that the database is gone and %d times that it is back", talk.refused.Load(), gone, back)
	}
	// Each part that notices may say so, once.
	if lines := append(server.log.containing(`"level":"WARN"`), server.log.containing(`"level":"ERROR"`)...); len(lines) > 8 {
		t.Errorf("%d refusals, and %d lines of warning:\n%s", talk.refused.Load(), len(lines), strings.Join(lines, "\n"))
	}
	server.unharmed()
}

// tokensStayGood checks that nobody is told to sign in again while the
// database is away, and that probes are told the truth.
func tokensStayGood(t *testing.T, who *person) {
	t.Helper()
	until(t, "nothing is known of the session any more", func() bool {
		err := who.client.Get(t.Context(), "/api/auth/me", nil)
		var no *api.RefusedError
		if errors.As(err, &no) && no.Code != "UNAVAILABLE" {
			t.Fatalf("a good token is answered %v", err)
		}
		return err != nil
	})
	until(t, "no socket is let in unchecked", func() bool {
		s, err := who.tryDial()
		var refused *socketiotest.RefusedError
		if errors.As(err, &refused) {
			t.Fatalf("a new socket is refused for good: %v", err)
		}
		if err == nil {
			s.Close()
		}
		return err != nil
	})
	for _, check := range []string{"", "ready", "db"} {
		h, err := who.client.Health(t.Context(), check)
		if err != nil || h.Status != api.StatusDown {
			t.Errorf("health %q says %+v, %v", check, h, err)
		}
	}
	if h, err := who.client.Health(t.Context(), "live"); err != nil || h.Status != api.StatusOK {
		t.Errorf("live says %+v, %v", h, err)
	}
	res, err := who.client.HTTP.Get(who.client.BaseURL + "/api/health/ready")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("ready answers %d", res.StatusCode)
	}
}

// heardAll checks that a socket that was open all the time was told of every
// message, in order, once.
func heardAll(t *testing.T, s *socket, rows []row) {
	t.Helper()
	for _, want := range rows {
		if want.Type != "user" {
			continue
		}
		for {
			e, ok := next(s)
			if !ok {
				t.Fatalf("nothing was heard of the message at seq %d", want.Seq)
			}
			var got struct{ Message row }
			if e.Name != "new_message" || json.Unmarshal(e.Data, &got) != nil {
				continue
			}
			if got.Message.ID != want.ID {
				t.Fatalf("heard of seq %d when it was the turn of %d", got.Message.Seq, want.Seq)
			}
			break
		}
	}
}

func next(s *socket) (socketiotest.Event, bool) {
	select {
	case e := <-s.Events:
		return e, true
	case <-s.Closed:
	case <-time.After(patience):
	}
	return socketiotest.Event{}, false
}
