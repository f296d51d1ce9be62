package trading

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// ShowPrice writes a price as its instrument is quoted: 6000, 5992.50, 1.0850,
// 110'165 for a half of a 32nd. A nil instrument is written plainly.
func ShowPrice(i *Instrument, p decimal.Decimal) string {
	if i == nil {
		return p.String()
	}
	if i.ThirtySecs == Quoted32nds {
		return show32nds(p)
	}
	switch {
	case i.Kind == KindFX:
		return p.StringFixed(max(-i.Pip.Exponent(), min(-p.Exponent(), 8)))
	case p.IsInteger():
		return p.StringFixed(0)
	case i.Tick.Exponent() == -2 || i.Tick.Exponent() == -1:
		return p.StringFixed(max(-i.Tick.Exponent(), min(-p.Exponent(), 8)))
	}
	return p.String()
}

// show32nds writes 110.515625 as 110'165: points, 32nds, and a last digit of
// 2, 5 or 7 for a quarter, a half or three quarters of a 32nd.
func show32nds(p decimal.Decimal) string {
	points := p.Floor()
	quarters := p.Sub(points).Mul(decimal.New(128, 0))
	if !quarters.IsInteger() {
		return p.String()
	}
	q := quarters.IntPart()
	text := fmt.Sprintf("%s'%02d", points, q/4)
	if q%4 != 0 {
		text += [...]string{"", "2", "5", "7"}[q%4]
	}
	return text
}

// read32nds reads what stands behind the mark of 110'165: two digits of 32nds
// and perhaps 0, 2, 5, 7 or + for the part of one.
func read32nds(points decimal.Decimal, rest string) (decimal.Decimal, bool) {
	if len(rest) < 2 || len(rest) > 3 {
		return decimal.Zero, false
	}
	n := int64(rest[0]-'0')*10 + int64(rest[1]-'0')
	if rest[0] < '0' || rest[0] > '9' || rest[1] < '0' || rest[1] > '9' || n > 31 {
		return decimal.Zero, false
	}
	quarters := n * 4
	if len(rest) == 3 {
		switch rest[2] {
		case '0':
		case '2':
			quarters++
		case '5', '+':
			quarters += 2
		case '7':
			quarters += 3
		default:
			return decimal.Zero, false
		}
	}
	// 1/128 has seven decimal places: exact
	return points.Add(decimal.New(quarters, 0).Mul(decimal.New(78125, -7))), true
}
