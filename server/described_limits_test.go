package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// tight is a tier with two messages a minute and one answer a day.
func tight() limit.Tier {
	tier := limit.Defaults()[limit.Free]
	tier.BurstPerSecond, tier.MessagesPerMinute, tier.AnswersPerDay = 20, 2, 1
	return tier
}

// playLimits plays what is said where there are limits.
func playLimits(t *testing.T, w *witness, url string) {
	store := storagetest.Open(t, url)
	limits, err := json.Marshal(tight())
	if err == nil {
		err = store.Tx(t.Context(), func(tx *storage.Tx) error {
			return tx.PutTier(t.Context(), storage.Tier{Name: limit.Free, Limits: limits, UpdatedAt: storage.Now()})
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	base, _, stop := stage(t, config(t, url, "RATE_LIMITS=on"))
	ann, _ := register(t, base, "ann")
	w.limits(t, base, ann)
	room := ann.conversation()
	s := w.dial(t, base, ann.token)
	s.hears("connected", with(`"messages"`))
	s.send(room, missionSentence)
	s.hears("ai_response", with("completed"))
	s.send(room, missionSentence)
	s.hears("ai_response", with("BUDGET_EXHAUSTED"))
	s.hears("ai_error", with("resetsAt"))
	s.says("send_message", object{"conversationId": room, "content": "and now?"}, "RATE_LIMITED")
	s.hears("rate_limited", with("send_message"))
	s.hears("message_error", with("RATE_LIMITED"))
	flood(t, s)
	stop()
	s.hears("server_draining", nil)
	s.rest()
}

// flood says more in a second than the tier allows.
func flood(t *testing.T, s *listener) {
	t.Helper()
	var replies []<-chan json.RawMessage
	for range 3 * tight().BurstPerSecond {
		ch, err := s.Emit("ping", nil)
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, ch)
	}
	refused := 0
	for _, ch := range replies {
		if raw := <-ch; string(raw) != `"pong"` {
			refused++
			if err := s.w.doc.check("sync_ack", raw); err != nil || !strings.Contains(string(raw), "RATE_LIMITED") {
				t.Errorf("a ping too many gave %s: %v", raw, err)
			}
		}
	}
	if refused == 0 {
		t.Error("no ping was too many")
	}
	s.hears("rate_limited", with("ping"))
}
