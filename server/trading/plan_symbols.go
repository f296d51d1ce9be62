package trading

import (
	"slices"
	"strings"
)

// maxSymbolBytes bounds what is looked up as a symbol: none is that long.
const maxSymbolBytes = 24

// strangeSymbol says why no idea is ever about a symbol that a plan names, or
// "" where one can be. A rule for "mes", "MESH7" or "BTC" would bound nothing:
// an idea has the symbols MES and BTCUSD, however it is written.
func strangeSymbol(symbol string) string {
	meant := symbolMeant(symbol)
	switch {
	case meant == symbol && symbol != "":
		return ""
	case meant != "":
		return "no idea is ever about " + shorten(symbol) + "; did you mean " + meant + "?"
	}
	return "there is no such instrument; write a symbol such as MES, EURUSD or AAPL"
}

// symbolMeant reads a symbol as the words of an idea are read, or else takes
// the nearest one of the table; "" where neither finds any.
func symbolMeant(symbol string) string {
	if len(symbol) > maxSymbolBytes {
		return ""
	}
	lower := strings.ToLower(symbol)
	if several := manyOf[lower]; several != "" {
		return several
	}
	if currencies[lower] {
		return "" // a share's ticker at best, and never what is meant
	}
	for _, before := range []string{"long 1 ", "long $"} { // $ marks tickers that are words too: $ON
		if read := ParseIdea(before + symbol + " at 100").Symbol; read != "" {
			return read
		}
	}
	return nearest(symbol, tableSymbols())
}

func tableSymbols() []string {
	symbols := make([]string, 0, len(table))
	for symbol := range table {
		symbols = append(symbols, symbol)
	}
	slices.Sort(symbols)
	return symbols
}
