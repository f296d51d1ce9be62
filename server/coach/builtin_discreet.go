package coach

import (
	"github.com/elite-trading-coach/coach/server/trading"
)

// discreet is an evaluation as others may read it: where somebody else is in
// the conversation, account money is shown only if the trader wrote it in this
// very message. The verdict stays what it is; the checks then tell the plan's
// percentages instead of the amounts.
func (t *talk) discreet(e trading.Evaluation, p Prompt) trading.Evaluation {
	if !p.Others || t.wroteAll(e, p) {
		return e
	}
	if !accountIn(p.Text, e) {
		e.Idea.Equity = nil
	}
	n := &e.Numbers
	n.Equity, n.RiskPct, n.MaxRisk, n.Caps = nil, nil, nil, nil
	if !n.SizeSaid {
		n.Risk, n.Reward = nil, nil // they come from a size that came from the account
	}
	checks := make([]trading.Check, len(e.Checks))
	for i, c := range e.Checks {
		checks[i] = withoutMoney(c, e, p.Plan)
	}
	e.Checks = checks
	return e
}

// wroteAll says whether all account money in an evaluation stands in the
// message: the account that was counted with, what was lost today, and nothing
// of the journal.
func (t *talk) wroteAll(e trading.Evaluation, p Prompt) bool {
	here := trading.ReadDay(p.Text)
	if t.day.Loss != nil && (here.Loss == nil || !here.Loss.Equal(*t.day.Loss)) || t.day.LossPct != nil && here.LossPct == nil {
		return false
	}
	if p.Session.LossToday().Sign() > 0 || p.Session.OpenRisk().Sign() > 0 || p.Session.DrawdownRoom != nil || p.Session.DayStartEquity != nil {
		return false
	}
	return e.Numbers.Equity == nil || accountIn(p.Text, e)
}

// accountIn says whether the account that was counted with stands in a text.
func accountIn(text string, e trading.Evaluation) bool {
	for _, i := range trading.ParseIdeas(text) {
		if i.Equity != nil && (e.Numbers.Equity == nil || i.Equity.Equal(*e.Numbers.Equity)) {
			return true
		}
	}
	return false
}

func withoutMoney(c trading.Check, e trading.Evaluation, plan trading.Plan) trading.Check {
	risk := plan.Risk
	switch c.Rule {
	case trading.RulePerTrade:
		c.Expected = "at most " + risk.PerTradePct.String() + " % of the account"
	case trading.RuleDailyLoss:
		c.Expected = "at most " + risk.MaxDailyLossPct.String() + " % of the account in a day"
	case trading.RuleOpenRisk:
		c.Expected = "at most " + risk.MaxOpenRiskPct.String() + " % of the account open at once"
	case trading.RuleDrawdownRoom:
		c.Expected = "above the drawdown floor"
	case trading.RuleCash:
		c.Expected = "paid in full, no borrowing"
	case trading.RuleStatedRisk:
		c.Expected = "the risk you named"
	default:
		return c
	}
	switch {
	case c.Passed == nil:
	case e.Numbers.SizeSaid && e.Numbers.Risk != nil && c.Rule != trading.RuleCash:
		c.Actual = trading.ShowMoney(*e.Numbers.Risk)
	case c.Missed():
		c.Actual = "too much"
	default:
		c.Actual = "within it"
	}
	return c
}
