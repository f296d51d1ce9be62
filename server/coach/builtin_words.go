package coach

import (
	"fmt"
	"strings"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/shopspring/decimal"
)

// describe repeats an idea in plain words, so that the trader sees what was
// read.
func describe(i trading.Idea) string {
	var parts []string
	head := strings.TrimSpace(string(i.Side) + " " + sizeOf(i) + symbolOf(i))
	if i.SideDerived {
		head += " (" + string(i.Side) + " because the stop is on that side)"
	}
	if i.Status == trading.Open {
		head += ", already open"
	}
	if head == "" {
		head = "an idea without side or instrument"
	}
	if i.Entry != nil {
		head += " at " + price(i, *i.Entry)
	}
	parts = append(parts, head)
	if i.Stop != nil {
		parts = append(parts, "stop "+price(i, *i.Stop))
	}
	if i.HasDeclined(trading.FieldStop) {
		parts = append(parts, "no stop")
	}
	if targets := targetsOf(i); targets != "" {
		parts = append(parts, targets)
	}
	if i.HasDeclined(trading.FieldTarget) {
		parts = append(parts, "no target")
	}
	for _, d := range i.Pending {
		parts = append(parts, fmt.Sprintf("%s %s away", d.Field, d.Words))
	}
	if i.Equity != nil {
		parts = append(parts, "account "+money(*i.Equity, i.Currency))
	}
	switch {
	case i.RiskMoney != nil:
		parts = append(parts, "risk "+money(*i.RiskMoney, i.Currency))
	case i.RiskPct != nil:
		parts = append(parts, "risk "+i.RiskPct.String()+" %")
	}
	return strings.Join(parts, ", ")
}

func money(x decimal.Decimal, currency string) string {
	if currency == "" {
		return trading.ShowAmount(x)
	}
	return currency + " " + strings.TrimPrefix(trading.ShowAmount(x), "$")
}

func sizeOf(i trading.Idea) string {
	if i.Quantity == nil {
		return ""
	}
	if i.Instrument != nil && (i.Kind == trading.KindFX || i.Kind == trading.KindStock) {
		return i.Instrument.Units(*i.Quantity) + " of "
	}
	return i.Quantity.String() + " "
}

func symbolOf(i trading.Idea) string {
	if i.Contract != "" {
		return i.Contract
	}
	return i.Symbol
}

// price shows a price and, when it was derived, from what.
func price(i trading.Idea, p trading.Price) string {
	shown := trading.ShowPrice(i.Instrument, p.Value)
	if p.Derived {
		return shown + " (from your " + p.Words + ")"
	}
	return shown
}

func targetsOf(i trading.Idea) string {
	if len(i.Targets) == 0 {
		return ""
	}
	all := make([]string, len(i.Targets))
	for n, t := range i.Targets {
		all[n] = price(i, t.Price)
		switch {
		case t.Quantity != nil:
			all[n] += " for " + t.Quantity.String()
		case t.Portion != nil:
			all[n] += " for " + t.Portion.Shift(2).Round(0).String() + " %"
		case t.Rest:
			all[n] += " for the rest"
		}
	}
	if len(all) == 1 {
		return "target " + all[0]
	}
	return "targets " + strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// sizeLine says how large the trade may be and what bounds it.
func sizeLine(e trading.Evaluation) string {
	n, inst := e.Numbers, e.Idea.Instrument
	if n.MaxSize == nil || inst == nil {
		return ""
	}
	if n.SizeSaid && shut(e) {
		return "" // a size that fits is no news where the day is over
	}
	bound := capName(n.Cap)
	atRisk := ""
	if n.MaxRisk != nil {
		atRisk = ", " + trading.ShowMoney(*n.MaxRisk) + " at risk"
	}
	switch {
	case n.MaxSize.Sign() <= 0:
		return fmt.Sprintf("Size: not even %s fits; %s is the limit.", inst.Units(inst.SizeStep), bound)
	case !n.SizeSaid:
		return fmt.Sprintf("Size: you named none, so I checked the largest that fits: %s%s. The limit is %s.", inst.Units(*n.MaxSize), atRisk, bound)
	}
	return fmt.Sprintf("Size: up to %s would be allowed%s. The limit is %s.", inst.Units(*n.MaxSize), atRisk, bound)
}

// shut says whether a guard of the day stands in the way, which no size opens.
func shut(e trading.Evaluation) bool {
	for _, c := range e.Checks {
		switch c.Rule {
		case trading.RuleMaxTrades, trading.RuleLossesInARow, trading.RuleCooldown:
			if c.Missed() {
				return true
			}
		}
	}
	return false
}

// sumsLine shows where the money at risk comes from.
func sumsLine(e trading.Evaluation) string {
	n, inst := e.Numbers, e.Idea.Instrument
	if n.Risk == nil || n.RiskPoints == nil || n.Size == nil || inst == nil || inst.Quote != "USD" || n.Size.Sign() <= 0 {
		return ""
	}
	costs := ", before costs"
	if !n.BeforeCosts {
		costs = ", costs included"
	}
	best := ""
	if n.Reward != nil && len(n.Targets) == 1 {
		best = fmt.Sprintf(" The target would pay %s.", trading.ShowMoney(*n.Reward))
	} else if n.Reward != nil {
		best = fmt.Sprintf(" All targets together would pay %s, the best case.", trading.ShowMoney(*n.Reward))
	}
	return fmt.Sprintf("Sums: %s points to the stop × %s a point × %s = %s at risk%s.%s",
		n.RiskPoints, trading.ShowAmount(*n.PointValue), inst.Units(*n.Size), trading.ShowMoney(*n.Risk), costs, best)
}

func findings(e trading.Evaluation) []string {
	lines := make([]string, 0, len(e.Numbers.Findings))
	for _, f := range e.Numbers.Findings {
		lines = append(lines, "Note: "+f+".")
	}
	return lines
}

// changeLine is the smallest change that would earn a better verdict.
func changeLine(e trading.Evaluation) string {
	c, inst := e.Numbers.Change, e.Idea.Instrument
	if c == nil {
		return ""
	}
	switch c.Kind {
	case trading.ChangeSize:
		return fmt.Sprintf("Smallest change: take %s instead of %s; that would be a %s.", inst.Units(*c.Size), e.Idea.Quantity, c.Verdict)
	case trading.ChangeEntry:
		return fmt.Sprintf("Smallest change: an entry at %s or better, same stop and target; that would be a %s. If it never gets there, skip it.",
			trading.ShowPrice(inst, *c.Entry), c.Verdict)
	case trading.ChangeBoth:
		return fmt.Sprintf("Smallest change: %s, and an entry at %s or better; that would be a %s.",
			inst.Units(*c.Size), trading.ShowPrice(inst, *c.Entry), c.Verdict)
	}
	if len(e.Missing) > 0 || e.Idea.HasDeclined(trading.FieldStop) {
		return "Smallest change: name " + declinedOrMissing(e) + " before the entry, or skip this one."
	}
	if onlyMiss(e, trading.RuleCooldown) {
		return "Smallest change: none in size or entry. Skip it now; when the cooldown is over, ask me again with the prices of then."
	}
	return "Smallest change: no smaller size and no better entry mends this. Skip it."
}

func onlyMiss(e trading.Evaluation, rule trading.Rule) bool {
	missed := false
	for _, c := range e.Checks {
		if c.Missed() && c.Rule != rule {
			return false
		}
		missed = missed || c.Missed()
	}
	return missed
}
