package coach

import (
	"fmt"

	"github.com/elite-trading-coach/coach/server/trading"
)

// tellClosed does the sums of a trade that is over. It gets no verdict: a
// verdict is for before the click.
func (s *script) tellClosed(e trading.Evaluation) {
	s.say("That trade is closed, so there is no verdict, only the sums.", "I read: "+describe(e.Idea)+".")
	p := e.Numbers.PnL
	if p == nil {
		s.say(missingLine(e))
		s.say(findings(e)...)
		return
	}
	inst := e.Idea.Instrument
	lines := make([]string, 0, len(p.Legs))
	for _, leg := range p.Legs {
		line := fmt.Sprintf("%s at %s: %s points each, %s", inst.Units(leg.Quantity), trading.ShowPrice(inst, leg.Fill.Price), leg.Points, trading.ShowMoney(leg.Gross))
		if leg.R != nil {
			line += ", " + trading.ShowR(*leg.R) + " R"
		}
		lines = append(lines, line+".")
	}
	s.say(lines...)
	total := fmt.Sprintf("Together: %s points, gross %s", p.Points, trading.ShowMoney(p.Gross))
	if !p.Costs.IsZero() {
		total += fmt.Sprintf(", costs %s, net %s", trading.ShowMoney(p.Costs), trading.ShowMoney(p.Net))
	} else {
		total += ", before costs"
	}
	if p.Risk != nil && p.R != nil {
		total += fmt.Sprintf("; against %s at risk that is %s R", trading.ShowMoney(*p.Risk), trading.ShowR(*p.R))
	}
	s.say(total + ".")
	if p.OpenUnits.Sign() > 0 {
		s.say(fmt.Sprintf("Still open: %s.", inst.Units(p.OpenUnits)))
	}
}
