package auth

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	known := func(c *cache, session, user string, at time.Time) {
		_, generation := c.get(session, at)
		c.put(session, &entry{actor: Actor{SessionID: session, UserID: user}, readAt: at.UnixNano()}, generation)
	}
	found := func(c *cache, session string, at time.Time) bool { e, _ := c.get(session, at); return e != nil }

	t.Run("believed for a second", func(t *testing.T) {
		c := newCache()
		known(c, "s", "u", at)
		if !found(c, "s", at.Add(cacheAge)) {
			t.Error("not found within the second")
		}
		if found(c, "s", at.Add(cacheAge+1)) {
			t.Error("found after the second, though nobody vouched for it")
		}
	})
	t.Run("believed longer when the database was asked", func(t *testing.T) {
		c := newCache()
		known(c, "s", "u", at)
		c.vouch(at.Add(time.Hour))
		if !found(c, "s", at.Add(time.Hour+cacheAge)) {
			t.Error("not found")
		}
		if found(c, "s", at.Add(time.Hour+cacheAge+1)) {
			t.Error("found though the database went silent")
		}
	})
	t.Run("dropped by session and by user", func(t *testing.T) {
		c := newCache()
		known(c, "s1", "u1", at)
		known(c, "s2", "u1", at)
		known(c, "s3", "u2", at)
		c.dropSession("s3")
		if found(c, "s3", at) || !found(c, "s1", at) {
			t.Error("the wrong session was dropped")
		}
		known(c, "s3", "u2", at)
		c.dropUser("u1")
		if found(c, "s1", at) || found(c, "s2", at) || !found(c, "s3", at) {
			t.Error("the wrong user was dropped")
		}
	})
	t.Run("what was read before a drop is not put after it", func(t *testing.T) {
		c := newCache()
		_, generation := c.get("s", at)
		c.dropSession("s") // revoked between the read and the put
		c.put("s", &entry{actor: Actor{SessionID: "s"}, readAt: at.UnixNano()}, generation)
		if found(c, "s", at) {
			t.Error("a revoked session is back")
		}
		_, generation = c.get("s", at)
		c.dropUser("u")
		c.put("s", &entry{actor: Actor{SessionID: "s", UserID: "u"}, readAt: at.UnixNano()}, generation)
		if found(c, "s", at) {
			t.Error("a session of a dropped user is back")
		}
	})
	t.Run("bounded, and the used stay", func(t *testing.T) {
		c := newCache()
		busy := "the busy one"
		known(c, busy, "u", at)
		for i := range cacheShards * cachePerShard * 2 {
			later := at.Add(time.Duration(i))
			known(c, fmt.Sprint(i), "u", later)
			found(c, busy, later)
		}
		n := 0
		for i := range c.shards {
			n += len(c.shards[i].sessions)
		}
		if n > cacheShards*cachePerShard {
			t.Errorf("%d sessions are kept", n)
		}
		if !found(c, busy, at) {
			t.Error("the busy one was evicted")
		}
	})
}

func TestTouchesAreNotedOnceAMinuteAndBounded(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	touched, e := newTouched(), &entry{actor: Actor{SessionID: "s", UserID: "u"}}
	e.touched.Store(at.UnixNano())
	for i := range 1000 {
		touched.note(e.actor, &e.touched, at.Add(time.Duration(i)*100*time.Millisecond))
	}
	list := touched.take()
	if len(list) != 1 || !list[0].At.Equal(at.Add(time.Minute)) {
		t.Errorf("noted %v", list)
	}
	if len(touched.take()) != 0 {
		t.Error("noted twice")
	}
	for i := range maxTouches + 10 {
		touched.note(Actor{SessionID: fmt.Sprint(i)}, new(atomic.Int64), at)
	}
	if n := len(touched.take()); n != maxTouches {
		t.Errorf("%d notes wait", n)
	}
}
