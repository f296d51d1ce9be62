package engineio_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

func TestUpgradeFreesWaitingPollAtOnce(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		sid := x.session()
		poll := x.pollLater(sid)
		synctest.Wait()
		start := time.Now()
		x.probe(sid)
		x.want(<-poll, 200, "6")
		if wait := time.Since(start); wait != 0 {
			t.Errorf("after %v", wait)
		}
	})
}

func TestUpgradeHoldsPoll(t *testing.T) {
	t.Run("Released", func(t *testing.T) {
		onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
			sid := x.session()
			x.probe(sid)
			for range 3 {
				start := time.Now()
				x.want(x.get("polling&sid="+sid), 200, "6")
				if wait := time.Since(start); wait != 100*time.Millisecond {
					t.Errorf("after %v", wait)
				}
			}
		})
	})
	t.Run("Refused", func(t *testing.T) {
		onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
			sid := x.session()
			s := x.probe(sid)
			start := time.Now()
			poll := x.pollLater(sid)
			<-time.After(60 * time.Millisecond)
			x.say(s, "5", "4a")
			x.wantStatus(<-poll, 400)
			x.hear(s, "4a")
			if wait := time.Since(start); wait != 60*time.Millisecond {
				t.Errorf("after %v", wait)
			}
		})
	})
	t.Run("Served", func(t *testing.T) { // a message is better than a noop
		onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
			sid := x.session()
			x.probe(sid)
			poll := x.pollLater(sid)
			x.post("polling&sid="+sid, "4a")
			x.want(<-poll, 200, "4a")
		})
	})
	t.Run("ProbeLost", func(t *testing.T) { // it becomes a poll like any other
		onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
			sid := x.session()
			s := x.probe(sid)
			poll := x.pollLater(sid)
			synctest.Wait()
			s.Close()
			<-time.After(time.Second)
			x.post("polling&sid="+sid, "4a")
			x.want(<-poll, 200, "4a")
		})
	})
}

// Whatever becomes of a probe, polling works, and another probe may succeed.
func TestUpgradeFailures(t *testing.T) {
	for name, probe := range map[string]func(x *site, s *enginetest.Socket){
		"lost before 2probe": func(x *site, s *enginetest.Socket) { s.Close() },
		"lost after 3probe":  func(x *site, s *enginetest.Socket) { x.say(s, "2probe"); x.hear(s, "3probe"); s.Close() },
		"never 2probe":       func(x *site, s *enginetest.Socket) { x.closedAfter(s, 10*time.Second) },
		"never 5":            func(x *site, s *enginetest.Socket) { x.say(s, "2probe"); x.closedAfter(s, 10*time.Second) },
		"5 without 2probe":   func(x *site, s *enginetest.Socket) { x.say(s, "5"); x.wantClose(s) },
		"5 with data": func(x *site, s *enginetest.Socket) {
			x.say(s, "2probe")
			x.hear(s, "3probe")
			x.say(s, "5x")
			x.wantClose(s)
		},
		"wrong probe":               func(x *site, s *enginetest.Socket) { x.say(s, "2prob"); x.wantClose(s) },
		"message instead of 2probe": func(x *site, s *enginetest.Socket) { x.say(s, "4a"); x.wantClose(s) },
		"message instead of 5": func(x *site, s *enginetest.Socket) {
			x.say(s, "2probe")
			x.hear(s, "3probe")
			x.say(s, "4a")
			x.wantClose(s)
		},
		"garbage":     func(x *site, s *enginetest.Socket) { x.say(s, "abc"); x.wantClose(s) },
		"close":       func(x *site, s *enginetest.Socket) { x.say(s, "1"); x.wantClose(s) },
		"binary":      func(x *site, s *enginetest.Socket) { s.Binary([]byte("2probe")); x.wantClose(s) },
		"crash frame": func(x *site, s *enginetest.Socket) { s.Raw([]byte(crashFrame)); x.wantClose(s) },
	} {
		t.Run(name, func(t *testing.T) {
			onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
				sid := x.session()
				probe(x, x.socket("websocket&sid="+sid))
				synctest.Wait()
				x.want(x.post("polling&sid="+sid, "4a"), 200, "ok")
				x.want(x.get("polling&sid="+sid), 200, "4a")
				s := x.upgrade(sid)
				x.say(s, "4b")
				x.hear(s, "4b")
			})
		})
	}
}

// closedAfter reads until the server closes, and checks when.
func (x *site) closedAfter(s *enginetest.Socket, want time.Duration) {
	x.t.Helper()
	start := time.Now()
	if _, err := s.ReadClose(); err != nil {
		x.t.Fatal(err)
	}
	if took := time.Since(start); took < want || took > want+time.Second {
		x.t.Errorf("closed after %v, want %v", took, want)
	}
}

func TestUpgradeEndsWithItsSession(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		sid := x.session()
		s := x.probe(sid)
		x.want(x.post("polling&sid="+sid, "1"), 200, "ok")
		x.closedAfter(s, 0)
	})
}

func TestUpgradeProbeMayAskTwice(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		s := x.probe(x.session())
		x.say(s, "2probe")
		x.hear(s, "3probe")
		x.say(s, "5", "4a")
		x.hear(s, "4a")
	})
}

func TestUpgradeSecondProbe(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		sid := x.session()
		first := x.probe(sid)
		if status := x.wantClose(x.socket("websocket&sid=" + sid)); status != 1008 {
			t.Errorf("status %d", status)
		}
		x.say(first, "5", "4a")
		x.hear(first, "4a")
	})
}

func TestUpgradeOfWebSocketSession(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		s, sid := x.webSocketSession()
		second := x.socket("websocket&sid=" + sid)
		go second.Text("2probe") // it is refused whatever it says
		x.wantClose(second)
		x.say(s, "4a")
		x.hear(s, "4a")
	})
}

func TestUpgradeTakesQueueAlong(t *testing.T) {
	h := hooks{open: func(s *engineio.Session) { _ = s.Send(text("queued"), text("before")) }}
	withHooks(t, engineio.Options{}, h, func(t *testing.T, x *site) {
		start := time.Now()
		x.hear(x.upgrade(x.session()), "4queued", "4before")
		if wait := time.Since(start); wait != 0 {
			t.Errorf("it waited %v", wait)
		}
	})
}

// The time limit of the probe ends with the upgrade.
func TestUpgradeOutlivesItsTimeout(t *testing.T) {
	onFakeClock(t, engineio.Options{UpgradeTimeout: time.Second}, func(t *testing.T, x *site) {
		s := x.upgrade(x.session())
		<-time.After(20 * time.Second)
		x.say(s, "4a")
		x.hear(s, "4a")
	})
}

// TestUpgradeUnderTraffic is the upgrade race: both sides send all the time,
// and each message must arrive once and in order.
func TestUpgradeUnderTraffic(t *testing.T) {
	const rounds, messages = 40, 60
	onBothClocks(t, engineio.Options{}, func(t *testing.T, x *site) {
		for round := range rounds {
			x.upgradeUnderTraffic(round, messages)
		}
	})
}

func (x *site) upgradeUnderTraffic(round, messages int) {
	x.t.Helper()
	sid := x.session()
	var sent, got []string
	send := func() string {
		m := fmt.Sprintf("4%d", len(sent))
		sent = append(sent, m)
		return m
	}
	read := func(body string) {
		if body != "6" {
			got = append(got, strings.Split(body, "\x1e")...)
		}
	}
	// Posting goes on while the poll and the probe are under way.
	for range round % 5 {
		x.want(x.post("polling&sid="+sid, send()+"\x1e"+send()), 200, "ok")
	}
	poll := x.pollLater(sid)
	probe := x.socket("websocket&sid=" + sid)
	x.say(probe, "2probe")
	for range round % 7 {
		x.want(x.post("polling&sid="+sid, send()), 200, "ok")
	}
	x.hear(probe, "3probe")
	a := <-poll // the client has to wait for it before it sends "5"
	x.want(a, 200, a.body)
	read(a.body)
	x.say(probe, "5")
	for len(sent) < messages {
		x.say(probe, send())
	}
	for len(got) < messages {
		read(x.text(probe))
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		x.t.Fatalf("round %d: %s", round, diff)
	}
}

// TestUpgradeRaceWithPoll: "5" and a GET travel on two connections.
func TestUpgradeRaceWithPoll(t *testing.T) {
	onBothClocks(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		for range 50 {
			sid := x.session()
			s := x.probe(sid)
			poll := x.pollLater(sid)
			x.say(s, "5")
			x.wantStatus(<-poll, 400)
			x.say(s, "4a")
			x.hear(s, "4a")
			s.Close()
		}
	})
}
