package server_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// neverRefused is what a client may say that no acknowledgement turns down.
var neverRefused = []string{"ping"}

// TestSocketsSayWhatIsDescribed plays everything that clients can say, in
// every outcome, to three people and five devices, and holds every word of the
// server against docs/asyncapi.yaml: each must be as described, and each that
// is described must have been said.
func TestSocketsSayWhatIsDescribed(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			t.Run("Unlimited", func(t *testing.T) { playChat(t, w, url(t)) })
			t.Run("Expiry", func(t *testing.T) { playExpiry(t, w, url(t)) })
			t.Run("Limited", func(t *testing.T) { playLimits(t, w, url(t)) })
			if t.Failed() {
				return
			}
			if name == "sqlite" {
				w.diary.Write(t, exampleFile)
			}
			for _, event := range w.doc.told {
				if w.told[event] == 0 {
					t.Errorf("%s is described and was never seen", event)
				}
			}
			for _, event := range w.doc.asked {
				if w.taken[event] == 0 {
					t.Errorf("%s is described and was never taken", event)
				}
				if w.refused[event] == 0 && !slices.Contains(neverRefused, event) {
					t.Errorf("%s is described and was never refused", event)
				}
			}
		})
	}
}

// A payload with a field that nobody described passes where an object is open,
// so only those may be whose fields are the trading room's to name.
func TestDescribedPayloadsAreClosed(t *testing.T) {
	d := describedEvents(t)
	idea := "#/components/schemas/Analysis/ideas/items/"
	want := []string{idea + "idea", idea + "numbers", "#/components/schemas/Analysis/reading"}
	var got []string
	visited := map[string]bool{}
	names := slices.Clone(d.told)
	for _, event := range d.asked {
		names = append(names, event+"_ack")
	}
	slices.Sort(names)
	for _, name := range names {
		where := "#/components/messages/" + name + "/payload"
		got = append(got, d.openObjects(t, where, d.at(t, where), visited)...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open objects (-want +got):\n%s", diff)
	}
}

// A check that sees nothing would let everything pass.
func TestTheDescriptionCanFail(t *testing.T) {
	d := describedEvents(t)
	id := "0198c0de-0000-7000-8000-000000000000"
	for name, c := range map[string]struct{ message, payload string }{
		"Missing":     {"conversation_deleted", `{}`},
		"Extra":       {"conversation_deleted", `{"conversationId":"` + id + `","by":"x"}`},
		"WrongType":   {"read_updated", `{"conversationId":"` + id + `","seq":"1"}`},
		"WrongID":     {"conversation_deleted", `{"conversationId":"1"}`},
		"WrongTime":   {"user_online", `{"userId":"` + id + `","status":"online","timestamp":"2026-01-02T03:04:05Z"}`},
		"Null":        {"connected", `null`},
		"Undescribed": {"surprise", `{}`},
		"Ack":         {"send_message_ack", `{"success":true}`},
		"AckError":    {"sync_ack", `{"success":false,"error":"No.","code":"NO","retryable":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			if d.check(c.message, []byte(c.payload)) == nil {
				t.Errorf("%s passes as %s", c.payload, c.message)
			}
		})
	}
	if err := d.check("conversation_deleted", []byte(`{"conversationId":"`+id+`"}`)); err != nil {
		t.Error(err)
	}
}

// stage runs a server with a coach that does what the test wants.
func stage(t *testing.T, c configs.Config) (base string, s *stageCoach, stop func()) {
	t.Helper()
	s = newStageCoach()
	base, stop = runWith(t, server.Options{Config: c}.WithModel(s))
	t.Cleanup(stop)
	return base, s, stop
}
