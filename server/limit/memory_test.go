package limit

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestSweepForgetsWhatIsWholeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		m := NewMemory()
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		short, long := Rule{Name: "s", Limit: 1, Window: time.Second}, Rule{Name: "l", Limit: 1, Window: time.Hour}
		for i := range 100 {
			if _, err := m.Allow(ctx, fmt.Sprint(i), short, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.Allow(ctx, "ann", long, 1); err != nil {
			t.Fatal(err)
		}
		if n := m.Keys(); n != 101 {
			t.Fatalf("%d keys before the sweep", n)
		}
		time.Sleep(sweepEvery) // the bubble's clock
		synctest.Wait()
		if n := m.Keys(); n != 1 {
			t.Errorf("%d keys after the sweep", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAFloodOfKeysIsBounded(t *testing.T) {
	m := NewMemory()
	s := &m.shards[0]
	for i := range maxKeysPerShard + 1000 {
		s.put(fmt.Sprint(i), int64(1000+i), 0)
	}
	if len(s.arrivals) != maxKeysPerShard {
		t.Errorf("%d keys in one shard", len(s.arrivals))
	}
	if _, there := s.arrivals[fmt.Sprint(maxKeysPerShard+999)]; !there {
		t.Error("the newest key is not there")
	}
}

func BenchmarkAllow(b *testing.B) {
	m, r := NewMemory(), Rule{Name: "requests", Limit: 100, Window: 15 * time.Minute}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			_, _ = m.Allow(context.Background(), "0198f2a4-0000-7000-8000-000000000000", r, 1)
		}
	})
}
