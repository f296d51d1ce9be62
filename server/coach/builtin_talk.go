package coach

import (
	"slices"
	"time"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/shopspring/decimal"
)

// How far back a conversation is read. An idea older than a day is not what a
// bare number today is about.
const (
	maxTurns   = 60
	ideaLasts  = 24 * time.Hour
	maxTurnLen = 10_000 // characters of a turn that are read
)

// about says what the message to answer is about.
type about int

const (
	aboutNothing about = iota // no idea, no number
	aboutIdeas                // one or more ideas, new or continued
	aboutAccount              // only the account or the risk, and no idea yet
)

// talk is the conversation as the coach understands it.
type talk struct {
	about     about
	continued bool           // the message completes or corrects an earlier idea
	ideas     []trading.Idea // what the message is about
	review    trading.Review
	equity    *decimal.Decimal // said by this trader, here or earlier
	currency  string
	at        time.Time        // of the latest idea
	day       trading.DayWords // said of today by this trader, here or earlier
}

// readTalk reads the trader's earlier messages and the one to answer.
func readTalk(p Prompt) talk {
	var t talk
	history := p.History
	if len(history) > maxTurns {
		history = history[len(history)-maxTurns:]
	}
	for _, turn := range history {
		if turn.Role != "user" || p.Author != "" && turn.Author != "" && turn.Author != p.Author {
			continue
		}
		t.read(turn.Text, turn.At, p)
	}
	t.about, t.continued = t.read(p.Text, p.Now, p)
	if t.about == aboutIdeas {
		t.review = trading.EvaluateAll(t.ideas, p.Plan, t.session(p))
		for n, e := range t.review.Ideas {
			t.review.Ideas[n] = t.discreet(e, p)
		}
	}
	return t
}

// session is the day as the record has it, tightened by what the trader said
// of it.
func (t *talk) session(p Prompt) trading.SessionState {
	equity := t.equity
	if kept := p.Plan.Account.Equity; kept != nil && (equity == nil || t.currency != "" || kept.LessThan(*equity)) {
		equity = kept
	}
	s := sessionAt(p).Tighten(t.day, equity)
	if p.Others { // which trades are on without a stop is the journal's to know
		s.Open = slices.Clone(s.Open)
		for n := range s.Open {
			s.Open[n].NoStop = false
		}
	}
	return s
}

// sameDay says whether something was said in the trading day of the answer.
func sameDay(at time.Time, p Prompt) bool {
	now := sessionAt(p).Now
	return at.IsZero() || now.IsZero() || !at.Before(p.Plan.DayStart(trading.KindFuture, now))
}

// sessionAt fills in the moment when nobody else did.
func sessionAt(p Prompt) trading.SessionState {
	s := p.Session
	if s.Now.IsZero() {
		s.Now = p.Now
	}
	return s
}

// read takes in one message: new ideas replace the old ones, anything else may
// complete the latest.
func (t *talk) read(text string, at time.Time, p Prompt) (about, bool) {
	if len(text) > 4*maxTurnLen {
		text = text[:4*maxTurnLen]
	}
	if sameDay(at, p) {
		t.hearDay(text, at, p)
	}
	found := trading.ParseIdeas(text)
	t.remember(found)
	var fresh []trading.Idea
	for _, i := range found {
		if i.IsFresh() {
			fresh = append(fresh, i)
		}
	}
	if len(fresh) > 0 {
		t.ideas, t.at = t.withAccount(fresh), at
		return aboutIdeas, false
	}
	if len(t.ideas) > 0 && !t.stale(at) {
		last := t.ideas[len(t.ideas)-1]
		if next, ok := trading.Continue(last, asked(last, p), text); ok {
			t.remember([]trading.Idea{next})
			t.ideas = t.withAccount(append(t.ideas[:len(t.ideas)-1:len(t.ideas)-1], next))
			return aboutIdeas, true
		}
	}
	switch {
	case len(found) > 0 && startsSomething(found[0]):
		t.ideas, t.at = t.withAccount(found[:1]), at
		return aboutIdeas, false
	case len(found) > 0 && (found[0].Equity != nil || found[0].RiskPct != nil || found[0].RiskMoney != nil):
		return aboutAccount, false
	}
	return aboutNothing, false
}

// hearDay takes in what a message says of the day. "5 minutes ago" was said
// when the message was.
func (t *talk) hearDay(text string, at time.Time, p Prompt) {
	said := trading.ReadDay(text)
	if now := sessionAt(p).Now; said.LossAgo != nil && !at.IsZero() && now.After(at) {
		ago := *said.LossAgo + now.Sub(at)
		said.LossAgo = &ago
	}
	t.day = t.day.With(said)
}

// startsSomething says whether a fragment is the beginning of an idea ("long
// from 6000, stop 5994") rather than a passing number.
func startsSomething(i trading.Idea) bool {
	parts := 0
	for _, there := range []bool{i.Side != "" && !i.SideDerived, i.Symbol != "", i.Entry != nil, i.Stop != nil, len(i.Targets) > 0, i.Quantity != nil} {
		if there {
			parts++
		}
	}
	return parts >= 2
}

func (t *talk) stale(at time.Time) bool {
	return !at.IsZero() && !t.at.IsZero() && at.Sub(t.at) > ideaLasts
}

// remember keeps the account for later ideas of the same trader.
func (t *talk) remember(ideas []trading.Idea) {
	for _, i := range ideas {
		if i.Equity != nil {
			t.equity, t.currency = i.Equity, i.Currency
		}
	}
}

func (t *talk) withAccount(ideas []trading.Idea) []trading.Idea {
	for n := range ideas {
		if ideas[n].Equity == nil {
			ideas[n].Equity, ideas[n].Currency = t.equity, t.currency
		}
	}
	return ideas
}

// asked is what the coach asks about an idea: what is in question first, then
// what is missing.
func asked(i trading.Idea, p Prompt) []trading.Field {
	var fields []trading.Field
	for _, q := range i.Questions {
		fields = append(fields, q.Field)
	}
	if len(fields) > 0 {
		return fields
	}
	return trading.Evaluate(i, p.Plan, sessionAt(p)).Missing
}
