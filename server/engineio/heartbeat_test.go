package engineio_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// grain is how late a tick may be with the suite's 300/200 ms.
const grain = 10 * time.Millisecond

func TestHeartbeatIsPunctual(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		for range 20 {
			before := time.Now()
			x.hear(s, "2")
			if wait := time.Since(before); wait < 300*time.Millisecond || wait > 300*time.Millisecond+grain {
				t.Errorf("ping after %v", wait)
			}
			<-time.After(150 * time.Millisecond)
			x.say(s, "3")
			synctest.Wait()
		}
	})
}

// The wheel may not wait for a deadline that a pong has long moved.
func TestHeartbeatIsPunctualWithLongTimeout(t *testing.T) {
	o := engineio.Options{PingInterval: 100 * time.Millisecond, PingTimeout: 900 * time.Millisecond}
	onFakeClock(t, o, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		for range 20 {
			before := time.Now()
			x.hear(s, "2")
			if wait := time.Since(before); wait > 120*time.Millisecond {
				t.Errorf("ping after %v", wait)
			}
			x.say(s, "3")
			synctest.Wait()
		}
	})
}

func TestHeartbeatDeadlineIsAbsolute(t *testing.T) {
	for _, o := range []engineio.Options{
		enginetest.SuiteOptions(),
		{PingInterval: 100 * time.Millisecond, PingTimeout: 900 * time.Millisecond},
		{PingInterval: 900 * time.Millisecond, PingTimeout: 100 * time.Millisecond},
		{},
	} {
		interval, timeout := o.PingInterval, o.PingTimeout
		if interval == 0 {
			interval, timeout = 25*time.Second, 20*time.Second
		}
		var d diary
		withHooks(t, o, d.recording(), func(t *testing.T, x *site) {
			start := time.Now()
			s, _ := x.webSocketSession()
			x.hear(s, "2")
			if _, err := s.ReadClose(); err != nil {
				t.Fatal(err)
			}
			took := time.Since(start)
			if late := took - interval - timeout; late < 0 || late > 250*time.Millisecond {
				t.Errorf("%v/%v: closed after %v", interval, timeout, took)
			}
			synctest.Wait()
			if diff := cmp.Diff([]string{"open", "closed: ping timeout"}, d.all()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The wheel has not come by yet, but the deadline has passed.
func TestHeartbeatDeadlineHoldsForRequests(t *testing.T) {
	o := engineio.Options{PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second}
	onFakeClock(t, o, func(t *testing.T, x *site) {
		for _, request := range []func(sid string) answer{
			func(sid string) answer { return x.get("polling&sid=" + sid) },
			func(sid string) answer { return x.post("polling&sid="+sid, "3") },
		} {
			sid := x.session()
			<-time.After(45 * time.Second)
			x.wantStatus(request(sid), 400)
		}
		sid := x.session()
		<-time.After(45 * time.Second)
		if _, err := x.trySocket("websocket&sid="+sid, nil); !refusedWith(err, 400) {
			t.Errorf("probe: %v", err)
		}
	})
}

func TestHeartbeatPollingDeadlineWithPendingPoll(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		x.want(x.get("polling&sid="+sid), 200, "2")
		start := time.Now()
		x.want(x.get("polling&sid="+sid), 200, "1")
		if took := time.Since(start); took > 200*time.Millisecond+grain {
			t.Errorf("closed after %v", took)
		}
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

// A client cannot put off its deadline by answers that nobody asked for.
func TestHeartbeatUnaskedPong(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		start := time.Now()
		for range 2 {
			<-time.After(100 * time.Millisecond)
			x.say(s, "3")
		}
		x.hear(s, "2")
		x.wantClose(s)
		if took := time.Since(start); took > 500*time.Millisecond+grain {
			t.Errorf("closed after %v", took)
		}
	})
}

func TestHeartbeatGoesOnAfterUpgrade(t *testing.T) {
	onFakeClock(t, enginetest.SuiteOptions(), func(t *testing.T, x *site) {
		sid := x.session()
		x.want(x.get("polling&sid="+sid), 200, "2")
		s := x.upgrade(sid)
		x.say(s, "3")
		for range 3 {
			x.hear(s, "2")
			x.say(s, "3")
		}
	})
}

func TestHeartbeatMeasuresRTT(t *testing.T) {
	var session *engineio.Session
	h := hooks{open: func(s *engineio.Session) { session = s }}
	withHooks(t, enginetest.SuiteOptions(), h, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		x.hear(s, "2")
		<-time.After(40 * time.Millisecond)
		x.say(s, "3")
		synctest.Wait()
		want := engineio.Stats{PacketsIn: 1, BytesIn: 1, PacketsOut: 2, RTT: 40 * time.Millisecond}
		got := session.Stats()
		want.BytesOut = got.BytesOut // the handshake's length is no news
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
