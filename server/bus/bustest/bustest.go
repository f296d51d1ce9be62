// Package bustest is what every bus must do, whatever carries it.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
)

// patience is how long a test waits for an event that must come.
const patience = 20 * time.Second

// Run holds a bus to the contract of [bus.Bus]. make gives a fresh one that
// shares its carrier with nobody else.
func Run(t *testing.T, makeBus func(t *testing.T) bus.Bus) {
	t.Helper()
	tests := map[string]func(t *testing.T, b *running){
		"DeliversToEverySubscriberOfTheTopic": deliversToAll,
		"KeepsTheOrderOfOnePublisher":         keepsOrder,
		"DeliversNothingAfterCancel":          stopsAfterCancel,
		"KeepsNamesRevisionsAndData":          keepsContent,
		"MayBeSubscribedAndLeftWhileBusy":     survivesChurn,
		"RefusesAfterItsEnd":                  refusesAfterEnd,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, start(t, makeBus(t))) })
	}
	t.Run("WhatIsPublishedBeforeRunWaits", func(t *testing.T) {
		b := makeBus(t)
		got := make(chan bus.Event, 3) // a gap may follow
		defer b.Subscribe("t", func(e bus.Event) { got <- e })()
		for _, rev := range []int64{0, 1} {
			if err := b.Publish(t.Context(), bus.Event{Topic: "t", Name: "early", Rev: rev}); err != nil {
				t.Fatal(err)
			}
		}
		if len(got) > 0 {
			t.Fatalf("came before Run: %+v", <-got)
		}
		start(t, b)
		for rev := range int64(2) {
			if e := next(t, got); e.Name != "early" || e.Rev != rev {
				t.Fatalf("got %+v", e)
			}
		}
	})
}

// running is a bus whose Run goes on until the test ends.
type running struct {
	bus.Bus
	stop func()
}

// start runs a bus until the test ends. What joining other nodes brings has
// come when it returns, so that a gap in a test is one that should not be.
func start(t *testing.T, b bus.Bus) *running {
	t.Helper()
	joined := joining(t, b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	joined()
	return &running{b, stop}
}

// topics are the ones that the tests of Run use.
var topics = []string{"a", "b", "t", "conversation:x"}

// joining is called before a bus runs; what it gives waits until a bus with a
// wire has told each topic of the gap that ends with having joined.
func joining(t *testing.T, b bus.Bus) (joined func()) {
	t.Helper()
	if _, wired := b.(*bus.Remote); !wired {
		return func() {}
	}
	gaps, cancels := make(chan bus.Event, 64), []func(){}
	for _, topic := range topics {
		cancels = append(cancels, b.Subscribe(topic, func(e bus.Event) {
			if e.Name == bus.Gap {
				gaps <- e
			}
		}))
	}
	return func() {
		t.Helper()
		for range topics {
			next(t, gaps)
		}
		for _, cancel := range cancels {
			cancel()
		}
	}
}

func next(t *testing.T, from <-chan bus.Event) bus.Event {
	t.Helper()
	select {
	case e := <-from:
		return e
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	return bus.Event{}
}

func (b *running) must(t *testing.T, e bus.Event) {
	t.Helper()
	if err := b.Publish(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func deliversToAll(t *testing.T, b *running) {
	first, second, other := make(chan bus.Event, 1), make(chan bus.Event, 1), make(chan bus.Event, 1)
	defer b.Subscribe("a", func(e bus.Event) { first <- e })()
	defer b.Subscribe("a", func(e bus.Event) { second <- e })()
	defer b.Subscribe("b", func(e bus.Event) { other <- e })()
	b.must(t, bus.Event{Topic: "a", Name: "one"})
	b.must(t, bus.Event{Topic: "b", Name: "two"})
	if next(t, first).Name != "one" || next(t, second).Name != "one" || next(t, other).Name != "two" {
		t.Fatal("an event went to the wrong topic")
	}
}

func keepsOrder(t *testing.T, b *running) {
	const n = 2000
	got := make(chan bus.Event, n)
	defer b.Subscribe("t", func(e bus.Event) { got <- e })()
	for i := range n {
		b.must(t, bus.Event{Topic: "t", Name: strconv.Itoa(i), Rev: int64(i % 3)})
	}
	for i := range n {
		if e := next(t, got); e.Name != strconv.Itoa(i) {
			t.Fatalf("event %d is %s", i, e.Name)
		}
	}
}

func stopsAfterCancel(t *testing.T, b *running) {
	gone, stays := make(chan bus.Event, 10), make(chan bus.Event, 10)
	cancel := b.Subscribe("t", func(e bus.Event) { gone <- e })
	defer b.Subscribe("t", func(e bus.Event) { stays <- e })()
	b.must(t, bus.Event{Topic: "t", Name: "before"})
	next(t, gone)
	next(t, stays)
	cancel()
	cancel() // twice is once
	b.must(t, bus.Event{Topic: "t", Name: "after"})
	next(t, stays)
	if len(gone) != 0 {
		t.Fatalf("after cancel came %+v", <-gone)
	}
}

func keepsContent(t *testing.T, b *running) {
	got := make(chan bus.Event, 2)
	defer b.Subscribe("conversation:x", func(e bus.Event) { got <- e })()
	want := bus.Event{Topic: "conversation:x", Name: "message.created", Rev: 1 << 40, Data: []byte(`{"text":"é 💎 \u0000"}`)}
	b.must(t, want)
	e := next(t, got)
	if e.Topic != want.Topic || e.Name != want.Name || e.Rev != want.Rev || string(e.Data) != string(want.Data) {
		t.Fatalf("got %+v", e)
	}
	b.must(t, bus.Event{Topic: "conversation:x", Name: "empty"})
	if e := next(t, got); len(e.Data) != 0 || e.Rev != 0 {
		t.Fatalf("got %+v", e)
	}
}

func survivesChurn(t *testing.T, b *running) {
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			topic := fmt.Sprint("t", i%5)
			for range 50 {
				cancel := b.Subscribe(topic, func(bus.Event) {})
				if err := b.Publish(t.Context(), bus.Event{Topic: topic, Name: "x"}); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

func refusesAfterEnd(t *testing.T, b *running) {
	b.stop()
	for _, rev := range []int64{0, 1} {
		if err := b.Publish(t.Context(), bus.Event{Topic: "t", Name: "late", Rev: rev}); !errors.Is(err, bus.ErrClosed) {
			t.Fatalf("revision %d: got %v", rev, err)
		}
	}
}
