package trading

import "strings"

// settleMicros names the small contract where the size was said in micros:
// "2 micros of ES" are 2 MES. The word may stand far from the symbol.
func (d *draft) settleMicros() {
	if !d.micros || d.Symbol == "" || isMicro(d.Symbol) {
		return
	}
	if symbol, ok := microOf[strings.ToLower(d.Symbol)]; ok {
		inst, _ := Lookup(symbol)
		if month, ok := strings.CutPrefix(d.Contract, d.Symbol); ok {
			d.Contract = symbol + month
		}
		d.Symbol, d.Instrument, d.Kind = symbol, &inst, inst.Kind
		return
	}
	if d.Kind == KindFuture || d.Instrument == nil {
		d.ask(FieldInstrument, "You size "+d.Symbol+" in micros, and I know no micro contract of it. Which contract do you trade?")
	}
}

// isMicro says whether a symbol is a micro contract already.
func isMicro(symbol string) bool {
	for _, micro := range microOf {
		if micro == symbol {
			return true
		}
	}
	return false
}
