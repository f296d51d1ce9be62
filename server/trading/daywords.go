package trading

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// DayWords is what a message says of the trading day so far: "down $600
// today", "third trade today", "lost two in a row", "stopped out 5 minutes
// ago". Such words tighten the checks of the day and never loosen them.
type DayWords struct {
	Loss    *decimal.Decimal // dollars lost today, positive
	LossPct *decimal.Decimal // the same in percent of the account
	Trades  int              // entries before this one
	Losses  int              // losses in a row; counted so unless a win is mentioned
	LossAgo *time.Duration   // since the latest loss
}

// IsZero says that nothing was said of the day.
func (w DayWords) IsZero() bool { return w == DayWords{} }

// ReadDay reads what a message says of the day. Other days ("yesterday"), what
// might happen ("if I lose $600") and what stands in quotes do not count.
func ReadDay(text string) DayWords { return newReader(text).day }

// With adds what another message of the same day says; of each thing the
// tighter counts.
func (w DayWords) With(other DayWords) DayWords {
	larger := func(a, b *decimal.Decimal) *decimal.Decimal {
		if a == nil || b != nil && b.GreaterThan(*a) {
			return b
		}
		return a
	}
	w.Loss, w.LossPct = larger(w.Loss, other.Loss), larger(w.LossPct, other.LossPct)
	w.Trades, w.Losses = max(w.Trades, other.Trades), max(w.Losses, other.Losses)
	if w.LossAgo == nil || other.LossAgo != nil && *other.LossAgo < *w.LossAgo {
		w.LossAgo = other.LossAgo
	}
	return w
}

// Tighten is the day with the words believed as far as they make it stricter.
// equity turns a loss in percent into money; nil leaves it out.
func (s SessionState) Tighten(w DayWords, equity *decimal.Decimal) SessionState {
	lower := func(loss decimal.Decimal) {
		if net := loss.Neg(); net.LessThan(s.RealisedNet) {
			s.RealisedNet = net
		}
	}
	if w.Loss != nil {
		lower(*w.Loss)
	}
	if w.LossPct != nil && equity != nil {
		lower(percentOf(*w.LossPct, *equity))
	}
	s.TradesToday = max(s.TradesToday, w.Trades, w.Losses)
	s.ConsecutiveLosses = max(s.ConsecutiveLosses, w.Losses)
	if w.LossAgo != nil && !s.Now.IsZero() {
		if at := s.Now.Add(-*w.LossAgo); at.After(s.LastLossClosedAt) {
			s.LastLossClosedAt = at
		}
	}
	return s
}

// String tells the words again: "$600.00 lost today, 2 trades before this one".
func (w DayWords) String() string {
	var said []string
	if w.Loss != nil {
		said = append(said, ShowMoney(*w.Loss)+" lost today")
	}
	if w.LossPct != nil {
		said = append(said, w.LossPct.String()+" % lost today")
	}
	if w.Trades > 0 {
		said = append(said, counted(w.Trades, "trade")+" before this one")
	}
	if w.Losses > 0 {
		said = append(said, counted(w.Losses, "loss")+" in a row")
	}
	if w.LossAgo != nil {
		ago := "just now"
		if minutes := int(*w.LossAgo / time.Minute); minutes > 0 {
			ago = counted(minutes, "minute") + " ago"
		}
		said = append(said, "a loss "+ago)
	}
	return joinAnd(said)
}

func counted(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "loss":
		return fmt.Sprintf("%d losses", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func joinAnd(words []string) string {
	if len(words) < 2 {
		return fmt.Sprint(append(words, "")[0])
	}
	text := words[0]
	for _, w := range words[1 : len(words)-1] {
		text += ", " + w
	}
	return text + " and " + words[len(words)-1]
}
