package trading

import (
	"fmt"
	"strings"
	"time"
)

// checkDay holds the guards that count trades and losses. A day nobody keeps a
// record of is not counted: these checks are then left out.
func (d *desk) checkDay(l *checklist) {
	s, rules := d.session, d.plan.Session
	if rules.MaxTrades > 0 && (s.Known || s.TradesToday > 0) && d.entering() {
		l.add(RuleMaxTrades, s.TradesToday < rules.MaxTrades,
			fmt.Sprintf("at most %d trades a day", rules.MaxTrades), fmt.Sprintf("this would be number %d", s.TradesToday+1))
	}
	if rules.MaxConsecutiveLosses > 0 && (s.Known || s.ConsecutiveLosses > 0) {
		l.add(RuleLossesInARow, s.ConsecutiveLosses < rules.MaxConsecutiveLosses,
			fmt.Sprintf("fewer than %d losses in a row", rules.MaxConsecutiveLosses), fmt.Sprintf("%d in a row", s.ConsecutiveLosses))
	}
	d.checkCooldown(l)
}

// entering says whether the idea is a new entry. A trade that the words call
// open counts as one too, unless the record of the day has it: saying "I am
// already in" must not talk a guard away.
func (d *desk) entering() bool {
	if d.idea.Status == Planned {
		return true
	}
	if !d.session.Known {
		// no record: what the trader said of the day counts all the same
		return d.session.TradesToday > 0 || d.session.ConsecutiveLosses > 0 || !d.session.LastLossClosedAt.IsZero()
	}
	return d.session.recordOf(d.idea) < 0
}

// checkCooldown counts from the latest *loss*, whatever was won after it.
func (d *desk) checkCooldown(l *checklist) {
	s, minutes := d.session, d.plan.Session.CooldownAfterLossMinutes
	if minutes <= 0 || s.Now.IsZero() || d.idea.Later || !d.entering() || (!s.Known && s.LastLossClosedAt.IsZero()) {
		return
	}
	expected := fmt.Sprintf("at least %d minutes after a loss", minutes)
	if s.LastLossClosedAt.IsZero() {
		l.pass(RuleCooldown, expected, "no loss to wait for")
		return
	}
	since := s.Now.Sub(s.LastLossClosedAt)
	l.add(RuleCooldown, since >= time.Duration(minutes)*time.Minute, expected,
		fmt.Sprintf("%d minutes since the last loss", int(since/time.Minute)))
}

// checkClock holds the plan's hours. An idea for later is not checked against
// the clock, and neither is one already on.
func (d *desk) checkClock(l *checklist) {
	s := d.session
	if s.Now.IsZero() || d.idea.Later || !d.entering() {
		return
	}
	zone, err := time.LoadLocation(d.plan.Session.Timezone)
	if err != nil {
		return // a plan with an unknown zone is a finding of the lint, not of this trade
	}
	now := s.Now.In(zone)
	if windows := d.windows(); len(windows) > 0 {
		in := inAny(windows, now)
		l.add(RuleWindow, in != nil, "between "+windowsText(windows), now.Format("15:04"))
	}
	if len(d.plan.Session.NoTrade) > 0 {
		in := inAny(d.plan.Session.NoTrade, now)
		actual := now.Format("15:04")
		if in != nil && in.Why != "" {
			actual += " (" + in.Why + ")"
		}
		l.add(RuleNoTrade, in == nil, "outside "+windowsText(d.plan.Session.NoTrade), actual)
	}
}

func (d *desk) windows() []Window {
	if d.idea.Instrument == nil {
		return nil
	}
	w := d.plan.Session.Windows
	switch d.idea.Instrument.Kind {
	case KindStock:
		return w.Stock
	case KindFuture:
		return w.Futures
	case KindFX:
		return w.FX
	case KindCrypto:
		return w.Crypto
	}
	return nil
}

func windowsText(windows []Window) string {
	all := make([]string, len(windows))
	for i, w := range windows {
		all[i] = w.From + "–" + w.To
	}
	return strings.Join(all, ", ")
}
