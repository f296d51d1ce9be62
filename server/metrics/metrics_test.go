package metrics

import (
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// shown is what Prometheus would read.
func shown(m *Metrics) string {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestWhatHappensIsShown(t *testing.T) {
	m := New(Build{Version: "v1.2.3"})
	m.Connected(Fresh)
	m.Connected(Recovered)
	m.Connected(Recovered)
	m.Event("send_message", "", 3*time.Millisecond)
	m.Event("send_message", "RATE_LIMITED", time.Millisecond)
	m.Gap()
	m.Message()
	m.Request(Request{Route: "/api/chat", Method: "GET", Status: "200", Took: time.Millisecond})
	m.Request(Request{Route: "/api/admin/events", Method: "GET", Status: "200"}) // a stream
	m.Refused("burst", "free")
	m.FirstText("mock", 100*time.Millisecond)
	m.NextText("mock", 20*time.Millisecond)
	m.Answered(Answer{Model: "mock", Status: "completed", Took: time.Second})
	m.Called(Call{Model: "mock", Outcome: "ok", Took: time.Second, First: 200 * time.Millisecond, PromptTokens: 100, CompletionTokens: 40, CostMicros: 2500})
	m.Watch(Gauges{
		Breakers: func() map[string]string { return map[string]string{"mock": "open"} },
		Sockets:  func() float64 { return 7 }, Users: zero, Rooms: zero, OutboxBytes: zero, AnswersInProgress: zero, BusConnected: zero,
		Draining: zero, DatabaseBytes: zero, Pool: func() Pool { return Pool{InUse: 2, Idle: 3, Max: 8, Waits: 4, WaitedSeconds: 0.5} },
	})
	text := shown(m)
	for _, line := range []string{
		`coach_connects_total{kind="fresh"} 1`, `coach_connects_total{kind="recovered"} 2`,
		`coach_events_total{event="send_message",outcome="ok"} 1`, `coach_events_total{event="send_message",outcome="RATE_LIMITED"} 1`,
		`coach_ack_seconds_count{event="send_message"} 2`, `coach_bus_gaps_total 1`, `coach_messages_total 1`,
		`coach_http_requests_total{method="GET",route="/api/chat",status="200"} 1`, `coach_http_seconds_count{route="/api/chat"} 1`,
		`coach_refusals_total{limit="burst",tier="free"} 1`, `coach_answer_first_text_seconds_sum{model="mock"} 0.1`,
		`coach_answer_between_texts_seconds_count{model="mock"} 1`, `coach_answers_total{model="mock",status="completed"} 1`,
		`coach_answer_seconds_sum{model="mock"} 1`, `coach_model_first_token_seconds_sum{model="mock"} 0.2`,
		`coach_answer_tokens_total{kind="prompt",model="mock"} 100`, `coach_answer_tokens_total{kind="completion",model="mock"} 40`,
		`coach_answer_cost_dollars_total{model="mock"} 0.0025`, `coach_model_breaker{model="mock",state="open"} 1`, `coach_sockets 7`, `coach_database_connections{state="in_use"} 2`,
		`coach_database_connections_max 8`, `coach_database_waits_total 4`, `coach_database_wait_seconds_total 0.5`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
	if !strings.Contains(text, `version="v1.2.3"`) || strings.Contains(text, `coach_http_seconds_count{route="/api/admin/events"}`) {
		t.Error("the build is missing, or a stream's length is counted")
	}
}

func zero() float64 { return 0 }

func TestARoomWithoutMetricsCountsNothing(*testing.T) {
	var m *Metrics
	m.Connected(Fresh)
	m.Event("ping", "", 0)
	m.Gap()
	m.Message()
	m.Request(Request{})
	m.Refused("burst", "free")
	m.FirstText("mock", 0)
	m.NextText("mock", 0)
	m.Answered(Answer{})
	m.Called(Call{})
	m.FellBack("mock", "mock", "budget")
	m.Unverified("mock", 1)
}

// TestRecentForgets: what was a while ago is in the counters, not in the rate.
func TestRecentForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Build{})
		m.keep()
		for range 5 {
			time.Sleep(time.Second)
			for range 20 {
				m.Message()
				m.Event("send_message", "", 10*time.Millisecond)
			}
			m.keep()
		}
		r := m.Recent()
		if math.Abs(r.Messages-20) > 1e-9 || math.Abs(r.Events-20) > 1e-9 {
			t.Errorf("%g messages and %g events a second, want 20", r.Messages, r.Events)
		}
		// Read off buckets that grow by 1.6, so within that.
		if r.AckP50 < 0.010/1.6 || r.AckP50 > 0.016 || r.AckP99 < r.AckP50 || r.AckP99 > 0.017 {
			t.Errorf("p50 %g s, p99 %g s of 10 ms", r.AckP50, r.AckP99)
		}
		for range window + 1 {
			time.Sleep(time.Second)
			m.keep()
		}
		if r := m.Recent(); r.Messages != 0 || r.AckP99 != 0 {
			t.Errorf("after a silence there are %g messages a second, p99 %g", r.Messages, r.AckP99)
		}
	})
}
