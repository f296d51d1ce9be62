package live

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
)

// What a walk over all sockets would find is found without one, whoever comes,
// goes, or has its token renewed.
func TestExpiredSocketsAreFoundWithoutAWalk(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		until := func() time.Time { return now.Add(time.Duration(random.IntN(300)) * time.Second) }
		filed := newSockets()
		var here []*client
		for range 400 {
			now = now.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
			switch random.IntN(4) {
			case 0, 1:
				c := &client{}
				if random.IntN(5) > 0 { // the others' tokens never end
					c.actor.ExpiresAt = until()
				}
				filed.add(c)
				here = append(here, c)
			case 2:
				if len(here) > 0 {
					c := here[random.IntN(len(here))]
					c.change(func(a *auth.Actor) { a.ExpiresAt = until() })
					filed.refiled(c)
				}
			case 3:
				if len(here) > 0 {
					i := random.IntN(len(here))
					filed.remove(here[i])
					here = slices.Delete(here, i, i+1)
				}
			}
			found := map[*client]bool{}
			for _, c := range filed.expired(now) {
				found[c] = true
			}
			for _, c := range here {
				if at := c.expiresAt(); found[c] != (!at.IsZero() && now.After(at)) {
					t.Fatalf("seed %d: at %s a token good until %s is found %t", seed, now, at, found[c])
				}
				delete(found, c)
			}
			if len(found) > 0 {
				t.Fatalf("seed %d: %d who left are found", seed, len(found))
			}
		}
		for _, c := range here {
			filed.remove(c)
		}
		if len(filed.byExpiry) > 0 {
			t.Fatalf("seed %d: nobody is there, and %d minutes are kept", seed, len(filed.byExpiry))
		}
	}
}

// A renewal and a departure may cross.
func TestWhoLeftIsNotFiledAgain(t *testing.T) {
	filed, c := newSockets(), &client{}
	c.actor.ExpiresAt = time.Unix(1000, 0)
	filed.add(c)
	filed.remove(c)
	filed.refiled(c)
	filed.lags(c)
	if len(filed.byExpiry)+len(filed.late) > 0 {
		t.Fatal("who left is kept")
	}
}

func TestWhereNobodyHasBeenForAWhileNobodyListens(t *testing.T) {
	m, url, token := newMoments(t)
	actor := m.holds(t, token)
	ids := []string{m.conversation(t, actor).ID, m.conversation(t, actor).ID}
	c := enters(t, url, token)
	ask := func(name string, payload any) {
		t.Helper()
		if _, err := c.Ask(name, payload); err != nil {
			t.Fatal(err)
		}
	}
	// passes lets time pass in two steps: the first finds what is empty.
	passes := func(d time.Duration) {
		now := time.Now()
		m.rooms.closeIdle(now)
		m.rooms.closeIdle(now.Add(d))
	}
	heard := func() (rooms, users int) {
		m.rooms.mu.Lock()
		defer m.rooms.mu.Unlock()
		return len(m.rooms.open), len(m.rooms.users)
	}
	listening := func(rooms, users int) {
		t.Helper()
		if r, u := heard(); r != rooms || u != users {
			t.Fatalf("%d rooms and %d users are listened to, want %d and %d", r, u, rooms, users)
		}
	}
	long := m.rooms.linger + time.Second
	ask("join_conversation", ids[0])
	ask("join_conversation", ids[1])
	passes(long)
	listening(2, 1)
	ask("leave_conversation", ids[0])
	passes(m.rooms.linger - time.Second)
	listening(2, 1)
	passes(long)
	listening(1, 1)
	ask("leave_conversation", ids[1])
	passes(m.rooms.linger - time.Second)
	ask("join_conversation", ids[1])
	passes(long)
	listening(1, 1)
	c.Close()
	// The socket leaves some time after its connection ends.
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		passes(long)
		if rooms, users := heard(); rooms+users == 0 {
			break
		}
	}
	listening(0, 0)
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	if n := len(m.rooms.doubtful) + len(m.rooms.doubtfulUsers); n > 0 {
		t.Fatalf("%d are still looked at", n)
	}
}
