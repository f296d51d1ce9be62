package coach_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// patternsOf are those that an answer names in its analysis, by name.
func patternsOf(t *testing.T, m chat.Message) map[trading.PatternTag]string {
	t.Helper()
	var doc struct{ Patterns []trading.Pattern }
	if len(m.Analysis) > 0 {
		if err := json.Unmarshal(m.Analysis, &doc); err != nil {
			t.Fatal(err)
		}
	}
	found := map[trading.PatternTag]string{}
	for _, p := range doc.Patterns {
		found[p.Tag] = p.Evidence
	}
	return found
}

// losing records a trade of an owner that lost $100, opened and closed so long
// before now.
func losing(t *testing.T, records *journal.Service, r *room, symbol string, opened, closed time.Duration) {
	t.Helper()
	at := func(ago time.Duration) string { return time.Now().Add(-ago).UTC().Format(time.RFC3339Nano) }
	body := fmt.Sprintf(`{"instrument":%q,"side":"long","quantity":2,"entry":6000,"stop":5990,"exit":5990,"openedAt":%q,"closedAt":%q}`, symbol, at(opened), at(closed))
	if _, err := records.AddTrade(t.Context(), r.actor, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// TestTheJournalsHabitsReachTheAnswer: what was traded, not what was said,
// names the pattern, with the trades as evidence.
func TestTheJournalsHabitsReachTheAnswer(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		r := newRoom(t, s)
		records := journal.New(journal.Options{Store: s})
		r.worker("a", coach.NewBuiltin(), coach.Options{Journal: records})
		// The day never ends within the test: it began just before the trades.
		plan := "session: {timezone: UTC, dayEnds: \"" + time.Now().UTC().Add(-time.Hour).Format("15:04") + "\", maxTrades: 1, maxConsecutiveLosses: 1, cooldownAfterLossMinutes: 15}"
		if _, err := records.PutPlan(t.Context(), r.actor, []byte(plan), nil); err != nil {
			t.Fatal(err)
		}
		losing(t, records, r, "MES", 30*time.Minute, 20*time.Minute)
		losing(t, records, r, "MES", 15*time.Minute, 10*time.Minute)

		r.ask("How does my day look to you?")
		answer, _ := r.finished()
		found := patternsOf(t, answer)
		if e := found[trading.RevengeTrading]; e != "MES entered 5 minutes after a loss of $100.00 in MES: the same instrument" && e != "MES entered 5 minutes after a loss of $100 in MES: the same instrument" {
			t.Errorf("revenge: %q in %v", e, found)
		}
		if e := found[trading.Overtrading]; e != "2 trades today, 1 allowed" {
			t.Errorf("overtrading: %q in %v", e, found)
		}
		if !strings.Contains(answer.Content, found[trading.Overtrading]) && !strings.Contains(answer.Content, found[trading.RevengeTrading]) {
			t.Errorf("no evidence in the words: %s", answer.Content)
		}
	})
}

// TestTheJournalIsNotToldToOthers: somebody else reads along, so the habits of
// the one who asks stay in their journal.
func TestTheJournalIsNotToldToOthers(t *testing.T) {
	s := storagetest.NewSQLite(t)
	r := newRoom(t, s)
	records := journal.New(journal.Options{Store: s})
	r.worker("a", coach.NewBuiltin(), coach.Options{Journal: records})
	losing(t, records, r, "MES", 30*time.Minute, 20*time.Minute)
	losing(t, records, r, "MES", 15*time.Minute, 10*time.Minute)
	r.guest(s)
	r.ask("How does my day look to you?")
	answer, _ := r.finished()
	if found := patternsOf(t, answer); len(found) > 0 || strings.Contains(answer.Content, "a loss of") {
		t.Errorf("told: %v\n%s", found, answer.Content)
	}
}
