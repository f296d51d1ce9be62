package coach_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const answersAtOnce = 200

// BenchmarkAnswersAtOnce has a provider stream 200 answers at a time, each of
// 150 pieces 20 ms apart, and reports what the server adds: from a piece's
// leaving the provider to its delta's leaving the worker. They are asked for
// within one second, so that for two seconds and more all of them are in
// progress. The provider runs in this process and takes its share of the
// machine.
func BenchmarkAnswersAtOnce(b *testing.B) {
	provider := httptest.NewServer(openaitest.New(func(openaitest.Request) openaitest.Reply {
		return openaitest.Reply{Pieces: make([]string, 150), Stamp: true, First: 300 * time.Millisecond, Gap: 20 * time.Millisecond}
	}))
	defer provider.Close()
	prompts, err := coach.LoadPrompts("")
	if err != nil {
		b.Fatal(err)
	}
	model := coach.NewChain([]*coach.OpenAI{coach.NewOpenAI(coach.ModelOptions{
		Endpoint: coach.Endpoint{Model: "stub", BaseURL: provider.URL + "/v1", Policy: coach.KnownPolicy("stub")}, Prompts: prompts,
	})}, coach.Hooks{}, nil)
	hall := newHall(b, model)
	var first, later []time.Duration
	for b.Loop() {
		f, l := hall.run(b)
		first, later = append(first, f...), append(later, l...)
	}
	slices.Sort(first)
	slices.Sort(later)
	at := func(all []time.Duration, pct int) float64 {
		return float64(all[min(len(all)-1, len(all)*pct/100)].Microseconds()) / 1000
	}
	b.ReportMetric(at(first, 50), "first-p50-ms")
	b.ReportMetric(at(first, 99), "first-p99-ms")
	b.ReportMetric(at(later, 50), "delta-p50-ms")
	b.ReportMetric(at(later, 95), "delta-p95-ms")
	b.ReportMetric(at(later, 99), "delta-p99-ms")
}

// hall is a conversation for each answer, and a worker with a slot for each.
type hall struct {
	chat  *chat.Service
	actor auth.Actor
	rooms []string

	mu    sync.Mutex
	first []time.Duration
	later []time.Duration
	done  sync.WaitGroup
}

func newHall(b *testing.B, model coach.Model) *hall {
	b.Helper()
	store, events := storagetest.NewSQLite(b), bus.NewMemory()
	h := &hall{chat: chat.New(chat.Options{Store: store, Bus: events})}
	u := storage.User{ID: storage.NewID(), Email: "o@example.org", Username: "owner", Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now()}
	if err := store.Tx(b.Context(), func(tx *storage.Tx) error { return tx.InsertUser(b.Context(), u) }); err != nil {
		b.Fatal(err)
	}
	h.actor = auth.Actor{UserID: u.ID, Tier: u.Tier, Role: u.Role}
	for range answersAtOnce {
		c, err := h.chat.Create(b.Context(), h.actor, chat.NewConversation{})
		if err != nil {
			b.Fatal(err)
		}
		h.rooms = append(h.rooms, c.ID)
		b.Cleanup(events.Subscribe(chat.ConversationTopic(c.ID), h.hear))
	}
	worker := coach.NewWorker(coach.Options{Chat: h.chat, Bus: events, Model: model, Owner: "bench", Workers: answersAtOnce})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = events.Run(ctx) })
	running.Go(func() { _ = worker.Run(ctx) })
	b.Cleanup(func() { cancel(); running.Wait() })
	return h
}

// run asks in every conversation and waits for all answers.
func (h *hall) run(b *testing.B) (first, later []time.Duration) {
	b.Helper()
	h.done.Add(len(h.rooms))
	for _, id := range h.rooms {
		time.AfterFunc(time.Duration(rand.Int64N(int64(time.Second))), func() {
			if _, err := h.chat.Send(b.Context(), h.actor, chat.Draft{ConversationID: id, Content: "long 2 MES at 6000, stop 5994, target 6012, account 25k"}); err != nil {
				b.Error(err)
				h.done.Done()
			}
		})
	}
	h.done.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	first, later = h.first, h.later
	h.first, h.later = nil, nil
	return first, later
}

func (h *hall) hear(e bus.Event) {
	switch e.Name {
	case chat.EventFinished:
		h.done.Done()
	case chat.EventDelta:
		var d chat.Delta
		if json.Unmarshal(e.Data, &d) != nil {
			return
		}
		// The oldest piece of a delta has waited longest.
		stamp, _, _ := strings.Cut(d.Text, " ")
		ns, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return
		}
		h.note(d.Offset, time.Since(time.Unix(0, ns)))
	}
}

func (h *hall) note(offset int, waited time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if offset == 0 {
		h.first = append(h.first, waited)
	} else {
		h.later = append(h.later, waited)
	}
}
