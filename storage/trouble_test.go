package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A full SQLite file is what a full disk looks like from here, and raising its
// bound is space coming back.
func TestAFullDatabaseIsSaidOnceAndNoticedWhenItIsOver(t *testing.T) {
	ctx := context.Background()
	s := openNotes(t)
	var log bytes.Buffer
	now := time.Now()
	s.trouble.log = slog.New(slog.NewTextHandler(&log, nil))
	s.trouble.now = func() time.Time { return now }
	pragma := func(text string) {
		t.Helper()
		if err := s.Tx(ctx, func(tx *Tx) error {
			_, err := tx.q.ExecContext(ctx, "PRAGMA "+text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Tx(ctx, func(tx *Tx) error {
		_, err := tx.q.ExecContext(ctx, "CREATE TABLE lockouts (key TEXT PRIMARY KEY, failures INTEGER NOT NULL, first_at BIGINT NOT NULL)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 100_000)
	idle := func(*Tx) error { return nil }

	pragma("max_page_count = 8")
	for i := range 3 {
		if err := s.Tx(ctx, note(fmt.Sprint(i)+big)); !errors.Is(err, ErrBusy) {
			t.Fatalf("a full database answers %v", err)
		}
	}
	if since, err := s.Unwritable(); !errors.Is(err, ErrBusy) || !since.Equal(now) {
		t.Fatalf("unwritable since %s: %v", since, err)
	}
	now = now.Add(probeEvery / 2)
	if err := s.Tx(ctx, idle); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unwritable(); err == nil {
		t.Fatal("a transaction that wrote nothing was taken for a proof")
	}
	now = now.Add(probeEvery)
	if err := s.Tx(ctx, idle); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unwritable(); err == nil {
		t.Fatal("one probe was taken for a proof: a database on its way down takes a write here and there")
	}
	now = now.Add(probeEvery)
	if err := s.Tx(ctx, idle); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unwritable(); err != nil {
		t.Fatalf("two probes wrote a row, and still %v", err)
	}
	if got := len(notes(t, s)); got != 0 {
		t.Fatalf("%d rows of refused transactions are there", got)
	}

	_ = s.Tx(ctx, note(big))
	pragma("max_page_count = 100000")
	for i := range 2 {
		if err := s.Tx(ctx, note(fmt.Sprint(i)+big)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(holdFor)
	}
	if _, err := s.Unwritable(); err != nil {
		t.Fatalf("rows were written for a while, and still %v", err)
	}
	if no, again := strings.Count(log.String(), "takes no writes"), strings.Count(log.String(), "takes writes again"); no != 2 || again != 2 {
		t.Fatalf("said %d and %d times:\n%s", no, again, log.String())
	}
}

// A Postgres that was being stopped took a write between two refusals, and the
// log said three times that it was gone and three times that it was back.
func TestWritesHereAndThereAreOneTrouble(t *testing.T) {
	var log bytes.Buffer
	now := time.Now()
	trouble := newTrouble(slog.New(slog.NewTextHandler(&log, nil)))
	trouble.now = func() time.Time { return now }
	for range 5 {
		trouble.failed(ErrBusy)
		trouble.wrote()
		now = now.Add(holdFor * 3 / 4)
	}
	trouble.wrote()
	now = now.Add(holdFor)
	trouble.wrote()
	trouble.wrote()
	if no, again := strings.Count(log.String(), "takes no writes"), strings.Count(log.String(), "takes writes again"); no != 1 || again != 1 {
		t.Fatalf("said %d and %d times:\n%s", no, again, log.String())
	}
}

func TestRefusalsThatAreNotTheDatabasesAreNoTrouble(t *testing.T) {
	ctx := context.Background()
	s := openNotes(t)
	_ = s.Tx(ctx, func(*Tx) error { return errors.New("mine") })
	_ = s.Tx(ctx, note("a"))
	_ = s.Tx(ctx, note("a")) // a conflict
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Tx(ctx, note("b")); !errors.Is(err, ErrBusy) {
		t.Fatalf("after Close: %v", err)
	}
	if _, err := s.Unwritable(); err != nil {
		t.Fatal(err)
	}
}
