package bus_test

import (
	"context"
	"errors"
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
