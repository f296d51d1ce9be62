package bus_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	bustest.Run(t, func(*testing.T) bus.Bus { return bus.NewMemory() })
}

func TestAPublisherWaitsForAReceiverThatIsBehindNoLongerThanItWants(t *testing.T) {
	b := bus.NewMemory() // nobody delivers
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := 0; ; i++ {
		if i == 1000 {
			cancel()
		}
		err := b.Publish(ctx, bus.Event{Topic: "t"})
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil || i > 100_000 {
			t.Fatalf("event %d: %v", i, err)
		}
	}
}

// A durable event is delivered by who publishes it where nothing is before it,
// and behind what is.
func TestADurableEventComesAtOnceButInItsTurn(t *testing.T) {
	m := bus.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	defer func() { cancel(); <-done }()

	var heard []string
	held, began := make(chan struct{}), make(chan struct{})
	all := make(chan struct{})
	defer m.Subscribe("t", func(e bus.Event) {
		if e.Name == "slow" {
			close(began)
			<-held
		}
		if heard = append(heard, e.Name); e.Name == "last" {
			close(all)
		}
	})()
	publish := func(name string, rev int64) {
		t.Helper()
		if err := m.Publish(ctx, bus.Event{Topic: "t", Name: name, Rev: rev}); err != nil {
			t.Fatal(err)
		}
	}
	publish("slow", 0)
	<-began
	publish("behind it", 1) // does not wait for who is slow
	publish("last", 0)
	close(held)
	<-all
	for len(heard) == 3 { // until the lane has counted the last one
		publish("at once", 2)
	}
	if want := []string{"slow", "behind it", "last", "at once"}; !slices.Equal(heard, want) {
		t.Fatalf("heard %q, want %q", heard, want)
	}
}

func BenchmarkMemory(b *testing.B) {
	m := bus.NewMemory()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	defer func() { cancel(); <-done }()
	defer m.Subscribe("t", func(bus.Event) {})()
	for b.Loop() {
		_ = m.Publish(ctx, bus.Event{Topic: "t", Name: "x"})
	}
}
