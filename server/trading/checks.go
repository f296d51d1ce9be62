package trading

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// checklist gathers checks in the order they are told.
type checklist struct {
	plan Plan
	made []Check
}

func (l *checklist) pass(r Rule, expected, actual string) { l.add(r, true, expected, actual) }
func (l *checklist) miss(r Rule, expected, actual string) { l.add(r, false, expected, actual) }

// add adds a check that was made.
func (l *checklist) add(r Rule, passed bool, expected, actual string) {
	l.made = append(l.made, Check{r, l.plan.IsCritical(r), &passed, expected, actual})
}

// open adds a check that needs something not said yet.
func (l *checklist) open(r Rule, expected, actual string) {
	l.made = append(l.made, Check{r, l.plan.IsCritical(r), nil, expected, actual})
}

// checks holds the idea against every rule that applies to it.
func (d *desk) checks() []Check {
	l := &checklist{plan: d.plan, made: make([]Check, 0, 8)}
	d.checkRequired(l)
	d.checkReward(l)
	d.checkMoney(l)
	d.checkSize(l)
	d.checkEntry(l)
	d.checkDay(l)
	d.checkClock(l)
	return l.made
}

func (d *desk) checkRequired(l *checklist) {
	if d.plan.Entries.StopRequired {
		const expected = "a stop"
		switch {
		case d.idea.Stop != nil:
			l.pass(RuleStopRequired, expected, d.price(d.idea.Stop.Value))
		case d.idea.HasDeclined(FieldStop):
			l.miss(RuleStopRequired, expected, "none, by your own words")
		default:
			l.open(RuleStopRequired, expected, "not named yet")
		}
	}
	if d.plan.Entries.TargetRequired {
		const expected = "a target"
		switch {
		case len(d.idea.Targets) > 0:
			l.pass(RuleTargetRequired, expected, d.targetsText())
		case d.idea.HasDeclined(FieldTarget):
			l.miss(RuleTargetRequired, expected, "none, by your own words")
		default:
			l.open(RuleTargetRequired, expected, "not named yet")
		}
	}
}

// checkReward is left out where it cannot be made because a stop or a target
// was refused: that is counted already, or the plan does not mind.
func (d *desk) checkReward(l *checklist) {
	least := d.plan.Risk.MinRewardRisk
	if least.Sign() <= 0 || d.idea.HasDeclined(FieldStop) || d.idea.HasDeclined(FieldTarget) {
		return
	}
	expected := "at least " + ShowNumber(least) + " R"
	if d.rr == nil || len(d.rr.Legs) == 0 {
		l.open(RuleMinRewardRisk, expected, "needs entry, stop and target")
		return
	}
	l.add(RuleMinRewardRisk, d.rr.AtLeast(least), expected, d.rewardText())
}

func (d *desk) rewardText() string {
	if d.as == silent {
		return ""
	}
	if len(d.rr.Legs) == 1 {
		return fmt.Sprintf("%s R (%s points for %s)", ShowR(d.rr.Blended), d.rr.Legs[0].Points, d.rr.Risk)
	}
	each := make([]string, len(d.rr.Legs))
	for i, leg := range d.rr.Legs {
		each[i] = ShowR(leg.R)
	}
	return fmt.Sprintf("%s R at best, weighted over %s", ShowR(d.rr.Blended), strings.Join(each, " and "))
}

// checkSize holds the ceilings that are not about the stop.
func (d *desk) checkSize(l *checklist) {
	i := d.idea
	if ceiling, ok := d.plan.Risk.MaxSize[i.Symbol]; ok && i.Instrument != nil && d.size != nil {
		l.add(RuleMaxSize, d.size.LessThanOrEqual(ceiling), "at most "+i.Instrument.Units(ceiling), i.Instrument.Units(*d.size))
	}
	if i.Instrument == nil || !i.Instrument.Cash() || d.equity == nil || i.Entry == nil || d.size == nil {
		return
	}
	cost := d.size.Mul(i.Entry.Value)
	l.add(RuleCash, cost.LessThanOrEqual(*d.equity), "at most "+ShowAmount(*d.equity)+" (paid in full, no borrowing)", ShowMoney(cost))
}

func (d *desk) checkEntry(l *checklist) {
	allowed := d.plan.Entries.Instruments
	if len(allowed) > 0 {
		expected := "one of " + strings.Join(allowed, ", ")
		if d.idea.Symbol == "" {
			l.open(RuleInstruments, expected, "no instrument named")
		} else {
			l.add(RuleInstruments, slices.Contains(allowed, d.idea.Symbol), expected, d.idea.Symbol)
		}
	}
	if !d.plan.Entries.AveragingDown {
		d.checkAveraging(l)
	}
	if prior := d.idea.PriorStop; prior != nil && d.idea.Stop != nil && !d.plan.Entries.WideningStops {
		wider := d.idea.Stop.Value.Sub(*prior).Mul(d.idea.Side.toward()).Sign() < 0
		l.add(RuleWideningStops, !wider, "a stop that is never moved away from the entry",
			fmt.Sprintf("moved from %s to %s", d.price(*prior), d.price(d.idea.Stop.Value)))
	}
}

// checkAveraging looks for an open position of the same side and instrument
// that this entry would add to at a worse price for what is already held.
func (d *desk) checkAveraging(l *checklist) {
	if d.idea.Entry == nil || d.idea.Symbol == "" || !d.entering() {
		return
	}
	for _, p := range d.session.Open {
		if p.Symbol != d.idea.Symbol || p.Side != d.idea.Side {
			continue
		}
		losing := d.idea.Entry.Value.Sub(p.Entry).Mul(d.idea.Side.toward()).Sign() < 0
		l.add(RuleAveragingDown, !losing, "no adding to a losing position",
			fmt.Sprintf("already %s from %s, this entry is %s", p.Side, d.price(p.Entry), d.price(d.idea.Entry.Value)))
		return
	}
}

// needs names what the money checks wait for.
func (d *desk) needs() string {
	_, _, missing := d.inputs()
	words := make([]string, 0, len(missing))
	for _, f := range missing {
		if f != FieldTarget {
			words = append(words, f.words())
		}
	}
	if len(words) == 0 {
		return "more"
	}
	return strings.Join(words, ", ")
}

// words is how a field is named to a person.
func (f Field) words() string {
	switch f {
	case FieldPointValue:
		return "the value of a point"
	case FieldEquity:
		return "the size of your account"
	case FieldRate:
		return "the exchange rate to USD"
	case FieldInstrument:
		return "the instrument"
	case FieldSide:
		return "long or short"
	}
	return "the " + string(f)
}

func (d *desk) price(p decimal.Decimal) string {
	if d.as == silent {
		return ""
	}
	return ShowPrice(d.idea.Instrument, p)
}

func (d *desk) targetsText() string {
	all := make([]string, len(d.idea.Targets))
	for i, t := range d.idea.Targets {
		all[i] = d.price(t.Value)
	}
	return strings.Join(all, ", ")
}
