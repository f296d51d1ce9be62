package trading

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// checkMoney compares the money at risk with each limit. Without a stop by
// choice there is nothing to compare, and that miss is counted already.
func (d *desk) checkMoney(l *checklist) {
	if d.idea.HasDeclined(FieldStop) && d.plan.Entries.StopRequired {
		return
	}
	if d.said && d.idea.Quantity.IsZero() {
		l.miss(RuleSize, "a size above 0", "0")
		return
	}
	d.checkPerTrade(l)
	for _, rule := range []Rule{RuleDailyLoss, RuleOpenRisk, RuleDrawdownRoom} {
		d.checkLimit(l, rule)
	}
	d.checkStated(l)
}

func (d *desk) limit(rule Rule) *decimal.Decimal {
	for _, l := range d.limits {
		if l.Rule == rule {
			return &l.Money
		}
	}
	return nil
}

// checkPerTrade uses the size named; when none is, but a risk is, that risk is
// what the trader means to take.
func (d *desk) checkPerTrade(l *checklist) {
	pct := d.plan.Risk.PerTradePct
	if pct.Sign() <= 0 {
		return
	}
	of := "equity"
	if d.plan.Risk.Base == BaseDrawdown {
		of = "the drawdown room"
	}
	limit := d.limit(RulePerTrade)
	if limit == nil {
		if !d.said && d.idea.RiskPct != nil && d.plan.Risk.Base != BaseDrawdown && d.idea.RiskPct.GreaterThan(pct) {
			l.miss(RulePerTrade, fmt.Sprintf("at most %s %% of %s", pct, of), d.idea.RiskPct.String()+" %, by your own words")
			return
		}
		l.open(RulePerTrade, fmt.Sprintf("at most %s %% of %s", pct, of), "needs "+d.needs())
		return
	}
	expected := ""
	if d.as == told {
		expected = fmt.Sprintf("at most %s (%s %% of %s)", ShowMoney(*limit), pct, ShowAmount(*d.riskBase()))
	}
	if stated := d.stated(); !d.said && stated != nil && stated.GreaterThan(*limit) {
		l.miss(RulePerTrade, expected, ShowMoney(*stated)+", by your own words")
		return
	}
	d.compare(l, RulePerTrade, *limit, expected)
}

func (d *desk) checkLimit(l *checklist, rule Rule) {
	limit := d.limit(rule)
	if limit == nil {
		if pct := d.limitPct(rule); pct.Sign() > 0 {
			l.open(rule, fmt.Sprintf("at most %s %% of equity", pct), "needs "+d.needs())
		}
		return
	}
	d.compare(l, rule, *limit, d.limitText(rule, *limit))
}

func (d *desk) limitPct(rule Rule) decimal.Decimal {
	switch rule {
	case RuleDailyLoss:
		return d.plan.Risk.MaxDailyLossPct
	case RuleOpenRisk:
		return d.plan.Risk.MaxOpenRiskPct
	}
	return decimal.Zero
}

// limitText tells how the room of a limit came about.
func (d *desk) limitText(rule Rule, room decimal.Decimal) string {
	if d.as == silent {
		return ""
	}
	lost, open := d.session.LossToday(), riskOf(d.others)
	var used []string
	if rule == RuleDailyLoss && lost.Sign() > 0 {
		used = append(used, ShowMoney(lost)+" lost today")
	}
	if rule != RuleDrawdownRoom && open.Sign() > 0 {
		used = append(used, ShowMoney(open)+" at risk in other trades")
	}
	switch {
	case rule == RuleDrawdownRoom:
		return "at most " + ShowMoney(room) + ", short of the drawdown floor"
	case len(used) == 0:
		base := d.equity
		if rule == RuleDailyLoss {
			base = d.dayEquity
		}
		return fmt.Sprintf("at most %s (%s %% of %s)", ShowMoney(room), d.limitPct(rule), ShowAmount(*base))
	}
	whole := room.Add(open)
	if rule == RuleDailyLoss {
		whole = whole.Add(lost)
	}
	if room.Sign() < 0 {
		room = decimal.Zero
	}
	return fmt.Sprintf("at most %s (%s less %s)", ShowMoney(room), ShowMoney(whole), strings.Join(used, " and "))
}

// compare adds a money check, open while the risk cannot be computed.
func (d *desk) compare(l *checklist, rule Rule, limit decimal.Decimal, expected string) {
	if d.loss == nil || d.size == nil {
		l.open(rule, expected, "needs "+d.needs())
		return
	}
	l.add(rule, d.loss.within(*d.size, limit), expected, d.riskText())
}

// riskText is the money at risk and how much of the account it is.
func (d *desk) riskText() string {
	if d.riskShown != "" || d.as == silent {
		return d.riskShown
	}
	risk := *d.risk()
	d.riskShown = ShowMoney(risk)
	if d.equity != nil && d.equity.Sign() > 0 {
		d.riskShown += " (" + cut(risk.Shift(2), *d.equity).RoundCeil(2).String() + " %)"
	}
	return d.riskShown
}

// checkStated compares a size with the risk that was named beside it: "5 MES,
// risk $100" may be within the plan and still not be what was meant.
func (d *desk) checkStated(l *checklist) {
	stated := d.stated()
	if stated == nil || !d.said || d.loss == nil {
		return
	}
	l.add(RuleStatedRisk, d.loss.within(*d.size, *stated), "at most "+ShowMoney(*stated)+", the risk you named", d.riskText())
}
