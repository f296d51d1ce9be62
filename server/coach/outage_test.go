package coach_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// beginning is a bus that tells when a worker begins an answer: after it was
// claimed, before its conversation is read.
type beginning struct {
	bus.Bus
	once sync.Once
	tell func()
}

func (b *beginning) Subscribe(topic string, h bus.Handler) func() {
	if strings.HasPrefix(topic, chat.AnswerTopic("")) {
		b.once.Do(b.tell)
	}
	return b.Bus.Subscribe(topic, h)
}

// onWarning calls a function at the first line of a log that is a warning or
// worse.
type onWarning struct {
	slog.Handler
	once *sync.Once
	call func()
}

func (w onWarning) Enabled(context.Context, slog.Level) bool { return true }

func (w onWarning) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		w.once.Do(w.call)
	}
	return nil
}

// A database that went away between the claim of an answer and its first word
// once made it a failed one. It is the server's trouble, not the answer's.
func TestAnOutageBeforeTheFirstWordFailsNoAnswer(t *testing.T) {
	s := storagetest.Open(t, storagetest.PostgresURL(t)+"&statement_timeout=300")
	r := newRoom(t, s)
	tx, err := s.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	end := func() { _ = tx.Rollback() }
	defer end()
	away := func() {
		if _, err := tx.ExecContext(t.Context(), "LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Errorf("lock: %v", err)
		}
	}
	w := coach.NewWorker(coach.Options{
		Chat: r.Service, Bus: &beginning{Bus: r.bus, tell: away}, Model: says("after all"), Owner: "w", Lease: time.Second,
		Logger: slog.New(onWarning{slog.DiscardHandler, &sync.Once{}, end}),
	})
	r.run(func(ctx context.Context) { _ = w.Run(ctx) })
	r.ask("q")
	m, deltas := r.finished()
	if m.Status != chat.StatusCompleted || m.Content != "after all" {
		t.Fatalf("%+v", m)
	}
	if len(deltas) == 0 || deltas[0].Attempt != 2 {
		t.Fatalf("it was not written anew: %+v", deltas)
	}
}
