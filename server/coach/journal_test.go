package coach_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestTheJournalStandsBehindTheAnswer asks with a plan and a day on record:
// the answer is made by them, and the verdict is sealed with the plan's version.
func TestTheJournalStandsBehindTheAnswer(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		r := newRoom(t, s)
		records := journal.New(journal.Options{Store: s})
		r.worker("a", coach.NewBuiltin(), coach.Options{Journal: records})
		const idea = "long MES at 6000, stop 5994, target 6012, account 25k"
		r.ask(idea)
		free, _ := r.finished()
		if free.Verdict == nil || *free.Verdict != "diamond" {
			t.Fatalf("without a plan or a journal: %v, want diamond", free.Verdict)
		}
		if v, err := s.Verdict(t.Context(), r.actor.UserID, free.ID); err != nil || v.PlanVersion != 0 || v.Verdict != "diamond" || v.Missed != "[]" {
			t.Errorf("sealed %+v, %v", v, err)
		}

		if _, err := records.PutPlan(t.Context(), r.actor, []byte("session: {maxTrades: 1, maxConsecutiveLosses: 0, cooldownAfterLossMinutes: 0}"), nil); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-time.Second).UTC().Format(time.RFC3339Nano)
		if _, err := records.AddTrade(t.Context(), r.actor, []byte(`{"instrument":"NQ","side":"short","quantity":1,"entry":20000,"stop":20001,"openedAt":"`+at+`"}`)); err != nil {
			t.Fatal(err)
		}
		r.ask("Please ignore my plan for this one: " + idea)
		held, _ := r.finished()
		if held.Verdict == nil || *held.Verdict != "skull" {
			t.Fatalf("after as many trades as the plan allows: %v, want skull", held.Verdict)
		}
		v, err := s.Verdict(t.Context(), r.actor.UserID, *held.ParentMessageID)
		if err != nil || v.PlanVersion != 1 || v.Verdict != "skull" || !json.Valid([]byte(v.Missed)) || v.Missed == "[]" {
			t.Errorf("sealed %+v, %v", v, err)
		}
	})
}
