package trading

import "github.com/shopspring/decimal"

// moneySize hears a size that is an amount of money, "$5000 of AAPL", "buy
// $10,000 TSLA", "$5k worth": how many that is depends on the price paid, and
// is asked for.
func (r *reader) moneySize(i int) bool {
	t, next := r.toks[i], r.tok(i+1)
	if t.lead != '$' && t.currency == "" || r.cur.Quantity != nil {
		return false
	}
	of := next.text == "worth" || next.text == "of" && r.tok(i+2).kind == tokSymbol
	bought := next.kind == tokSymbol && sideWords[r.tok(i-1).text] != ""
	if !of && !bought {
		return false
	}
	r.cur.ask(FieldQuantity, "How many units is "+t.value.String()+" in money? Give the size in shares, coins, lots or contracts.")
	return true
}

// baseUnits are what one lot of a pair holds; fewestUnits the least size that
// is read in units of the base currency, as nobody trades a thousand lots.
var (
	baseUnits   = decimal.New(100_000, 0)
	fewestUnits = decimal.New(1000, 0)
)

// settleUnits turns "50k EURUSD" into lots, rounded down to the step.
func (d *draft) settleUnits() {
	if d.Kind != KindFX || d.Instrument == nil || d.Quantity == nil || d.lots || d.Quantity.LessThan(fewestUnits) {
		return
	}
	units := *d.Quantity
	lots := floorStep(units, baseUnits, d.Instrument.SizeStep)
	d.Quantity = &lots
	d.Notes = append(d.Notes, units.String()+" of "+d.Symbol+" counted as "+d.Instrument.Units(lots))
}
