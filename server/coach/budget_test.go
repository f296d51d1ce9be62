package coach

import (
	"context"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// payer is a user with so much to spend, and the books.
func payer(t *testing.T, s *storage.Store, limit int64) (*budget.Service, string) {
	t.Helper()
	u := storage.User{ID: storage.NewID(), Email: "p@example.org", Username: "payer", Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now()}
	if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return tx.InsertUser(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	return budget.New(budget.Options{Store: s, Limit: func(context.Context, string) (int64, error) { return limit, nil }}), u.ID
}

func TestMoneyIsBookedAsItWasSpent(t *testing.T) {
	for name, c := range map[string]struct {
		reply openaitest.Reply
		spent int64
	}{
		"Counted":         {openaitest.Says("fine"), 27},
		"Refused":         {openaitest.Reply{Status: 401}, 0},
		"NothingCame":     {openaitest.Reply{Unfinished: true}, 0},
		"CutInTheMiddle":  {openaitest.Reply{Pieces: []string{"half"}, Cut: true}, -1},
		"NobodyCountedIt": {openaitest.Reply{Pieces: []string{"fine"}}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			b, user := payer(t, storagetest.NewSQLite(t), 1_000_000)
			_, e := provider(t, always(c.reply))
			q := ask(mission)
			q.AskedBy, q.AnswerID = user, storage.NewID()
			_, _, _ = answerOf(t, NewChain([]*OpenAI{model(t, e, func(o *ModelOptions) { o.Purse = b })}, Hooks{}, nil), q)
			st, err := b.Of(t.Context(), user)
			if err != nil || st.Held != 0 {
				t.Fatalf("%+v, %v: money stays set aside", st, err)
			}
			if c.spent >= 0 && st.Spent != c.spent || c.spent < 0 && st.Spent == 0 {
				t.Errorf("booked %d, want %d (-1: an estimate)", st.Spent, c.spent)
			}
		})
	}
}

// A tool was used and there is no money for the call that would tell of it: the
// sums are told by the built-in coach, below what the model had begun.
func TestMoneyOutInTheMiddleOfAnAnswer(t *testing.T) {
	b, user := payer(t, storagetest.NewSQLite(t), 2000)
	p, e := provider(t, always(openaitest.Reply{Pieces: []string{"Let me look."}, Calls: []openaitest.Call{{Name: "session_state"}}, Usage: [2]int{5000, 1500}}))
	q := ask(mission)
	q.AskedBy, q.AnswerID = user, storage.NewID()
	var log []string
	a, said, err := answerOf(t, NewChain([]*OpenAI{model(t, e, func(o *ModelOptions) { o.Purse, o.Tools = b, journalOf(&log) })}, Hooks{}, nil), q)
	if err != nil || len(p.Seen()) != 1 || a.Verdict != "diamond" || !strings.HasPrefix(said, "Let me look.\n\nYour budget for language models is used up") || !strings.Contains(said, "$60.00") {
		t.Fatalf("%q, %v, %d requests", said, err, len(p.Seen()))
	}
	if f := docOf(t, a).Source.Fallback; f == nil || f.Reason != "budget" {
		t.Errorf("%+v", f)
	}
}

func TestMoneyOutTheBuiltInCoachAnswersAndSaysSo(t *testing.T) {
	b, user := payer(t, storagetest.NewSQLite(t), 10)
	p, e := provider(t, always(openaitest.Says("fine")))
	q := ask(mission)
	q.AskedBy, q.AnswerID = user, storage.NewID()
	a, _, err := answerOf(t, NewChain([]*OpenAI{model(t, e, func(o *ModelOptions) { o.Purse = b })}, Hooks{}, nil), q)
	if err != nil || len(p.Seen()) != 0 || a.Model != "built-in" || a.Verdict != "diamond" || !strings.HasPrefix(a.Text, "Your budget for language models is used up") {
		t.Fatalf("%+v, %v, %d requests", a, err, len(p.Seen()))
	}
	if f := docOf(t, a).Source.Fallback; f == nil || f.Reason != "budget" {
		t.Errorf("%+v", f)
	}
}
