package trading

import (
	"strings"

	"github.com/shopspring/decimal"
)

// A stray is a number that the words give no role. It is never guessed at: it
// is asked about, when something that is still missing could be it, and "yes"
// is then an answer (see [Continue]). Where nothing is missing that it could
// be, it stays what it was, a passing remark.

// guess is what a stray may be.
type guess struct {
	field Field
	value decimal.Decimal
}

// askStrays asks about the numbers that found no place.
func (d *draft) askStrays(left []decimal.Decimal) {
	if d.strayMoney != nil && d.Equity == nil && d.RiskMoney == nil && d.PointValue == nil && (d.Side != "" || d.Symbol != "") {
		d.suppose(FieldEquity, d.strayMoney.value, "You wrote "+ShowAmount(d.strayMoney.value)+" without saying what it is. Is it your account?")
	}
	if d.Entry == nil {
		d.askEntry()
		return
	}
	for _, v := range left {
		gain := v.Sub(d.Entry.Value).Mul(d.Side.toward())
		switch {
		case d.Side != "" && !near(v, d.Entry.Value) && v.GreaterThanOrEqual(decimal.New(1000, 0)) && d.Equity == nil && d.RiskMoney == nil && d.Quantity != nil:
			d.suppose(FieldEquity, v, "You wrote "+v.String()+" without saying what it is. Is it your account?")
		case d.Side == "" || !near(v, d.Entry.Value) || gain.IsZero():
		case gain.Sign() < 0 && d.Stop == nil && !d.HasDeclined(FieldStop) && !d.measures(FieldStop):
			d.suppose(FieldStop, v, "You wrote "+v.String()+" without saying what it is. Is it the stop?")
		case gain.Sign() > 0 && len(d.Targets) == 0 && !d.HasDeclined(FieldTarget) && !d.measures(FieldTarget):
			d.suppose(FieldTarget, v, "You wrote "+v.String()+" without saying what it is. Is it the target?")
		}
	}
}

// askEntry looks for the entry among the strays near a stop or a target.
func (d *draft) askEntry() {
	if d.Side == "" && d.Symbol == "" {
		return
	}
	var levels, found []decimal.Decimal
	if d.Stop != nil {
		levels = append(levels, d.Stop.Value)
	}
	for _, t := range d.Targets {
		levels = append(levels, t.Value)
	}
	for _, v := range d.strays {
		for _, level := range levels {
			if near(v, level) && !v.Equal(level) {
				found = append(found, v)
				break
			}
		}
	}
	switch len(found) {
	case 0:
	case 1:
		d.suppose(FieldEntry, found[0], "You wrote "+found[0].String()+" without saying what it is. Is it the entry?")
	default:
		all := make([]string, len(found))
		for n, v := range found {
			all[n] = v.String()
		}
		d.ask(FieldEntry, "You wrote "+strings.Join(all, ", ")+" without saying what they are. Which one is the entry?")
	}
}

func (d *draft) suppose(f Field, v decimal.Decimal, text string) {
	d.ask(f, text)
	d.guesses = append(d.guesses, guess{f, v})
}

// measures says whether a distance for the field was given.
func (d *draft) measures(f Field) bool {
	for _, x := range d.distances {
		if x.field == f {
			return true
		}
	}
	return false
}

// agree takes what was supposed as said; it says whether anything was.
func (i *Idea) agree() bool {
	for _, g := range i.guesses {
		v := g.value
		switch g.field {
		case FieldEquity:
			i.Equity = &v
		case FieldEntry:
			i.Entry = &Price{Value: v}
		case FieldStop:
			if i.Stop != nil {
				prior := i.Stop.Value
				i.PriorStop = &prior
			}
			i.Stop = &Price{Value: v}
		case FieldTarget:
			i.Targets = append(i.Targets[:len(i.Targets):len(i.Targets)], Target{Price: Price{Value: v}})
		}
	}
	agreed := len(i.guesses) > 0
	i.guesses = nil
	return agreed
}
