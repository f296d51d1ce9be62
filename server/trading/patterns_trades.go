package trading

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// How many trades a detector wants before it says anything. Fewer are chance.
const (
	recentTrades  = 10 // "the last trades"
	goodRow       = 5  // within the plan in a row, to be called discipline
	streakLength  = 3
	enoughEach    = 5  // wins and losses, to compare how long they are held
	enoughForSize = 10 // wins and losses, to compare how large they are
	enoughDays    = 10 // trading days, to know the usual count
)

// PatternsIn looks for habits in a journal: the trades as they were entered,
// whatever their order. The definitions stand in the package's story. It is
// pure: now is the moment that "today" belongs to. At most one pattern of each
// name is given, the latest.
func PatternsIn(trades []Trade, plan Plan, now time.Time, about Scope) []Pattern {
	entered := make([]*Trade, 0, len(trades))
	for n := range trades {
		if !trades[n].OpenedAt.After(now) {
			entered = append(entered, &trades[n])
		}
	}
	slices.SortStableFunc(entered, func(a, b *Trade) int { return a.OpenedAt.Compare(b.OpenedAt) })
	j := journalView{entered: entered, plan: plan, now: now}
	for _, t := range entered {
		if !t.IsOpen() && !t.ClosedAt.After(now) {
			j.closed = append(j.closed, t)
		}
	}
	slices.SortStableFunc(j.closed, func(a, b *Trade) int { return a.ClosedAt.Compare(b.ClosedAt) })
	detectors := []func() (Pattern, bool){j.revenge, j.overtrading, j.emotional, j.fomo, j.undisciplined, j.overconfident, j.holdsLosers, j.disciplined, j.managesRisk, j.patient}
	if about == AboutTrader {
		detectors = append(detectors, j.cutsWinners, j.recency)
	}
	found := []Pattern{}
	for _, detect := range detectors {
		if p, ok := detect(); ok {
			found = append(found, p)
		}
	}
	return found
}

type journalView struct {
	entered, closed []*Trade // by entry; by close
	plan            Plan
	now             time.Time
}

// last are the latest n of the closed trades.
func (j journalView) last(n int) []*Trade { return j.closed[max(0, len(j.closed)-n):] }

func (j journalView) sameDay(t *Trade) bool {
	return !t.OpenedAt.Before(j.plan.DayStart(t.Kind, j.now))
}

// before is the latest trade closed before t was entered.
func (j journalView) before(t *Trade) *Trade {
	var latest *Trade
	for _, c := range j.closed {
		if c != t && !c.ClosedAt.After(t.OpenedAt) {
			latest = c
		}
	}
	return latest
}

func (j journalView) cooldown() time.Duration {
	return time.Duration(j.plan.Session.CooldownAfterLossMinutes) * time.Minute
}

// revenge looks at today's entries, the latest first.
func (j journalView) revenge() (Pattern, bool) {
	for _, t := range slices.Backward(j.entered) {
		if !j.sameDay(t) {
			break
		}
		last := j.before(t)
		if last == nil || last.Net.Sign() >= 0 || t.OpenedAt.Sub(last.ClosedAt) >= j.cooldown() {
			continue
		}
		why := "the same instrument"
		if t.Symbol != last.Symbol {
			if t.Risk == nil || last.Risk == nil || !t.Risk.GreaterThan(*last.Risk) {
				continue
			}
			why = "more money at risk"
		}
		return Pattern{RevengeTrading, fmt.Sprintf("%s entered %d minutes after a loss of %s in %s: %s", t.Symbol, int(t.OpenedAt.Sub(last.ClosedAt)/time.Minute), ShowMoney(last.Net.Neg()), last.Symbol, why)}, true
	}
	return Pattern{}, false
}

// overtrading counts today's entries against the plan, else against one's own
// usual day.
func (j journalView) overtrading() (Pattern, bool) {
	perDay := map[time.Time]int{}
	today := 0
	for _, t := range j.entered {
		if j.sameDay(t) {
			today++
			continue
		}
		perDay[j.plan.DayStart(t.Kind, t.OpenedAt)]++
	}
	if most := j.plan.Session.MaxTrades; most > 0 && today > most {
		return Pattern{Overtrading, fmt.Sprintf("%d trades today, %d allowed", today, most)}, true
	}
	if len(perDay) < enoughDays {
		return Pattern{}, false
	}
	counts := make([]int, 0, len(perDay))
	for _, n := range perDay {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	if usual := counts[len(counts)/2]; today >= streakLength && today > 2*usual {
		return Pattern{Overtrading, fmt.Sprintf("%d trades today, %d on your usual day", today, usual)}, true
	}
	return Pattern{}, false
}

// emotional wants two of the last five trades marked with a heated feeling.
func (j journalView) emotional() (Pattern, bool) {
	return j.marked(EmotionalTrading, "angry", "anger", "frustrated", "frustration", "tilt", "tilted", "scared", "fear", "fearful", "panic", "stressed", "anxious", "rage", "upset")
}

func (j journalView) fomo() (Pattern, bool) {
	return j.marked(FOMO, "fomo", "fear of missing out", "chasing", "chased", "greedy", "greed")
}

func (j journalView) marked(tag PatternTag, emotions ...string) (Pattern, bool) {
	last, n := j.last(5), 0
	for _, t := range last {
		if slices.Contains(emotions, strings.ToLower(strings.TrimSpace(t.Emotion))) {
			n++
		}
	}
	if n < 2 {
		return Pattern{}, false
	}
	return Pattern{tag, fmt.Sprintf("%d of your last %d trades are marked so", n, len(last))}, true
}

// undisciplined wants three of the last ten trades taken against a verdict
// that broke the plan.
func (j journalView) undisciplined() (Pattern, bool) {
	last, n := j.last(recentTrades), 0
	for _, t := range last {
		if t.Verdict == Skull {
			n++
		}
	}
	if n < 3 {
		return Pattern{}, false
	}
	return Pattern{DisciplineIssues, fmt.Sprintf("%d of your last %d trades were taken against a skull", n, len(last))}, true
}

// disciplined wants the last five trades all checked, and none against a rule.
func (j journalView) disciplined() (Pattern, bool) {
	last := j.last(goodRow)
	if len(last) < goodRow {
		return Pattern{}, false
	}
	for _, t := range last {
		if t.Verdict != Diamond {
			return Pattern{}, false
		}
	}
	return Pattern{GoodDiscipline, fmt.Sprintf("your last %d trades were all within your plan", len(last))}, true
}

// managesRisk wants ten trades with a stop, none lost more than a tenth beyond
// it, and none risked half as much again as usual.
func (j journalView) managesRisk() (Pattern, bool) {
	last := j.last(recentTrades)
	usual, ok := medianRisk(last)
	if len(last) < recentTrades || !ok {
		return Pattern{}, false
	}
	for _, t := range last {
		if t.Risk == nil || t.Risk.Sign() <= 0 || t.Risk.Mul(two).GreaterThanOrEqual(usual.Mul(three)) || t.Net.Neg().GreaterThan(t.Risk.Mul(decimal.New(11, -1))) {
			return Pattern{}, false
		}
	}
	return Pattern{ProperRiskManagement, fmt.Sprintf("your last %d trades all had a stop, alike in size, and no loss went beyond it", len(last))}, true
}

// patient wants three losses among the last ten trades, and the cooldown kept
// after every one of them.
func (j journalView) patient() (Pattern, bool) {
	losses := 0
	last := j.last(recentTrades)
	for _, t := range last {
		if t.Net.Sign() < 0 {
			losses++
		}
		if prior := j.before(t); prior != nil && prior.Net.Sign() < 0 && t.OpenedAt.Sub(prior.ClosedAt) < j.cooldown() {
			return Pattern{}, false
		}
	}
	if losses < streakLength || j.cooldown() <= 0 {
		return Pattern{}, false
	}
	return Pattern{PatientExecution, fmt.Sprintf("%d losses in your last %d trades, and the pause kept after each", losses, len(last))}, true
}
