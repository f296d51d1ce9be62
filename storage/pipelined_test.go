package storage_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// turns counts how often the client spoke after the server had: the round
// trips of one connection at a time.
type turns struct {
	n      atomic.Int64
	server atomic.Bool // the server spoke last
}

// proxied gives the URL of a Postgres whose round trips are counted.
func proxied(t *testing.T, to string) (string, *turns) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	count, host := &turns{}, u.Host
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", host)
			if err != nil {
				_ = client.Close()
				continue
			}
			go pass(server, client, func() {
				if count.server.Swap(false) {
					count.n.Add(1)
				}
			})
			go pass(client, server, func() { count.server.Store(true) })
		}
	}()
	u.Host = l.Addr().String()
	return u.String(), count
}

func pass(to, from net.Conn, spoke func()) {
	defer func() { _, _ = to.Close(), from.Close() }()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			spoke()
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// send is what the rules of chat do to store a message.
func send(ctx context.Context, s *storage.Store, k talk, change func(*storage.Message)) (stored storage.Message, err error) {
	err = s.Tx(ctx, func(tx *storage.Tx) error {
		m, err := tx.LockToSend(ctx, k.id, k.owner)
		if err != nil {
			return err
		}
		c := m.Conversation
		c.LastSeq, c.LastRev, c.MessageCount, c.LastMessageAt = c.LastSeq+1, c.LastRev+1, c.MessageCount+1, storage.Now()
		stored = storage.Message{
			ID: storage.NewID(), ConversationID: k.id, Seq: c.LastSeq, Rev: c.LastRev, UserID: k.owner, Type: "user", Content: "text",
			Status: "sent", CreatedAt: storage.Now(), UpdatedAt: storage.Now(),
		}
		if change != nil {
			change(&stored)
		}
		if err := tx.AdvanceConversation(ctx, c); err != nil {
			return err
		}
		return tx.InsertMessage(ctx, stored)
	})
	return stored, err
}

func TestOnPostgresAMessageTakesTwoRoundTrips(t *testing.T) {
	url, count := proxied(t, storagetest.PostgresURL(t))
	s := storagetest.Open(t, url)
	k := newTalk(t, s)
	for range 2 * 8 { // on each connection the statements are prepared once
		if _, err := send(t.Context(), s, k, nil); err != nil {
			t.Fatal(err)
		}
	}
	fewest := int64(100)
	for range 5 { // the pool asks a connection that was idle for a second whether it lives
		before := count.n.Load()
		if _, err := send(t.Context(), s, k, nil); err != nil {
			t.Fatal(err)
		}
		fewest = min(fewest, count.n.Load()-before)
	}
	if fewest != 2 {
		t.Errorf("%d round trips", fewest)
	}
}

// What is sent along with a later statement fails as it would have at once.
func TestAStatementThatWasHeldBackFailsItsTransaction(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ctx, k := t.Context(), newTalk(t, s)
		first, err := send(ctx, s, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := send(ctx, s, k, func(m *storage.Message) { m.ID = first.ID }); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("an id for the second time: %v", err)
		}
		var read error
		err = s.Tx(ctx, func(tx *storage.Tx) error {
			if err := tx.InsertMessage(ctx, first); err != nil {
				return err
			}
			_, read = tx.Message(ctx, first.ID) // it goes along with this
			return read
		})
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("found out by a read: %v, %v", err, read)
		}
		err = s.Tx(ctx, func(tx *storage.Tx) error {
			return tx.AdvanceConversation(ctx, storage.Conversation{ID: storage.NewID()})
		})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("no such conversation: %v", err)
		}
		mine := errors.New("changed my mind")
		err = s.Tx(ctx, func(tx *storage.Tx) error {
			second := first
			second.ID, second.Seq, second.Rev = storage.NewID(), first.Seq+1, first.Rev+1
			if err := tx.InsertMessage(ctx, second); err != nil {
				return err
			}
			if _, err := tx.Message(ctx, second.ID); err != nil {
				t.Errorf("its own transaction does not see it: %v", err)
			}
			return mine
		})
		if !errors.Is(err, mine) {
			t.Errorf("an error of the caller's: %v", err)
		}
		last, err := send(ctx, s, k, nil)
		if err != nil || last.Seq != first.Seq+1 {
			t.Errorf("afterwards: %+v, %v", last, err)
		}
	})
}

// A caller who gives up, and a server that goes away, leave no transaction open.
func TestOnPostgresACallerWhoGivesUpLeavesNoTransaction(t *testing.T) {
	url := storagetest.PostgresURL(t)
	s, beside := storagetest.Open(t, url), storagetest.Open(t, url)
	k := newTalk(t, s)
	release, locked, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- beside.Tx(context.Background(), func(tx *storage.Tx) error {
			err := tx.LockConversation(context.Background(), k.id)
			close(locked)
			<-release
			return err
		})
	}()
	<-locked
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := send(ctx, s, k, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for range 2 * 8 {
		if _, err := send(t.Context(), s, k, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Pool().InUse; n != 0 {
		t.Errorf("%d connections are in use", n)
	}
}
