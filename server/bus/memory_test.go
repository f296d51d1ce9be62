package bus_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

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

// An event is delivered by who publishes it where nothing is before it, and
// behind what is.
func TestAnEventComesAtOnceButInItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := bus.NewMemory()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = m.Run(ctx) }()
		defer cancel()
		var heard []string
		held := make(chan struct{})
		defer m.Subscribe("t", func(e bus.Event) {
			if e.Name == "slow" {
				<-held
			}
			heard = append(heard, e.Name)
		})()
		publish := func(name string) {
			if err := m.Publish(ctx, bus.Event{Topic: "t", Name: name}); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait() // it runs
		go publish("slow")
		synctest.Wait()
		publish("behind it") // does not wait for who is slow
		publish("behind that")
		if len(heard) > 0 {
			t.Fatalf("heard %q before the slow one had done", heard)
		}
		close(held)
		synctest.Wait()
		publish("at once")
		if want := []string{"slow", "behind it", "behind that", "at once"}; !slices.Equal(heard, want) {
			t.Fatalf("heard %q, want %q", heard, want)
		}
	})
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
