package trading

import (
	"strings"

	"github.com/shopspring/decimal"
)

// merge writes what was said later over what was said before; false when that
// is nothing.
func (i *Idea) merge(said Idea) bool {
	changed := false
	set := func(to **decimal.Decimal, from *decimal.Decimal) {
		if from != nil {
			*to, changed = from, true
		}
	}
	if said.Side != "" && said.Side != i.Side {
		i.Side, i.SideDerived, changed = said.Side, false, true
	}
	if said.Symbol != "" && said.Symbol != i.Symbol {
		if i.Symbol != "" && !samePrices(i.Symbol, said.Symbol) {
			i.Entry, i.Stop, i.Targets, i.Pending = nil, nil, []Target{}, nil // levels of something else
		}
		i.Symbol, i.Contract, i.Instrument, i.Kind, changed = said.Symbol, said.Contract, said.Instrument, said.Kind, true
		if said.Instrument != nil {
			i.Kind = said.Instrument.Kind
		}
	}
	if said.Status == Open && i.Status == Planned {
		i.Status, changed = Open, true // "I'm in, filled at 6000.25"
	}
	set(&i.Quantity, said.Quantity)
	set(&i.Equity, said.Equity)
	if said.Equity != nil {
		i.Currency = said.Currency
	}
	if said.RiskPct != nil || said.RiskMoney != nil {
		i.RiskPct, i.RiskMoney, changed = said.RiskPct, said.RiskMoney, true
	}
	if said.PointValue != nil && i.Instrument != nil {
		inst := *i.Instrument
		inst.PointValue = *said.PointValue
		i.PointValue, i.Instrument, changed = said.PointValue, &inst, true
	}
	if said.Entry != nil {
		i.moveEntry(said.Entry)
		changed = true
	}
	if said.Later && !i.Later {
		i.Later, changed = true, true
	}
	changed = i.mergeExits(said) || changed
	changed = i.mergeStop(said) || changed
	changed = i.mergeTargets(said) || changed
	if changed {
		i.Questions = append([]Question(nil), said.Questions...)
		i.Notes = append([]string(nil), said.Notes...)
	}
	return changed || len(said.Questions) > 0
}

// samePrices says whether two symbols are quoted at one price: a future and
// its micro.
func samePrices(a, b string) bool {
	family := func(s string) string {
		switch s {
		case "M2K":
			return "RTY"
		case "MES", "MNQ", "MYM", "MCL", "MGC":
			return s[1:]
		case "SIL":
			return "SI"
		}
		return s
	}
	return family(a) == family(b)
}

// moveEntry keeps distances: a stop that was "6 points" stays 6 points.
func (i *Idea) moveEntry(entry *Price) {
	i.Entry = entry
	if i.Stop != nil && i.Stop.Derived {
		if d, ok := distanceFrom(FieldStop, i.Stop.Words); ok {
			i.Pending, i.Stop = append(i.Pending[:len(i.Pending):len(i.Pending)], d), nil
		}
	}
	kept := make([]Target, 0, len(i.Targets))
	for _, t := range i.Targets {
		if d, ok := distanceFrom(FieldTarget, t.Words); ok && t.Derived {
			d.Portion, d.Quantity, d.Rest = t.Portion, t.Quantity, t.Rest
			i.Pending = append(i.Pending[:len(i.Pending):len(i.Pending)], d)
			continue
		}
		kept = append(kept, t)
	}
	i.Targets = kept
}

// distanceFrom reads back the words that a derived price keeps.
func distanceFrom(f Field, words string) (Distance, bool) {
	number, unit, _ := strings.Cut(words, " ")
	size, ok := parseDigits(strings.TrimLeft(number, "+-"))
	switch unit {
	case "", "points", "ticks", "pips", "%", "R":
	default:
		ok = false // moved by so much: no distance from the entry
	}
	if !ok {
		return Distance{}, false
	}
	if unit == "" {
		unit = "points"
	}
	return Distance{Field: f, Size: size, Unit: unit, Words: words}, true
}

func (i *Idea) mergeStop(said Idea) bool {
	switch {
	case said.Stop != nil:
		if i.Stop != nil && i.Status == Open {
			prior := i.Stop.Value
			i.PriorStop = &prior
		} else if i.Status == Open {
			i.PriorStop = said.PriorStop
		}
		i.Stop = said.Stop
		i.undecline(FieldStop)
	case said.waits(FieldStop):
		i.Stop = nil
		i.Pending = replacePending(i.Pending, said.Pending, FieldStop)
		i.undecline(FieldStop)
	case said.HasDeclined(FieldStop):
		i.Stop = nil
		i.Declined = append(i.Declined[:len(i.Declined):len(i.Declined)], FieldStop)
	default:
		return false
	}
	return true
}

func (i *Idea) mergeTargets(said Idea) bool {
	switch {
	case len(said.Targets) > 0:
		i.Targets = said.Targets
		i.Pending = replacePending(i.Pending, nil, FieldTarget)
		i.undecline(FieldTarget)
	case said.waits(FieldTarget):
		i.Targets = nil
		i.Pending = replacePending(i.Pending, said.Pending, FieldTarget)
		i.undecline(FieldTarget)
	case said.HasDeclined(FieldTarget):
		i.Targets = nil
		i.Declined = append(i.Declined[:len(i.Declined):len(i.Declined)], FieldTarget)
	default:
		return false
	}
	return true
}

func (i *Idea) mergeExits(said Idea) bool {
	if len(said.Exits) == 0 {
		return false
	}
	i.Exits = append(append([]Fill(nil), i.Exits...), said.Exits...)
	i.settleExits()
	return true
}

func (i *Idea) undecline(f Field) {
	kept := make([]Field, 0, len(i.Declined))
	for _, d := range i.Declined {
		if d != f {
			kept = append(kept, d)
		}
	}
	i.Declined = kept
}

func replacePending(old, said []Distance, f Field) []Distance {
	var out []Distance
	for _, d := range old {
		if d.Field != f {
			out = append(out, d)
		}
	}
	for _, d := range said {
		if d.Field == f {
			out = append(out, d)
		}
	}
	return out
}
