package trading

import (
	"github.com/shopspring/decimal"
)

// Kind is a class of instruments that share hours, units and caps.
type Kind string

// The kinds; KindUnknown is anything whose point value nobody has given yet.
const (
	KindFuture  Kind = "future"
	KindFX      Kind = "fx"
	KindCrypto  Kind = "crypto"
	KindStock   Kind = "stock"
	KindUnknown Kind = "unknown"
)

// Instrument is what the sums need to know about a thing that is traded.
type Instrument struct {
	Symbol string          `json:"symbol"`
	Kind   Kind            `json:"kind"`
	Venue  string          `json:"venue,omitempty"`
	Unit   string          `json:"unit"`  // contract, share, lot, coin
	Quote  string          `json:"quote"` // currency that a price move pays in
	Tick   decimal.Decimal `json:"tick"`  // smallest price step
	// PointValue is what one unit gains, in Quote, when the price rises by
	// 1.0; zero when it is not known and must be asked for.
	PointValue decimal.Decimal `json:"pointValue"`
	SizeStep   decimal.Decimal `json:"sizeStep"` // smallest size, and its step
	Pip        decimal.Decimal `json:"-"`        // FX only, else zero
	ThirtySecs Quoting         `json:"-"`
	Group      Group           `json:"-"`
}

// Quoting is how prices are written.
type Quoting int

// Decimal prices, or points and 32nds (110'16 is 110.5).
const (
	QuotedDecimal Quoting = iota
	Quoted32nds
)

// Group says which prices are plausible: a stop a tenth of the price away is a
// typo on an index, and an ordinary day on a coin.
type Group int

// The groups.
const (
	GroupOther Group = iota
	GroupIndex
	GroupRates
	GroupMetal
	GroupEnergy
	GroupPair
)

// TickValue is what one tick is worth for one unit, in Quote.
func (i Instrument) TickValue() decimal.Decimal { return i.Tick.Mul(i.PointValue) }

// Sized says whether a size can be computed: the point value is known.
func (i Instrument) Sized() bool { return i.PointValue.Sign() > 0 }

// Cash says whether the whole price must be paid (shares, spot coins): such a
// position is capped by the account, at 1×.
func (i Instrument) Cash() bool { return i.Kind == KindStock || i.Kind == KindCrypto }

// TickAt is the price step at a price; shares under a dollar trade in
// hundredths of a cent.
func (i Instrument) TickAt(price decimal.Decimal) decimal.Decimal {
	if i.Kind == KindStock && price.LessThan(decimal.New(1, 0)) {
		return decimal.New(1, -4)
	}
	return i.Tick
}

// Units writes a size with its unit: "8 contracts", "1 share".
func (i Instrument) Units(size decimal.Decimal) string {
	unit := i.Unit
	if unit == "" {
		unit = "unit"
	}
	if i.Kind == KindCrypto {
		return size.String() + " " + baseOf(i.Symbol)
	}
	if size.Equal(decimal.New(1, 0)) {
		return size.String() + " " + unit
	}
	return size.String() + " " + unit + "s"
}

func baseOf(symbol string) string {
	if len(symbol) > 3 {
		return symbol[:3]
	}
	return symbol
}

// Stock is a share with a plain ticker: a cent a tick, whole shares.
func Stock(ticker string) Instrument {
	return Instrument{
		Symbol: ticker, Kind: KindStock, Venue: "US stocks", Unit: "share", Quote: "USD",
		Tick: decimal.New(1, -2), PointValue: decimal.New(1, 0), SizeStep: decimal.New(1, 0),
	}
}

// Unlisted is something with a name but no known point value; it is not sized
// until the trader gives one.
func Unlisted(symbol string) Instrument {
	return Instrument{Symbol: symbol, Kind: KindUnknown, Unit: "unit", Quote: "USD", SizeStep: decimal.New(1, 0)}
}

// Lookup finds an instrument of the table by its exact symbol ("MES").
func Lookup(symbol string) (Instrument, bool) {
	i, ok := table[symbol]
	return i, ok
}

// table is read only; the sources are the venues' contract specifications.
var table = func() map[string]Instrument {
	m := map[string]Instrument{}
	for _, i := range append(futures(), spots()...) {
		m[i.Symbol] = i
	}
	return m
}()

func futures() []Instrument {
	return []Instrument{
		future("ES", GroupIndex, "CME", "0.25", "50"), future("MES", GroupIndex, "CME", "0.25", "5"),
		future("NQ", GroupIndex, "CME", "0.25", "20"), future("MNQ", GroupIndex, "CME", "0.25", "2"),
		future("YM", GroupIndex, "CBOT", "1", "5"), future("MYM", GroupIndex, "CBOT", "1", "0.5"),
		future("RTY", GroupIndex, "CME", "0.1", "50"), future("M2K", GroupIndex, "CME", "0.1", "5"),
		future("CL", GroupEnergy, "NYMEX", "0.01", "1000"), future("MCL", GroupEnergy, "NYMEX", "0.01", "100"),
		future("GC", GroupMetal, "COMEX", "0.1", "100"), future("MGC", GroupMetal, "COMEX", "0.1", "10"),
		future("SI", GroupMetal, "COMEX", "0.005", "5000"), future("SIL", GroupMetal, "COMEX", "0.005", "1000"),
		future("HG", GroupMetal, "COMEX", "0.0005", "25000"),
		in32nds(future("ZB", GroupRates, "CBOT", "0.03125", "1000")),
		in32nds(future("ZN", GroupRates, "CBOT", "0.015625", "1000")),
		future("6E", GroupPair, "CME", "0.00005", "125000"),
	}
}

func spots() []Instrument {
	return []Instrument{
		pair("EURUSD", "USD", 4), pair("GBPUSD", "USD", 4), pair("USDJPY", "JPY", 2),
		coin("BTCUSD"), coin("ETHUSD"),
	}
}

func future(symbol string, group Group, venue, tick, point string) Instrument {
	return Instrument{
		Symbol: symbol, Kind: KindFuture, Venue: venue, Unit: "contract", Quote: "USD", Group: group,
		Tick: decimal.RequireFromString(tick), PointValue: decimal.RequireFromString(point), SizeStep: decimal.New(1, 0),
	}
}

func in32nds(i Instrument) Instrument {
	i.ThirtySecs = Quoted32nds
	return i
}

// pair is a lot of 100 000 of the base currency; a tick is a tenth of a pip.
func pair(symbol, quote string, pipDigits int32) Instrument {
	return Instrument{
		Symbol: symbol, Kind: KindFX, Venue: "spot FX", Unit: "lot", Quote: quote, Group: GroupPair,
		Pip: decimal.New(1, -pipDigits), Tick: decimal.New(1, -pipDigits-1),
		PointValue: decimal.New(100_000, 0), SizeStep: decimal.New(1, -2),
	}
}

func coin(symbol string) Instrument {
	return Instrument{
		Symbol: symbol, Kind: KindCrypto, Venue: "spot", Unit: "coin", Quote: "USD",
		Tick: decimal.New(1, -2), PointValue: decimal.New(1, 0), SizeStep: decimal.New(1, -8),
	}
}
