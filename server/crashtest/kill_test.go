//go:build unix

package crashtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const (
	kills         = 20
	sendsPerKill  = 1000
	killSenders   = 10
	conversations = 5
	// inFlight is how many messages a sender has under way at once.
	inFlight = 16
	// asksEvery: one message in so many asks the coach.
	asksEvery = 25
)

// TestKillInTheMiddleOfSendsLosesNothing kills the server while ten sockets
// send a thousand messages, twenty times. After each restart they first send
// again what was not acknowledged, and something that was.
func TestKillInTheMiddleOfSendsLosesNothing(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := newSite(t, url(t))
			server := place.start()
			who := register(t, server.base, "trader")
			rooms := make([]string, conversations)
			for i := range rooms {
				rooms[i] = who.conversation("mention")
			}
			book := newLedger(killSenders)
			for range kills {
				plan(book, rooms)
				life(t, who, book, 1+rand.Int64N(killBefore), server.kill)
				server = place.start()
				who.moveTo(server)
			}
			life(t, who, book, -1, nil)
			total := 0
			for _, s := range book {
				total += len(s.entries)
			}
			t.Logf("%d messages over %d kills", total, kills)
			if n := book.acked(); n != total || n < kills {
				t.Errorf("%d of %d messages were acknowledged in the end", n, total)
			}
			answersEnd(t, who, rooms)
			for i, room := range rooms {
				for _, problem := range book.check(room, who.rows(room)) {
					t.Errorf("conversation %d: %s", i, problem)
				}
			}
			server.unharmed()
		})
	}
}

// plan gives every sender its share of another round, in place of what it
// never came to send in the one before.
func plan(book ledger, rooms []string) {
	for i, s := range book {
		s.forgetUntried()
		for range sendsPerKill / len(book) {
			n := len(s.entries)
			text, asks := fmt.Sprintf("%s says %d", s.name, n), n%asksEvery == i
			if asks {
				text += ", @coach long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"
			}
			s.add(rooms[(i+n)%len(rooms)], text, asks)
		}
	}
}

// life lets every sender send what it owes, until all is acknowledged or the
// server is gone. At the nth acknowledgement it calls then; nil: never.
func life(t *testing.T, who *person, book ledger, n int64, then func()) {
	t.Helper()
	var acked atomic.Int64
	reached := make(chan struct{})
	count := func() {
		if acked.Add(1) == n {
			close(reached)
		}
	}
	var senders sync.WaitGroup
	for _, s := range book {
		socket := who.dial()
		senders.Go(func() {
			defer socket.Close()
			if err := s.deliver(socket, count); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		})
	}
	all := make(chan struct{})
	go func() { senders.Wait(); close(all) }()
	if then != nil {
		select {
		case <-reached:
			then()
		case <-all:
			t.Error("the end came before the kill")
		}
	}
	<-all
}

// deliver sends what is owed. An end of the connection is none of its errors.
func (s *sender) deliver(socket *socket, count func()) error {
	if err := s.repeat(socket); err != nil {
		return unlessGone(err)
	}
	type sent struct {
		e   *entry
		ack func() (ack, error)
	}
	var underway []sent
	// settle takes the oldest acknowledgement.
	settle := func() error {
		first := underway[0]
		underway = underway[1:]
		a, err := first.ack()
		if err != nil {
			return err
		}
		if !a.Success || a.Message.ClientMessageID != first.e.id {
			return fmt.Errorf("%s was answered %+v", first.e.id, a)
		}
		s.note(first.e, a.Message)
		count()
		return nil
	}
	var failed error
	for _, e := range s.owed() {
		if len(underway) == inFlight {
			if failed = settle(); failed != nil {
				break
			}
		}
		s.try(e)
		ch, err := socket.Emit("send_message", e.payload())
		if err != nil {
			break // what was acknowledged before it still counts
		}
		underway = append(underway, sent{e, func() (ack, error) { return socket.await(ch) }})
	}
	failed = unlessGone(failed)
	for len(underway) > 0 {
		failed = errors.Join(failed, unlessGone(settle()))
	}
	return failed
}

// repeat sends something again that was acknowledged: it must be the same
// message, and nothing new.
func (s *sender) repeat(socket *socket) error {
	e := s.last()
	if e == nil {
		return nil
	}
	a, err := socket.ask("send_message", e.payload())
	if err != nil {
		return err
	}
	if !a.Success || !a.Duplicate || a.Message.ID != e.as.ID || a.Message.Seq != e.as.Seq {
		return fmt.Errorf("%s again was answered %+v, and first %+v", e.id, a, e.as)
	}
	return nil
}

func (e *entry) payload() map[string]string {
	return map[string]string{"conversationId": e.conversation, "content": e.content, "clientMessageId": e.id}
}

func unlessGone(err error) error {
	if errors.Is(err, errNoAck) {
		return nil
	}
	return err
}

// answersEnd waits until no answer is open: the server looks for those that a
// killed one left behind.
func answersEnd(t *testing.T, who *person, rooms []string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		open := 0
		for _, room := range rooms {
			for _, r := range who.rows(room) {
				if r.Status == "pending" || r.Status == "streaming" {
					open++
				}
			}
		}
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d answers are still open", open)
		}
	}
}
