package coach_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a model that does what the test says.
type script func(ctx context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error)

func (script) Name() string { return "script" }

func (s script) Stream(ctx context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
	return s(ctx, p, emit)
}

// says is a model that says the pieces and is done.
func says(pieces ...string) script {
	return func(_ context.Context, _ coach.Prompt, emit func(string) error) (coach.Answer, error) {
		for _, p := range pieces {
			if err := emit(p); err != nil {
				return coach.Answer{}, err
			}
		}
		return coach.Answer{Text: strings.Join(pieces, ""), Verdict: "diamond", Model: "script"}, nil
	}
}

// stuck is a model that says one piece and waits for its end.
func stuck(piece string) script {
	return func(ctx context.Context, _ coach.Prompt, emit func(string) error) (coach.Answer, error) {
		if err := emit(piece); err != nil {
			return coach.Answer{}, err
		}
		<-ctx.Done()
		return coach.Answer{}, ctx.Err()
	}
}

// room is a conversation with workers behind it.
type room struct {
	*chat.Service
	t     *testing.T
	bus   *bus.Memory
	actor auth.Actor
	id    string
	heard chan bus.Event // every event of the conversation, in the bus's order
}

func newRoom(t *testing.T, s *storage.Store) *room {
	t.Helper()
	r := &room{t: t, bus: bus.NewMemory(), heard: make(chan bus.Event, 4096)}
	r.run(func(ctx context.Context) { _ = r.bus.Run(ctx) })
	r.Service = chat.New(chat.Options{Store: s, Bus: r.bus})
	u := storage.User{ID: storage.NewID(), Email: "o@example.org", Username: "owner", Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now()}
	if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.InsertUser(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	r.actor = auth.Actor{UserID: u.ID, Tier: u.Tier, Role: u.Role}
	c, err := r.Create(t.Context(), r.actor, chat.NewConversation{})
	if err != nil {
		t.Fatal(err)
	}
	r.id = c.ID
	t.Cleanup(r.bus.Subscribe(chat.ConversationTopic(c.ID), func(e bus.Event) { r.heard <- e }))
	return r
}

// run runs something until the test ends, or until the returned stop is called.
func (r *room) run(fn func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); fn(ctx) }()
	stop = func() { cancel(); <-done }
	r.t.Cleanup(stop)
	return stop
}

func (r *room) worker(name string, m coach.Model, o coach.Options) (stop func()) {
	o.Chat, o.Bus, o.Model, o.Owner = r.Service, r.bus, m, name
	w := coach.NewWorker(o)
	return r.run(func(ctx context.Context) { _ = w.Run(ctx) })
}

func (r *room) ask(text string) chat.Message {
	r.t.Helper()
	sent, err := r.Send(r.t.Context(), r.actor, chat.Draft{ConversationID: r.id, Content: text})
	if err != nil {
		r.t.Fatal(err)
	}
	return sent.Message
}

// until reads events until one has this name, and returns it and the deltas before it.
func (r *room) until(name string) (bus.Event, []chat.Delta) {
	r.t.Helper()
	var deltas []chat.Delta
	timeout := time.After(20 * time.Second)
	for {
		select {
		case e := <-r.heard:
			if e.Name == name {
				return e, deltas
			}
			if e.Name == chat.EventDelta {
				deltas = append(deltas, read[chat.Delta](r.t, e.Data))
			}
		case <-timeout:
			r.t.Fatalf("no %s came", name)
		}
	}
}

func read[T any](t *testing.T, data []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("read %s: %v", data, err)
	}
	return v
}

type row struct{ Message chat.Message }

func (r *room) finished() (chat.Message, []chat.Delta) {
	r.t.Helper()
	e, deltas := r.until(chat.EventFinished)
	return read[row](r.t, e.Data).Message, deltas
}

// pending is the id of the next answer that is asked for.
func (r *room) pending() string {
	r.t.Helper()
	e, _ := r.until(chat.EventPending)
	return read[row](r.t, e.Data).Message.ID
}

// text puts deltas together as a client does.
func text(deltas []chat.Delta) string {
	out := ""
	for _, d := range deltas {
		keep := len(out)
		if rest, ok := chat.AfterUnit(out, d.Offset); ok {
			keep = len(out) - len(rest)
		}
		out = out[:keep] + d.Text
	}
	return out
}

func TestAnswerIsStreamedAndStored(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		r := newRoom(t, s)
		r.worker("w1", says("Your plan ", "fits 💎", " — 2 R."), coach.Options{})
		r.ask("long 2 MES")
		m, deltas := r.finished()
		if m.Status != chat.StatusCompleted || m.Content != "Your plan fits 💎 — 2 R." || *m.Verdict != "diamond" || *m.Model != "script" || m.Rev != 3 {
			t.Fatalf("%+v", m)
		}
		if got := text(deltas); got != m.Content {
			t.Fatalf("the deltas give %q", got)
		}
	})
}

func TestAnswersOfOneConversationComeOneAtATimeInOrder(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	var mu sync.Mutex
	running, most := 0, 0
	m := script(func(_ context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		defer func() { mu.Lock(); running--; mu.Unlock() }()
		return coach.Answer{Text: p.Text}, emit(p.Text)
	})
	r.worker("w1", m, coach.Options{})
	r.worker("w2", m, coach.Options{})
	questions := []string{"a", "b", "c", "d", "e"}
	for _, q := range questions {
		r.ask(q)
	}
	last := int64(0)
	for _, want := range questions {
		got, _ := r.finished()
		if got.Content != want || got.Seq <= last {
			t.Fatalf("answer %q at %d, want %q after %d", got.Content, got.Seq, want, last)
		}
		last = got.Seq
	}
	if most != 1 {
		t.Fatalf("%d answers at once", most)
	}
}

func TestStopKeepsWhatWasWritten(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		r := newRoom(t, s)
		r.worker("w1", stuck("half an "), coach.Options{})
		r.ask("q")
		e, _ := r.until(chat.EventDelta)
		id := read[chat.Delta](t, e.Data).MessageID
		if _, err := r.Stop(t.Context(), r.actor, id); err != nil {
			t.Fatal(err)
		}
		m, _ := r.finished()
		if m.Status != chat.StatusStopped || m.Content != "half an " {
			t.Fatalf("%+v", m)
		}
		if again, err := r.Stop(t.Context(), r.actor, id); err != nil || again.Rev != m.Rev {
			t.Fatalf("stopping twice: %+v, %v", again, err)
		}
	})
}

func TestStopWithoutAWorkerFinishesAtOnce(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	r.ask("q")
	m, err := r.Stop(t.Context(), r.actor, r.pending())
	if err != nil || m.Status != chat.StatusStopped {
		t.Fatalf("%+v, %v", m, err)
	}
}

func TestStopIsDurable(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		r := newRoom(t, s)
		r.ask("q")
		id := r.pending()
		jobs, err := r.Claim(t.Context(), "dead", 200*time.Millisecond, 1)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%+v, %v", jobs, err)
		}
		if _, err := r.Checkpoint(t.Context(), jobs[0], "kept text", 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Stop(t.Context(), r.actor, id); err != nil {
			t.Fatal(err)
		}
		r.worker("w2", says("must not be written"), coach.Options{})
		if m, _ := r.finished(); m.Status != chat.StatusStopped || m.Content != "kept text" {
			t.Fatalf("%+v", m)
		}
	})
}

func TestAStrangerCannotStop(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	r.ask("q")
	if _, err := r.Stop(t.Context(), auth.Actor{UserID: storage.NewID()}, r.pending()); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

func TestALostWorkersAnswerIsWrittenAnew(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		r := newRoom(t, s)
		r.ask("q")
		// A worker that claims and dies without a word.
		jobs, err := r.Claim(t.Context(), "dead", 300*time.Millisecond, 10)
		if err != nil || len(jobs) != 1 || jobs[0].Attempt != 1 {
			t.Fatalf("%+v, %v", jobs, err)
		}
		if again, _ := r.Claim(t.Context(), "other", time.Second, 10); len(again) != 0 {
			t.Fatal("an answer was leased twice")
		}
		r.worker("w2", says("anew"), coach.Options{})
		m, deltas := r.finished()
		if m.Content != "anew" || deltas[0].Attempt != 2 {
			t.Fatalf("%+v %+v", m, deltas)
		}
		if err := r.Finish(t.Context(), jobs[0], chat.Outcome{Status: chat.StatusCompleted, Text: "late"}); !errors.Is(err, chat.ErrLeaseLost) {
			t.Fatalf("the dead worker finished: %v", err)
		}
		if _, err := r.Checkpoint(t.Context(), jobs[0], "late", time.Second); !errors.Is(err, chat.ErrLeaseLost) {
			t.Fatalf("the dead worker checkpointed: %v", err)
		}
	})
}

func TestAStoppedProgramGivesItsAnswersBack(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	stop := r.worker("w1", stuck("begun"), coach.Options{Grace: time.Millisecond})
	r.ask("q")
	r.until(chat.EventDelta)
	stop()
	r.worker("w2", says("done"), coach.Options{})
	if m, _ := r.finished(); m.Status != chat.StatusCompleted || m.Content != "done" {
		t.Fatalf("%+v", m)
	}
}

func TestAFailingModelFailsItsAnswerOnly(t *testing.T) {
	for name, c := range map[string]struct {
		model script
		code  fault.Code
	}{
		"Error": {func(context.Context, coach.Prompt, func(string) error) (coach.Answer, error) {
			return coach.Answer{}, errors.New("secret detail")
		}, fault.AIUnavailable},
		"Refusal": {func(context.Context, coach.Prompt, func(string) error) (coach.Answer, error) {
			return coach.Answer{}, fault.New(fault.BudgetExhausted, "No money.")
		}, fault.BudgetExhausted},
		"Panic": {func(context.Context, coach.Prompt, func(string) error) (coach.Answer, error) { panic("boom") }, fault.AIUnavailable},
		"Endless": {func(ctx context.Context, _ coach.Prompt, _ func(string) error) (coach.Answer, error) {
			<-ctx.Done()
			return coach.Answer{}, ctx.Err()
		}, fault.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, storagetest.NewSQLite(t))
			r.worker("w1", c.model, coach.Options{Limit: 50 * time.Millisecond})
			r.ask("q")
			m, _ := r.finished()
			if m.Status != chat.StatusFailed || m.Error.Code != string(c.code) || strings.Contains(m.Error.Message, "secret") {
				t.Fatalf("%+v %+v", m, m.Error)
			}
		})
	}
}

// doubtful is a model that vouches for no text.
type doubtful struct{ script }

func (doubtful) Check(_ context.Context, p coach.Prompt, text string) json.RawMessage {
	doc, _ := json.Marshal(map[string]any{"ideas": []any{}, "patterns": []any{}, "reading": nil, "numbersUnverified": []string{p.Text, text}})
	return doc
}

// TestKeptTextsAreChecked: whichever way an answer ends, its text does not
// stay without a word about its numbers.
func TestKeptTextsAreChecked(t *testing.T) {
	ctx := context.Background()
	panics := func(_ context.Context, _ coach.Prompt, emit func(string) error) (coach.Answer, error) {
		if err := emit("6049.75"); err != nil {
			return coach.Answer{}, err
		}
		panic("boom")
	}
	left := func(stop bool, attempts int) func(r *room, id string) {
		return func(r *room, id string) {
			for range attempts {
				jobs, err := r.Claim(ctx, "dead", time.Minute, 1)
				if err != nil || len(jobs) != 1 {
					t.Fatalf("%+v, %v", jobs, err)
				}
				if err := r.Release(ctx, jobs[0], "6049.75"); err != nil {
					t.Fatal(err)
				}
			}
			if stop {
				if _, err := r.Stop(ctx, r.actor, id); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		model  script
		before func(r *room, id string)
		status string
	}{
		"Panic":           {panics, left(false, 0), chat.StatusFailed},
		"TooLong":         {stuck("6049.75"), left(false, 0), chat.StatusFailed},
		"StoppedAndLost":  {says("must not be written"), left(true, 1), chat.StatusStopped},
		"TooManyAttempts": {says("must not be written"), left(false, 5), chat.StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, storagetest.NewSQLite(t))
			r.ask("q")
			c.before(r, r.pending())
			r.worker("w1", doubtful{c.model}, coach.Options{Limit: 2 * time.Second})
			m, _ := r.finished()
			if want := `"numbersUnverified":["q","6049.75"]`; m.Status != c.status || m.Content != "6049.75" || !strings.Contains(string(m.Analysis), want) {
				t.Errorf("%s %q, analysis %s; want %s, %s", m.Status, m.Content, m.Analysis, c.status, want)
			}
		})
	}
}

func TestRegenerateMakesASibling(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	r.worker("w1", says("one"), coach.Options{})
	q := r.ask("q")
	first, _ := r.finished()
	sibling, err := r.Regenerate(t.Context(), r.actor, first.ID)
	if err != nil || *sibling.ParentMessageID != q.ID || sibling.Seq != 3 {
		t.Fatalf("%+v, %v", sibling, err)
	}
	if m, _ := r.finished(); m.ID != sibling.ID || m.Status != chat.StatusCompleted {
		t.Fatalf("%+v", m)
	}
	if _, err := r.Regenerate(t.Context(), r.actor, q.ID); !fault.Is(err, fault.Validation) {
		t.Fatalf("a question was regenerated: %v", err)
	}
}

func TestThePromptHoldsOnlyWhatWasSaid(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	prompts := make(chan coach.Prompt, 10)
	r.worker("w1", script(func(_ context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
		prompts <- p
		return coach.Answer{Text: "to " + p.Text}, emit("to " + p.Text)
	}), coach.Options{})
	r.ask("one")
	first, _ := r.finished()
	if _, err := r.Regenerate(t.Context(), r.actor, first.ID); err != nil {
		t.Fatal(err)
	}
	r.finished()
	deleted := r.ask("never mind")
	r.finished()
	if _, err := r.DeleteMessage(t.Context(), r.actor, deleted.ID); err != nil {
		t.Fatal(err)
	}
	r.ask("two")
	r.finished()
	var p coach.Prompt
	for range 4 {
		p = <-prompts
	}
	var said []string
	for _, turn := range p.History {
		said = append(said, turn.Role+":"+turn.Text)
	}
	// Of the two answers to "one" the newest is told; of what was deleted,
	// only the coach's own words remain.
	if got := strings.Join(said, " | "); p.Text != "two" || got != "user:one | coach:to one | coach:to never mind" {
		t.Fatalf("prompt %q with history %q", p.Text, got)
	}
}

// guest lets somebody else read along.
func (r *room) guest(s *storage.Store) {
	r.t.Helper()
	guest := storage.User{ID: storage.NewID(), Email: "g@example.org", Username: "guest", Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now()}
	if err := s.Tx(r.t.Context(), func(tx *storage.Tx) error { return tx.InsertUser(r.t.Context(), guest) }); err != nil {
		r.t.Fatal(err)
	}
	if _, _, err := r.Invite(r.t.Context(), r.actor, r.id, "guest", chat.RoleViewer); err != nil {
		r.t.Fatal(err)
	}
}

func TestThePromptSaysThatOthersRead(t *testing.T) {
	s := storagetest.NewSQLite(t)
	r := newRoom(t, s)
	prompts := make(chan coach.Prompt, 2)
	r.worker("w1", script(func(_ context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
		prompts <- p
		return coach.Answer{Text: "a"}, emit("a")
	}), coach.Options{})
	r.ask("alone")
	r.finished()
	r.guest(s)
	r.ask("with a guest")
	r.finished()
	if alone, shared := (<-prompts).Others, (<-prompts).Others; alone || !shared {
		t.Fatalf("others read: alone %v, with a guest %v", alone, shared)
	}
}

// followed reads an answer as a follower does.
func followed(t *testing.T, r *room, id string, from chat.Position) (string, []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var deltas []chat.Delta
	var names []string
	for step, err := range r.Follow(ctx, r.actor, id, from) {
		if err != nil {
			t.Error(err)
			return "", nil
		}
		for _, e := range step.Events {
			names = append(names, e.Name)
			if e.Name == "ai_delta" {
				deltas = append(deltas, read[chat.Delta](t, e.Payload))
			}
		}
	}
	return text(deltas), names
}

func TestFollowBeforeDuringAndAfter(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	begun, goOn := make(chan struct{}), make(chan struct{})
	r.ask("q")
	id := r.pending()
	var wg sync.WaitGroup
	got := make([]string, 3)
	wg.Go(func() { got[0], _ = followed(t, r, id, chat.Position{}) })
	r.worker("w1", script(func(_ context.Context, _ coach.Prompt, emit func(string) error) (coach.Answer, error) {
		_ = emit("first 💎 ")
		close(begun)
		<-goOn
		_ = emit("second")
		return coach.Answer{Text: "first 💎 second"}, nil
	}), coach.Options{})
	<-begun
	r.until(chat.EventDelta)
	wg.Go(func() { got[1], _ = followed(t, r, id, chat.Position{}) })
	r.until(chat.EventFull)
	close(goOn)
	r.finished()
	wg.Wait()
	var names []string
	got[2], names = followed(t, r, id, chat.Position{})
	for i, g := range got {
		if g != "first 💎 second" {
			t.Errorf("follower %d has %q", i, g)
		}
	}
	if strings.Join(names, " ") != "ai_delta ai_response" {
		t.Errorf("after the end: %v", names)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for step, err := range r.Follow(ctx, r.actor, id, chat.Position{Attempt: 1, Offset: 9}) {
		if err != nil {
			t.Fatal(err)
		}
		if d := read[chat.Delta](t, step.Events[0].Payload); d.Offset != 9 || d.Text != "second" {
			t.Errorf("from offset 9: %+v", d)
		}
	}
}

func TestAStrangerCannotFollow(t *testing.T) {
	r := newRoom(t, storagetest.NewSQLite(t))
	r.ask("q")
	for _, err := range r.Follow(t.Context(), auth.Actor{UserID: storage.NewID()}, r.pending(), chat.Position{}) {
		if !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
	}
}
