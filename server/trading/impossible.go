package trading

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// findImpossible asks about prices that make no trade, instead of judging
// them: zero, the wrong side of the entry, a likely typo.
func (i *Idea) findImpossible() {
	if i.Entry != nil && i.Entry.Value.Sign() <= 0 {
		i.ask(FieldEntry, "An entry of "+i.Entry.Value.String()+" is not a price. What is the entry?")
	}
	if i.Stop != nil && i.Stop.Value.Sign() <= 0 {
		i.ask(FieldStop, "A stop of "+i.Stop.Value.String()+" is not a price. Where is the stop?")
	}
	for _, t := range i.Targets {
		if t.Value.Sign() <= 0 {
			i.ask(FieldTarget, "A target of "+t.Value.String()+" is not a price. Where is the target?")
		}
	}
	if i.Equity != nil && i.Equity.Sign() <= 0 {
		i.ask(FieldEquity, "An account of "+i.Equity.String()+" leaves nothing to risk. How large is the account?")
	}
	i.findOddSize()
	i.findUnitsAsLots()
	i.findLoneRest()
	if i.Entry == nil || i.Entry.Value.Sign() <= 0 || i.Side == "" || i.Status == Closed {
		return
	}
	if i.Stop != nil && i.Status == Planned {
		i.findWrongStop()
	}
	if i.Stop != nil && i.Status == Open && i.Stop.Value.Sub(i.Entry.Value).Mul(i.Side.toward()).Sign() >= 0 {
		return // a stop moved past the entry of an open trade locks a profit in
	}
	i.findWrongTarget()
}

func (i *Idea) findWrongStop() {
	entry, stop := i.Entry.Value, i.Stop.Value
	away := entry.Sub(stop).Mul(i.Side.toward())
	show := func(p decimal.Decimal) string { return ShowPrice(i.Instrument, p) }
	where := "below"
	if i.Side == Short {
		where = "above"
	}
	switch {
	case away.IsZero():
		i.ask(FieldStop, fmt.Sprintf("The stop %s is the entry itself, so there is nothing to measure. Where is the stop?", show(stop)))
	case away.Sign() < 0 && !i.farOff(stop):
		i.ask(FieldStop, fmt.Sprintf("The stop of a %s belongs %s the entry, and %s is on the wrong side of %s. Is it a %s, or is the stop another price?",
			i.Side, where, show(stop), show(entry), i.Side.Opposite()))
	case i.farOff(stop):
		i.ask(FieldStop, fmt.Sprintf("A stop at %s is %s %% away from the entry %s. Is that a typo, or a distance? Give the stop as a price.",
			show(stop), cut(away.Abs().Shift(2), entry).RoundFloor(0), show(entry)))
	}
}

// farOff says whether a price is too far from the entry to be believed: more
// than a tenth on an index or a pair, more than half elsewhere.
func (i *Idea) farOff(price decimal.Decimal) bool {
	if i.Confirmed || i.Entry.Value.Sign() <= 0 {
		return false
	}
	times := decimal.New(2, 0)
	if i.Instrument != nil && (i.Instrument.Group == GroupIndex || i.Instrument.Group == GroupPair || i.Instrument.Group == GroupRates) {
		times = decimal.New(10, 0)
	}
	return price.Sub(i.Entry.Value).Abs().Mul(times).GreaterThan(i.Entry.Value)
}

func (i *Idea) findWrongTarget() {
	for _, t := range i.Targets {
		gain := t.Value.Sub(i.Entry.Value).Mul(i.Side.toward())
		switch {
		case gain.Sign() <= 0:
			i.ask(FieldTarget, fmt.Sprintf("The target %s would not be a profit for a %s from %s. Which price is meant?",
				ShowPrice(i.Instrument, t.Value), i.Side, ShowPrice(i.Instrument, i.Entry.Value)))
		case i.Instrument != nil && i.Instrument.Group == GroupIndex && i.farOff(t.Value):
			i.ask(FieldTarget, fmt.Sprintf("A target at %s is more than a tenth away from %s. Is that a typo?",
				ShowPrice(i.Instrument, t.Value), ShowPrice(i.Instrument, i.Entry.Value)))
		}
	}
}

// findLoneRest asks what "the rest at 6012" is the rest of: with that part
// unread, the whole position would be counted at the last target.
func (i *Idea) findLoneRest() {
	if len(i.Targets) == 1 && i.Targets[0].Rest && len(i.Exits) == 0 && !i.waits(FieldTarget) {
		i.ask(FieldTarget, fmt.Sprintf("The rest is for %s. How much closes before, and where?", ShowPrice(i.Instrument, i.Targets[0].Value)))
	}
}

// findUnitsAsLots asks about lots that are more likely units of the currency.
func (i *Idea) findUnitsAsLots() {
	if i.Kind == KindFX && i.Quantity != nil && i.Quantity.GreaterThanOrEqual(fewestUnits) {
		i.ask(FieldQuantity, fmt.Sprintf("Are %s of %s lots, of %s each? Give the size in lots.", i.Quantity, i.Symbol, baseUnits))
	}
}

// findOddSize asks about half a contract. What it proposes is rounded down, as
// sizes are, so that a yes never risks more than was said; the smallest size
// stands in for none.
func (i *Idea) findOddSize() {
	if i.Quantity == nil || i.Instrument == nil || i.Instrument.SizeStep.Sign() <= 0 || i.Instrument.Kind == KindUnknown {
		return
	}
	if steps, rest := i.Quantity.QuoRem(i.Instrument.SizeStep, 0); !rest.IsZero() {
		whole := decimal.Max(steps, one).Mul(i.Instrument.SizeStep)
		i.ask(FieldQuantity, fmt.Sprintf("%s trades in steps of %s, so %s is not a size. Do you mean %s?",
			i.Symbol, i.Instrument.Units(i.Instrument.SizeStep), i.Quantity, i.Instrument.Units(whole)))
	}
}
