package auth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/elite-trading-coach/coach/server/fault"
)

var cheap = Argon{MemoryKiB: 8, Iterations: 1, Parallelism: 1}

func newTestHasher(t testing.TB, cost Argon) *hasher {
	t.Helper()
	h, err := newHasher(cost)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashAndVerify(t *testing.T) {
	ctx := context.Background()
	h := newTestHasher(t, cheap)
	stored, err := h.hash(ctx, "Grüße-12")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("stored as %s", stored)
	}
	again, _ := h.hash(ctx, "Grüße-12")
	if again == stored {
		t.Error("two hashes of one password are the same: no salt")
	}
	for name, test := range map[string]struct {
		h                *hasher
		password, stored string
		ok, stale        bool
	}{
		"right":             {h, "Grüße-12", stored, true, false},
		"wrong":             {h, "Grüße-13", stored, false, false},
		"nobody's":          {h, "Grüße-12", "", false, false},
		"at another cost":   {newTestHasher(t, Argon{MemoryKiB: 16, Iterations: 1, Parallelism: 1}), "Grüße-12", stored, true, true},
		"wrong and stale":   {newTestHasher(t, Argon{MemoryKiB: 8, Iterations: 2, Parallelism: 1}), "x", stored, false, true},
		"an empty password": {h, "", stored, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			ok, stale, err := test.h.verify(ctx, test.password, test.stored)
			if err != nil || ok != test.ok || stale != test.stale {
				t.Errorf("ok %t, stale %t, %v", ok, stale, err)
			}
		})
	}
}

// A hash made by the reference implementation (argon2 command line:
// echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1).
func TestVerifyTakesWhatOthersWrote(t *testing.T) {
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ok, _, err := newTestHasher(t, cheap).verify(context.Background(), "password", reference)
	if err != nil || !ok {
		t.Errorf("ok %t, %v", ok, err)
	}
}

func TestABrokenHashIsAnErrorAndTakesNoMemory(t *testing.T) {
	h := newTestHasher(t, cheap)
	for _, stored := range []string{
		"plain", "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=16$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4000000000,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=8,t=4000000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=8,t=1,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=8,t=1,p=1$!$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
	} {
		if ok, _, err := h.verify(context.Background(), "password", stored); ok || err == nil {
			t.Errorf("%s: ok %t, %v", stored, ok, err)
		}
	}
}

func TestCostsThatCannotBe(t *testing.T) {
	for _, a := range []Argon{
		{MemoryKiB: 64, Iterations: 1},
		{MemoryKiB: 64, Parallelism: 1},
		{MemoryKiB: 7, Iterations: 1, Parallelism: 1},
		{MemoryKiB: 1 << 21, Iterations: 1, Parallelism: 1},
		{MemoryKiB: 64, Iterations: 101, Parallelism: 1},
	} {
		if _, err := newHasher(a); err == nil {
			t.Errorf("%+v was taken", a)
		}
	}
	if h := newTestHasher(t, Argon{}); h.cost != DefaultArgon() {
		t.Errorf("no cost given: %+v", h.cost)
	}
}

// Unknown user and wrong password must cost the same: the same derivation.
func TestNobodysPasswordCostsWhatARealOneCosts(t *testing.T) {
	h := newTestHasher(t, cheap)
	var calls []string
	h.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		calls = append(calls, phc{Argon: Argon{memory, time, threads}, salt: make([]byte, len(salt)), key: make([]byte, keyLen)}.String()+string(password))
		return argon2.IDKey(password, salt, time, memory, threads, keyLen)
	}
	stored, _ := h.hash(context.Background(), "x")
	calls = nil
	_, _, _ = h.verify(context.Background(), "guess", stored)
	_, _, _ = h.verify(context.Background(), "guess", "")
	if len(calls) != 2 || calls[0] != calls[1] {
		t.Errorf("derived %q", calls)
	}
}

func TestAFloodOfSignInsCannotTakeTheMemory(t *testing.T) {
	h := newTestHasher(t, cheap)
	var at, most atomic.Int64
	open := make(chan struct{})
	h.derive = func(_, _ []byte, _, _ uint32, _ uint8, keyLen uint32) []byte {
		n := at.Add(1)
		defer at.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-open
		return make([]byte, keyLen)
	}
	slots := runtime.GOMAXPROCS(0)
	room, flood := slots*(1+queuePerSlot), slots*(1+queuePerSlot)+50
	errs := make(chan error, flood)
	var wg sync.WaitGroup
	for range flood {
		wg.Go(func() { _, err := h.hash(context.Background(), "x"); errs <- err })
	}
	refused := 0
	for range flood - room { // those there is no room for hear of it at once
		err := <-errs
		if !fault.Is(err, fault.Unavailable) || fault.From(err).RetryAfter <= 0 {
			t.Errorf("refused with %v", err)
		}
		refused++
	}
	close(open)
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Errorf("one of those with room: %v", err)
		}
	}
	if most.Load() > int64(slots) {
		t.Errorf("%d hashes at once on %d cores", most.Load(), slots)
	}
}

func TestWhoGivesUpWaitingLeavesTheQueue(t *testing.T) {
	h := newTestHasher(t, cheap)
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d still counted as waiting", n)
	}
}

func BenchmarkHashAtTheDefaultCost(b *testing.B) {
	h := newTestHasher(b, Argon{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.hash(context.Background(), "Correct-Horse-9"); err != nil {
			b.Fatal(err)
		}
	}
}
