//go:build unix

package crashtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// TestAFloodIsAnsweredAndHurtsNobodyElse has one client send ten thousand
// messages (fewer under the race detector) as fast as its connection takes them, while another one works.
func TestAFloodIsAnsweredAndHurtsNobodyElse(t *testing.T) {
	t.Run("LimitsOff", func(t *testing.T) {
		t.Parallel()
		stored := flood(t, "off", "send_message", 20*time.Millisecond)
		if stored != floodSends {
			t.Errorf("%d of %d messages were stored, and nothing limits them", stored, floodSends)
		}
	})
	t.Run("LimitsOn", func(t *testing.T) {
		t.Parallel()
		// Ten messages a minute, and ten events a second before that.
		if stored := flood(t, "on", "ping", 200*time.Millisecond); stored < 1 || stored > 20 {
			t.Errorf("%d messages were stored within the limit of 10 a minute", stored)
		}
	})
}

// flood runs one and gives the number of stored messages. The other client
// emits event every so often.
func flood(t *testing.T, limits, event string, every time.Duration) int {
	server := newSite(t, "", "RATE_LIMITS="+limits, "WS_PING_INTERVAL=300000").start()
	flooder, other := register(t, server.base, "flooder"), register(t, server.base, "other")
	room := flooder.conversation("off")
	book := newLedger(1)
	for n := range floodSends {
		book[0].add(room, fmt.Sprintf("one of too many, %d", n), false)
	}
	quiet := map[string]string{"conversationId": other.conversation("off"), "content": "me too"}

	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { bystander(t, other.dial(), event, quiet, every, stop) })
	began := time.Now()
	refused := pour(t, connected(t, server, flooder), book[0])
	took := time.Since(began)
	close(stop)
	others.Wait()

	var rows []row
	until(t, "the flooder may read again", func() bool {
		var err error
		rows, err = flooder.tryRows(room)
		return err == nil
	})
	for _, problem := range book.check(room, rows) {
		t.Error(problem)
	}
	if stored := book.acked(); stored+refused != floodSends || stored != len(rows) {
		t.Errorf("%d acknowledged, %d refused, %d rows", stored, refused, len(rows))
	}
	peak := server.memory()
	t.Logf("%d stored and %d refused in %s; at most %d MiB of memory", len(rows), refused, took.Round(time.Millisecond), peak>>20)
	if peak > memoryCeiling {
		t.Errorf("the server took %d MiB, more than %d", peak>>20, memoryCeiling>>20)
	}
	server.unharmed()
	return len(rows)
}

// pour writes every message without waiting and reads an acknowledgement of
// each. It gives the number of those that said RATE_LIMITED.
func pour(t *testing.T, ws *enginetest.Socket, s *sender) (refused int) {
	t.Helper()
	defer ws.Close()
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		for id, e := range s.entries {
			s.try(e)
			payload, err := json.Marshal(e.payload())
			if err == nil {
				err = ws.Text(fmt.Sprintf(`42%d["send_message",%s]`, id, payload))
			}
			if err != nil {
				t.Errorf("send %d: %v", id, err)
				return
			}
		}
	})
	for answered := 0; answered < len(s.entries); {
		_, payload, err := ws.Read()
		if err != nil {
			t.Errorf("after %d acknowledgements: %v", answered, err)
			ws.Close() // or the writer would wait for a reader
			return refused
		}
		id, text, ok := strings.Cut(strings.TrimPrefix(string(payload), "43"), "[")
		n, err := strconv.Atoi(id)
		if !ok || err != nil || !strings.HasPrefix(string(payload), "43") {
			continue // an event
		}
		answered++
		var a ack
		if err := json.Unmarshal([]byte(strings.TrimSuffix(text, "]")), &a); err != nil {
			t.Errorf("acknowledgement %s: %v", payload, err)
		}
		switch {
		case a.Success:
			s.note(s.entries[n], a.Message)
		case a.Code == "RATE_LIMITED" && a.Retryable:
			refused++
		default:
			t.Errorf("message %d is answered %s", n, payload)
		}
	}
	return refused
}

// bystander emits an event again and again and reports how long the
// acknowledgements took.
func bystander(t *testing.T, s *socket, event string, payload any, every time.Duration, stop <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var took []time.Duration
	for {
		select {
		case <-stop:
			if len(took) == 0 {
				t.Log("the flood was over before anybody else spoke")
				return
			}
			slices.Sort(took)
			t.Logf("%d acknowledgements of %s to another client: p50 %s, p99 %s", len(took), event, took[len(took)/2], took[len(took)*99/100])
			return
		case <-tick.C:
		}
		began := time.Now()
		ch, err := s.Emit(event, payload)
		if err != nil {
			t.Errorf("another client: %v", err)
			return
		}
		select {
		case raw := <-ch:
			if strings.Contains(string(raw), `"success":false`) {
				t.Errorf("another client is answered %s", raw)
			}
		case <-s.Closed:
			t.Error("another client was closed")
			return
		case <-time.After(patience):
			t.Errorf("another client got no acknowledgement within %s", patience)
			return
		}
		took = append(took, time.Since(began))
	}
}
